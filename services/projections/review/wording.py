"""The words for people: refusals, hints and values in plain sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from policies.catalogue import Policies
from schemas.vocabulary import parse_instant
from services.projections.review.times import instant

REFUSALS: Final = {
    "case-unknown": "we have never seen this case opened",
    "case-closed": "the case is closed",
    "already-escalated": "another escalation of it is requested, running or watched",
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


ONLY_ONCE: Final = "it was escalated before, and that is possible only once"
EXPIRED: Final = "text no longer kept"


def because(codes: Iterable[str], once_only: bool = False) -> str:
    """Every reason of a refusal in one phrase. ``once_only``: the policy allows one escalation a
    case, for ever."""
    said = dict(REFUSALS) | ({"already-escalated": ONLY_ONCE} if once_only else {})
    return "; ".join(said.get(code, words(code)) for code in codes)


def is_once_only(policies: Policies, decision: Mapping[str, Any]) -> bool:
    """Whether a decision on a request was made under a policy that allows one escalation a case."""
    ref = decision.get("receipt", {}).get("policy")
    policy = None if ref is None else policies.find(ref["name"], ref["version"])
    return policy is not None and policy.once_only


def words(code: str | None) -> str:
    """A code as people say it."""
    return (code or "").replace("-", " ")


def shown(value: Any, zone: tzinfo = UTC) -> str:
    """A value of a receipt for people: lists joined, instants without their fractions."""
    if isinstance(value, list):
        return ", ".join(shown(one, zone) for one in value)
    if value is None:
        return ""
    if isinstance(value, str) and (at := _instant(value)) is not None:
        return instant(at, zone)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _instant(value: str) -> datetime | None:
    try:
        return parse_instant(value)
    except ValueError:
        return None
