"""The words for people: refusals, rules, duties and events in plain sentences."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

REFUSALS: Final = {
    "case-unknown": "we have never seen this case opened",
    "case-closed": "the case is closed",
    "already-escalated": "the case was escalated before, and that is possible only once",
    "tier-not-covered": "the customer's tier has no escalation window",
    "too-early": "it is too early after the case was opened",
    "reason-missing": "no reason was chosen",
    "reason-not-offered": "the reason is not one of those offered",
    "comments-missing": "the comments are empty",
    "subject-missing": "the subject is empty",
    "description-missing": "the description is empty",
    "case-number-missing": "no case number was given",
    "business-impact-missing": "no business impact was chosen",
    "case-number-unknown": "the case number names another case",
    "role-missing": "the person does not have the role for it",
    "template-unknown": "the template is not known",
    "escalation-severity-missing": "no escalation severity was chosen",
    "time-in-future": "its time lies in the future",
    "not-escalated": "there is no escalation that allows it",
    "already-acknowledged": "somebody has acknowledged it already",
    "level-not-next": "levels are raised one at a time",
    "plan-invalid": "the plan needs a frequency and somebody attending",
    "action-plan-not-acceptable": "the action plan is not confirmed as acceptable",
    "troubleshooting-not-on-track": "troubleshooting is not confirmed to be on track",
    "agreement-not-documented": "the customer's agreement is not documented",
    "cause-not-resolved": "the cause is not resolved",
    "self-approval": "nobody approves a request of their own",
    "unrelated-account": "the case belongs to another account",
}

MARKS: Final = {"met": "yes", "not-met": "NO", "not-applicable": "not asked"}
SUGGESTIONS: Final = {
    "ask-for-higher-severity": "asking for a higher severity in a comment may serve better",
    "add-a-reason": "adding the reason in a comment speeds it up",
    "did-you-mean-escalation-request": "did you mean “escalation request”?",
    "complete-the-checklist": "problem, impact, workaround and milestone date are worth a check",
    "phone-or-email-is-faster": "a call or a mail to the assigned engineer is faster",
}


def because(codes: list[str]) -> str:
    """Every reason of a refusal in one phrase."""
    return "; ".join(REFUSALS.get(code, code) for code in codes)


def span(length: timedelta) -> str:
    """A length of time in at most two units: 1d 4h, 3h 05m, 12m."""
    minutes = int(abs(length.total_seconds()) // 60)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m"


def due(duty: str | None, at: datetime | None, now: datetime) -> str:
    """What is owed next, with a word for how it stands: colour is never alone."""
    if duty is None or at is None:
        return "nothing is owed"
    word = "due in" if at >= now else "OVERDUE by"
    return f"{duty.replace('-', ' ')} {word} {span(at - now)}"


def instant(at: datetime | None) -> str:
    return "" if at is None else f"{at:%a %d %b %H:%M} UTC"


def shown(value: Any) -> str:
    """A value of a receipt for people: lists joined, instants without their fractions."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if value is None:
        return ""
    if _is_instant(value):
        return instant(datetime.fromisoformat(value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _is_instant(value: Any) -> bool:
    return isinstance(value, str) and value.endswith("Z") and value[4:5] == "-"
