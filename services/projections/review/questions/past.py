"""The board as it stood at a past moment: the views' own folds over what was known then.

Kept is what has its time at or before the moment and came from records stamped at or before it,
so the same moment gives the same rows whenever it is asked. Pure: rows of ``review.case_events``
go in, rows as of ``review.escalation_status`` and ``review.cases`` come out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from policies.catalogue import Policies
from schemas import decided, reported
from schemas.envelope import Envelope
from schemas.lifecycle import OPEN
from services.projections.read_models.case_facts import CaseRow
from services.projections.read_models.case_facts import project as project_case
from services.projections.read_models.escalation_status import EscalationRow, project
from services.projections.read_models.requests import RightsRow, project_rights
from services.projections.review.questions.queries import Row

CASE_FACTS: Final = (
    "opened", "severity-changed", "assigned", "contact-changed", "case-updated", "closed",
    "reopened",
)  # fmt: skip
"""Reported events that a row of ``review.cases`` is folded from."""
_BEGINS: Final = ("accepted", "approval-requested")


def open_rows(decisions: Iterable[Row], moment: datetime) -> list[Row]:
    """The open escalations after these decisions, as rows of ``review.escalation_status``."""
    return [row for row in all_rows(decisions, moment) if row["status"] in OPEN]


def all_rows(decisions: Iterable[Row], moment: datetime) -> list[Row]:
    """The same with those that ended, each in its place by the first decision about it."""
    rows: dict[str, EscalationRow] = {}
    for record in decisions:
        event = _decided(record)
        id_ = None if event is None else event.data.escalation_id
        if event is None or id_ is None or (id_ not in rows and record["name"] not in _BEGINS):
            continue
        rows[id_] = project(rows.get(id_) or EscalationRow(id_, event.subject), event)
    return [_as_view(row, moment) for row in rows.values()]


def right_is_spent(decisions: Iterable[Row]) -> bool:
    """Whether these decisions about one case leave its right to escalate spent."""
    row = RightsRow("")
    for record in decisions:
        if (event := _decided(record)) is not None:
            row = project_rights(row, event.data)
    return row.rights_spent > 0


def _as_view(row: EscalationRow, moment: datetime) -> Row:
    found = asdict(row)
    del found["duties"], found["missed"]
    kind, slash, _ = found.pop("subject").partition("/")
    late = row.next_due_at is not None and row.next_due_at < moment
    return found | {
        "case_id": None if slash else kind,
        "owner": found.pop("owner_id"),
        "case_ids": list(row.case_ids),
        "overdue": late or found.get("missed_since") is not None,
    }


def _decided(record: Row) -> Envelope[Any] | None:
    model = decided.BY_TYPE.get(record["type"])
    return None if model is None else _event(record, model)


def case_rows(facts: Iterable[Row], policies: Policies) -> dict[str, Row]:
    """The cases after these facts, as rows of ``review.cases``; what aged out is left out."""
    rows: dict[str, CaseRow] = {}
    for record in facts:
        model = reported.BY_TYPE.get(record["type"])
        event = None if model is None else _event(record, model)
        if event is not None:
            row = rows.get(record["subject"]) or CaseRow(record["subject"])
            at = record["recorded_at"]
            rows[record["subject"]] = project_case(row, event, at, policies)
    return {subject: asdict(row) for subject, row in rows.items()}


def _event(record: Row, model: type[Any]) -> Envelope[Any] | None:
    data = data_of(record)
    try:
        fact = model.model_validate(data) if data is not None else None
    except ValidationError:  # only part of it is kept
        fact = None
    if fact is None:
        return None
    return Envelope(
        record["event_id"], record["source"], record["type"], record["subject"],
        record["occurred_at"], fact,
    )  # fmt: skip


def data_of(record: Row) -> dict[str, Any] | None:
    """What an event says; None once it is no longer kept."""
    data = record["data"]
    found: dict[str, Any] | None = json.loads(data) if isinstance(data, str) else data
    return found


def turn(last_word: Row) -> str | None:
    """Whose turn it is after the last public word on a case; None where that is not known."""
    if last_word["name"] == "information-requested":
        return "customer"
    if last_word["name"] == "opened":
        return "agent"
    said = data_of(last_word)
    if said is None:
        return None
    return "agent" if said.get("author_role") == "customer" else "customer"


def names(facts: Iterable[Row]) -> dict[str, str]:
    """The names of people as these events tell them, the last of each."""
    found: dict[str, str] = {}
    for record in facts:
        for value in (data_of(record) or {}).values():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict) and isinstance(one.get("id"), str) and one.get("name"):
                    found[one["id"]] = str(one["name"])
    return found
