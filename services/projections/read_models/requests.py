"""Read models ``rights`` and ``rejections``: may this be asked again, and why was it refused?

Folded from decisions alone. ``subject`` is a case id, or ``account/`` or ``request/`` and an id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas import decided
from schemas.codec import Decided
from schemas.decided import Decision
from schemas.lifecycle import STATUS_AFTER
from schemas.vocabulary import Status
from services.escalation.core.case import changed


@dataclass(frozen=True)
class RightsRow:
    """Whether a subject's right is spent, and how its latest escalation stands."""

    subject: str
    rights_spent: int = 0
    status: Status = "ended"


def project_rights(row: RightsRow, decision: Decision) -> RightsRow:
    """Return the row as it reads after a decision about this subject."""
    row = changed(row, status=STATUS_AFTER.get(type(decision), row.status))
    match decision:
        case decided.Accepted():
            return changed(row, rights_spent=row.rights_spent + 1)
        case decided.Voided(restores_right=restores):
            return changed(row, rights_spent=row.rights_spent - restores)
        case _:
            return row


@dataclass(frozen=True)
class RejectionRow:
    """A rejected request. ``severity`` and ``tier`` are those that it was judged by."""

    subject: str
    request_id: str
    team: str | None
    requested_at: datetime
    codes: list[str]
    eligible_at: datetime | None
    policy: str
    policy_version: int
    account_id: str | None
    severity: str | None
    tier: str | None


def rejection(event: Decided, rejected: decided.Rejected) -> RejectionRow:
    """The row of a rejected request."""
    receipt = rejected.receipt
    return RejectionRow(
        subject=event.subject,
        request_id=rejected.request_id or "",
        team=rejected.team,
        requested_at=receipt.at,
        codes=[refusal.code for refusal in rejected.refusals],
        eligible_at=rejected.eligible_at,
        policy=receipt.policy.name,
        policy_version=receipt.policy.version,
        account_id=rejected.account_id,
        severity=_code(receipt.facts.get("severity")),
        tier=_code(receipt.facts.get("tier")),
    )


def _code(fact: object) -> str | None:
    """A code as it is; what stands for reported text that is none (``#`` and a digest) is null."""
    return fact if isinstance(fact, str) and not fact.startswith("#") else None
