"""Whether a case may be escalated, from when, and which policy says so. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from policies.catalogue import Policies
from policies.model import Policy
from schemas.codes import in_words
from services.escalation.core.case import Case
from services.escalation.core.rules import eligible_at
from services.projections.review.queries import OPEN, Row
from services.projections.review.times import instant, span


@dataclass(frozen=True)
class Asked:
    """One case as of a moment: its row, None where nothing is known, and its escalations."""

    subject: str
    now: datetime
    case: Row | None
    escalations: list[Row]
    right_is_spent: bool


def answer(asked: Asked, policies: Policies) -> dict[str, Any]:
    """What a form that offers escalation needs to know, and why not."""
    case = asked.case or {}
    policy = policies.judging(case.get("program"), asked.now)
    at = _at(case, policy, policies)
    standing = _standing(asked, policy)
    known = _known(case, policies)
    is_open = standing == "open"
    return {
        "case_id": asked.subject,
        "eligible_at": at if is_open else None,
        "eligible": is_open and at is not None and at <= asked.now,
        "standing": standing,
        "escalation_status": asked.escalations[-1]["status"] if asked.escalations else None,
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


def _standing(asked: Asked, policy: Policy) -> str:
    """What the next request would meet first: account, unknown, closed, escalated, once or open."""
    if asked.subject.startswith("account/"):
        return "account"
    case = asked.case or {}
    if case.get("opened_at") is None:
        return "unknown"
    if case["closed"]:
        return "closed"
    if any(row["status"] in OPEN for row in asked.escalations):
        return "escalated"
    return "once" if policy.once_only and asked.right_is_spent else "open"


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


def sentences(answer: dict[str, Any], now: datetime, zone: tzinfo) -> Iterable[str]:
    """The same for people; a warning where the case may have been misspelt."""
    yield f"{answer['case_id']} {_verdict(answer, now, zone)}"
    if answer["standing"] not in ("account", "unknown"):
        yield f"The policy {answer['policy']}, version {answer['policy_version']}, says so."
    if answer["program_known"] is False:
        yield (
            "Warning: the case names a program that is no policy, so the default policy judges "
            "it. Is the program spelt as escalation policy list has it?"
        )
    if answer["tier_known"] is False:
        yield (
            "Warning: no policy names the customer's tier. Is it spelt as the policies have it "
            "(small letters)?"
        )


def _verdict(answer: dict[str, Any], now: datetime, zone: tzinfo) -> str:
    at, status = answer["eligible_at"], in_words(answer["escalation_status"])
    match answer["standing"]:
        case "unknown":
            return "cannot be escalated: it was never opened, as far as we know."
        case "closed":
            return "cannot be escalated: it is closed, and would have to be reopened first."
        case "escalated":
            return f"cannot be escalated again now: it has an escalation, which is {status}."
        case "once":
            return f"cannot be escalated again: it was once ({status}), and once is the limit."
        case "account" if answer["escalation_status"] in OPEN:
            return f"cannot be escalated again now: it has an escalation, which is {status}."
        case "account":
            return "has no escalation; one may be requested at any time."
    if at is None:
        return "cannot be escalated: the customer's tier has no waiting time, so it is not covered."
    if answer["eligible"]:
        return f"may be escalated: since {instant(at, zone)}."
    return f"may be escalated from {instant(at, zone)}, in {span(at - now)}."
