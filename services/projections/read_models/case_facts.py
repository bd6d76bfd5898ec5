"""Read model ``cases``: what the case topic says about a case, one row each.

Folded by the decider's own core, so that both always agree; with the words (title, tier) that
the decider does not keep. Answers, with ``rights``: from when may this case be escalated?
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas import reported
from schemas.codec import Reported
from services.escalation.core.case import Case, changed, fold
from services.escalation.core.policies import Policies
from services.escalation.core.policy import Policy
from services.escalation.core.rules import eligible_at


@dataclass(frozen=True, slots=True)
class CaseRow:
    """The row, in the order of the table's columns."""

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
    eligible_at: datetime | None = None
    once_only: bool = False
    recorded_at: datetime | None = None


def project(row: CaseRow, event: Reported, recorded_at: datetime, policies: Policies) -> CaseRow:
    """Return the row as it reads after a reported event."""
    case = fold(_case(row), event, policies)
    title, tier = row.title, row.tier
    if isinstance(event.data, reported.Opened):
        title = title or event.data.title
        tier = event.data.tier if tier is None else tier
    policy = policies.judging(case.program, recorded_at)
    return CaseRow(
        case_id=row.case_id,
        account_id=case.account_id,
        title=title,
        severity=case.severity,
        tier=tier,
        program=case.program,
        team=case.team,
        opened_at=case.opened_at,
        closed=case.closed,
        agent_id=case.agent_id,
        manager_id=case.manager_id,
        eligible_at=_eligible_at(changed(case, tier=_key(tier, policies)), policy),
        once_only=policy.once_only,
        recorded_at=recorded_at,
    )


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


def _key(tier: str | None, policies: Policies) -> str | None:
    return None if tier is None else policies.as_code(tier)


def _eligible_at(case: Case, policy: Policy) -> datetime | None:
    """No window in the policy: from the opening on; tier not covered: never."""
    return eligible_at(case, policy) if policy.windows else case.opened_at
