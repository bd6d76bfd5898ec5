"""Decisions to tell people of: a test names only what matters to it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas import decided
from schemas.codec import Decided
from schemas.decided import Decision
from schemas.envelope import Envelope
from services.notifier.directory.address_file import load_addresses
from services.notifier.directory.support import Directory
from tests.spec import POLICIES

DIRECTORY = Directory(load_addresses(None), POLICIES)
NOON = datetime(2030, 1, 7, 12, tzinfo=UTC)  # a Monday
CASE = "case-1"
_ids = itertools.count(1)


def decision(
    kind: type[Decision], at: datetime = NOON, *, subject: str = CASE, **data: Any
) -> Decided:
    """A decided event around a decision."""
    return Envelope(
        id=f"decision-{next(_ids)}",
        source="/escalation/decider",
        type=decided.type_of(kind),
        subject=subject,
        time=at,
        data=kind.model_validate({"case_id": subject} | data),
    )


def receipt(policy: str = "time-gated", at: datetime = NOON) -> dict[str, Any]:
    ref = {"name": policy, "version": 1}
    return {"policy": ref, "at": at, "facts": {}, "rules": [], "eligible_at": None}


def accepted(at: datetime = NOON, *, policy: str = "time-gated", **but: Any) -> Decided:
    data: dict[str, Any] = {
        "escalation_id": "escalation-1",
        "request_id": "request-1",
        "account_id": "account-1",
        "team": None,
        "reason": "management-request",
        "tier": "gold",
        "channel": "form",
        "severity": "S1",
        "escalation_severity": None,
        "colour": None,
        "policy": {"name": policy, "version": 1},
        "requested_at": at,
        "contact_id": "customer",
        "owner_id": "manager",
        "level": "support",
        "duties": [
            {"duty": "first-contact", "due_at": at + timedelta(hours=24), "clock": "elapsed"}
        ],
        "suggestions": [],
        "receipt": receipt(policy, at),
    }
    return decision(decided.Accepted, at, **(data | but))


def rejected(*codes: str, at: datetime = NOON, **but: Any) -> Decided:
    data: dict[str, Any] = {
        "request_id": "request-1",
        "account_id": "account-1",
        "team": None,
        "refusals": [{"code": code, "detail": "", "statement": "000-18"} for code in codes],
        "eligible_at": None,
        "suggestions": [],
        "receipt": receipt(at=at),
    }
    return decision(decided.Rejected, at, **(data | but))


def awaiting(at: datetime = NOON, **but: Any) -> Decided:
    data: dict[str, Any] = {
        "escalation_id": "escalation-1",
        "request_id": "request-1",
        "account_id": "account-1",
        "team": None,
        "approvers": ["escalation-manager"],
        "due_at": at + timedelta(hours=24),
        "receipt": receipt("templated", at),
    }
    return decision(decided.ApprovalRequested, at, **(data | but))


def hint(at: datetime = NOON, **but: Any) -> Decided:
    data: dict[str, Any] = {
        "suggestions": ["did-you-mean-escalation-request"],
        "comment_id": "comment-1",
    }
    return decision(decided.SuggestionMade, at, **(data | but))


def missed(at: datetime = NOON, **but: Any) -> Decided:
    data: dict[str, Any] = {
        "escalation_id": "escalation-1",
        "duty": "first-contact",
        "due_at": at,
        "level": "support",
    }
    return decision(decided.DeadlineMissed, at, **(data | but))


def raised(to: str = "team-manager", at: datetime = NOON, **but: Any) -> Decided:
    data: dict[str, Any] = {"escalation_id": "escalation-1", "to": to, "by_id": "manager"}
    return decision(decided.LevelRaised, at, **(data | but))
