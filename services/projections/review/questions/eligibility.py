"""Whether a case may be escalated, from when, and which policy says so. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from policies.catalogue import Policies
from policies.model import Policy
from schemas.lifecycle import OPEN
from schemas.subject import subject_of
from services.escalation.core.case import Case
from services.escalation.core.rules import eligible_at
from services.projections.review.questions.queries import Row


@dataclass(frozen=True)
class CaseFacts:
    """One case as of a moment: its row, None where nothing is known, and its escalations."""

    subject: str
    now: datetime
    case: Row | None
    escalations: list[Row]
    right_is_spent: bool


def answer(facts: CaseFacts, policies: Policies) -> dict[str, Any]:
    """What a form that offers escalation needs to know, and why not."""
    case = facts.case or {}
    policy = policies.judging(case.get("program"), facts.now)
    at = _at(case, policy, policies)
    standing = _standing(facts, policy)
    known = _known(case, policies)
    is_open = standing == "open"
    return {
        "case_id": facts.subject,
        "eligible_at": at if is_open else None,
        "eligible": is_open and at is not None and at <= facts.now,
        "standing": standing,
        "escalation_status": facts.escalations[-1]["status"] if facts.escalations else None,
        "policy": policy.policy,
        "policy_version": policy.version,
        "severity": case.get("severity"),
        "tier": case.get("tier"),
        **known,
    }


def _at(case: Row, policy: Policy, policies: Policies) -> datetime | None:
    opened_at: datetime | None = case.get("opened_at")
    if not policy.windows or opened_at is None:
        return opened_at
    tier = case["tier"]
    as_code = None if tier is None else policies.as_code(tier)
    return eligible_at(Case(opened_at=opened_at, severity=case["severity"], tier=as_code), policy)


def _standing(facts: CaseFacts, policy: Policy) -> str:
    """What the next request would meet first: account, unknown, closed, escalated, once or open."""
    if subject_of(facts.subject).account_id is not None:
        return "account"
    case = facts.case or {}
    if case.get("opened_at") is None:
        return "unknown"
    if case["closed"]:
        return "closed"
    if any(row["status"] in OPEN for row in facts.escalations):
        return "escalated"
    return "once" if policy.once_only and facts.right_is_spent else "open"


def _known(case: Row, policies: Policies) -> dict[str, bool | None]:
    """Whether the case's program is a policy and its tier one that policies name; None: it names
    none."""
    program, tier = case.get("program"), case.get("tier")
    return {
        "program_known": None
        if program is None
        else policies.as_code(program) in policies.versions,
        "tier_known": None if tier is None else policies.knows_tier(tier),
    }
