"""What a batch changes in the read models: rows in, events, rows out. Only ``loaded`` asks
Postgres."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from policies.catalogue import Policies
from schemas import reported
from schemas.decided import Rejected
from schemas.subject import subject_of
from services.projections.projector.reading import Read
from services.projections.projector.tables import CASES, ESCALATIONS, RIGHTS
from services.projections.read_models import case_facts, escalation_status
from services.projections.read_models.case_facts import CaseRow
from services.projections.read_models.escalation_status import EscalationRow
from services.projections.read_models.people import PersonRow, named
from services.projections.read_models.requests import (
    RejectionRow,
    RightsRow,
    project_rights,
    rejection,
)

CHANGES_THE_CASE: Final = (
    reported.Opened,
    reported.SeverityChanged,
    reported.Assigned,
    reported.ContactChanged,
    reported.Closed,
    reported.Reopened,
)
_BEGINS: Final = ("accepted", "approval-requested")


@dataclass
class Rows:
    """What a batch changes, by the keys of the tables."""

    cases: dict[str, CaseRow] = field(default_factory=dict)
    escalations: dict[str, EscalationRow] = field(default_factory=dict)
    rights: dict[str, RightsRow] = field(default_factory=dict)
    people: dict[str, PersonRow] = field(default_factory=dict)
    rejections: dict[tuple[str, str], RejectionRow] = field(default_factory=dict)


async def loaded(connection: Any, found: Iterable[Read], decides: str) -> Rows:
    """The rows that these events are about, as they stand."""
    cases: set[str] = set()
    decided: set[str] = set()
    escalations: set[str] = set()
    for one in found:
        if one.topic == decides:
            decided.add(one.event.subject)
            if (id_ := one.event.data.escalation_id) is not None:
                escalations.add(id_)
        elif isinstance(one.event.data, CHANGES_THE_CASE):
            cases.add(one.event.subject)
    return Rows(
        await CASES.load(connection, cases),
        await ESCALATIONS.load(connection, escalations),
        await RIGHTS.load(connection, decided),
    )


def project(rows: Rows, one: Read, policies: Policies, is_decision: bool) -> None:
    """Change the rows as this event says."""
    if is_decision:
        _decided(rows, one)
    else:
        _reported(rows, one, policies)


def _reported(rows: Rows, one: Read, policies: Policies) -> None:
    event, subject = one.event, one.event.subject
    for person in named(event, one.recorded_at):
        rows.people[person.person_id] = person
    if isinstance(event.data, CHANGES_THE_CASE) and subject_of(subject).kind == "case":
        row = rows.cases.get(subject) or CaseRow(subject)
        rows.cases[subject] = case_facts.project(row, event, one.recorded_at, policies)


def _decided(rows: Rows, one: Read) -> None:
    event, decision = one.event, one.event.data
    if isinstance(decision, Rejected):
        row = rejection(event, decision)
        rows.rejections.setdefault((row.subject, row.request_id), row)
        return
    right = rows.rights.get(event.subject) or RightsRow(event.subject)
    after = project_rights(right, decision)
    if after is not right:
        rows.rights[event.subject] = after
    id_ = decision.escalation_id
    if id_ is None or (id_ not in rows.escalations and decision.name not in _BEGINS):
        return
    before = rows.escalations.get(id_) or EscalationRow(id_, event.subject)
    rows.escalations[id_] = escalation_status.project(before, event)
