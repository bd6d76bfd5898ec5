"""Read model ``cases``: what the case topic says about a case, one row each.

Folded by the decider's own core, so that both always agree; with the words (title, tier) that
the decider does not keep. With ``rights`` and the policies in force it answers: from when may this
case be escalated?
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from policies.catalogue import Policies
from schemas import reported
from schemas.codec import Reported
from services.escalation.core.case import Case, fold


@dataclass(frozen=True, slots=True)
class CaseRow:
    """The row; its fields are the table's columns. ``title_at`` is when Kafka recorded the event
    that gave the title, which expires counted from there."""

    case_id: str
    account_id: str | None = None
    title: str | None = None
    severity: str | None = None
    tier: str | None = None
    program: str | None = None
    team: str | None = None
    opened_at: datetime | None = None
    closed: bool = False
    agent_id: str | None = None
    manager_id: str | None = None
    recorded_at: datetime | None = None
    title_at: datetime | None = None


def project(row: CaseRow, event: Reported, recorded_at: datetime, policies: Policies) -> CaseRow:
    """Return the row as it reads after a reported event."""
    case = fold(_case(row), event, policies)
    words = _words(row, event, recorded_at)
    return CaseRow(
        case_id=row.case_id,
        account_id=case.account_id,
        title=words.title,
        severity=case.severity,
        tier=words.tier,
        program=case.program,
        team=case.team,
        opened_at=case.opened_at,
        closed=case.closed,
        agent_id=case.agent_id,
        manager_id=case.manager_id,
        recorded_at=recorded_at,
        title_at=words.title_at,
    )


class _Words(NamedTuple):
    title: str | None
    title_at: datetime | None
    tier: str | None


def _words(row: CaseRow, event: Reported, recorded_at: datetime) -> _Words:
    """What the case is called, and its tier as it was reported."""
    found = _Words(row.title, row.title_at, row.tier)
    if isinstance(event.data, reported.Opened):
        if found.title is None and event.data.title is not None:
            found = found._replace(title=event.data.title, title_at=recorded_at)
        if found.tier is None:
            found = found._replace(tier=event.data.tier)
    return found


def _case(row: CaseRow) -> Case:
    return Case(
        opened_at=row.opened_at,
        account_id=row.account_id,
        severity=row.severity,  # type: ignore[arg-type]  # the column holds nothing else
        tier=row.tier,
        program=row.program,
        team=row.team,
        agent_id=row.agent_id,
        manager_id=row.manager_id,
        closed=row.closed,
    )
