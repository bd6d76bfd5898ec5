"""The answer about a case's eligibility in sentences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from schemas.codes import in_words
from schemas.lifecycle import OPEN
from services.projections.review.times import instant, span


def sentences(answer: dict[str, Any], now: datetime, zone: tzinfo) -> Iterable[str]:
    """The same for people; a warning where the case may have been misspelt."""
    yield f"{answer['case_id']} {_verdict(answer, now, zone)}"
    if answer["standing"] not in ("account", "unknown"):
        yield f"The policy {answer['policy']}, version {answer['policy_version']}, says so."
    if answer["program_known"] is False:
        yield (
            "Warning: the case names a program that is not a policy, so the default policy judges "
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
