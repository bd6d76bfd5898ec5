"""What a policy may demand of a request.

A rule is one function, named for what it demands. It answers met, not met or not applicable,
with what was expected and what was found: codes, numbers, instants and booleans, never words
that somebody wrote. Every rule of the policy is asked, in the order of ``RULES``, so that a
requester learns all reasons at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from schemas.decided import Outcome, Refusal, RuleOutcome
from schemas.reported import EscalationRequested
from schemas.vocabulary import instant_text, is_blank
from services.escalation.core.case import Case
from services.escalation.core.policy import Policy

AHEAD: Final = timedelta(minutes=5)
"""How far a request's time may lie after the record's timestamp: clocks differ."""


@dataclass(frozen=True, slots=True)
class Question:
    """Everything a rule may look at. ``asked_at`` is the request's own time."""

    request: EscalationRequested
    asked_at: datetime
    recorded_at: datetime
    case: Case
    policy: Policy

    @property
    def eligible_at(self) -> datetime | None:
        """From when the window allows a request; None without window, case or covered tier."""
        return eligible_at(self.case, self.policy)


def eligible_at(case: Case, policy: Policy) -> datetime | None:
    """Opening plus the window of today's severity and the tier (000-18 to 000-20)."""
    if case.opened_at is None or case.tier is None or case.severity is None:
        return None
    window = policy.window(case.severity, case.tier)
    return None if window is None else case.opened_at + window


class Verdict(NamedTuple):
    """A rule's answer; ``detail`` is for the refusal, where there is one."""

    outcome: Outcome
    expected: Any = None
    actual: Any = None
    detail: str = ""


NOT_APPLICABLE: Final = Verdict("not-applicable")


def case_is_known(asked: Question) -> Verdict:
    """A request is about a case that was opened."""
    if asked.case.is_known:
        return Verdict("met", True, True)
    return Verdict("not-met", True, False, "no opening of this case was ever reported")


def case_is_open(asked: Question) -> Verdict:
    """A closed case is reopened first."""
    if not asked.case.is_known:
        return NOT_APPLICABLE
    if not asked.case.closed:
        return Verdict("met", "open", "open")
    return Verdict("not-met", "open", "closed", "the case is closed")


def case_is_not_escalated_yet(asked: Question) -> Verdict:
    """Once per case where the policy says so (000-09, 001-02); else one at a time."""
    case, policy = asked.case, asked.policy
    if not case.is_known:
        return NOT_APPLICABLE
    if may_still_escalate(case, policy):
        return Verdict("met", "none", "none")
    assert case.escalation is not None
    detail = f"escalation {case.escalation.id} is {case.escalation.status}"
    return Verdict("not-met", "none", case.escalation.status, detail)


def may_still_escalate(case: Case, policy: Policy) -> bool:
    """Whether the next request would not be ``already-escalated``."""
    escalation = case.escalation
    if escalation is None:
        return True
    if policy.once_only and case.rights_spent > 0:
        return False
    return escalation.status in ("ended", "voided", "declined")


def tier_is_covered(asked: Question) -> Verdict:
    """No other tier has a window (000-21)."""
    case, covered = asked.case, asked.policy.tiers
    if not case.is_known:
        return NOT_APPLICABLE
    if case.tier in covered:
        return Verdict("met", None, covered[case.tier])
    return Verdict("not-met", None, None, "the policy has no window for the customer's tier")


def window_has_passed(asked: Question) -> Verdict:
    """Since opening, by the severity of now; the boundary itself is in time (000-18, 000-19)."""
    at = asked.eligible_at
    if at is None:
        return NOT_APPLICABLE
    if asked.asked_at >= at:
        return Verdict("met", at, asked.asked_at)
    return Verdict("not-met", at, asked.asked_at, f"allowed from {instant_text(at)}")


def reason_is_given(asked: Question) -> Verdict:
    """A reason must be chosen (000-29)."""
    return _given("reason", asked.request.reason)


def reason_is_offered(asked: Question) -> Verdict:
    """The reason is one of those that the policy offers (000-30 to 000-32)."""
    reason, offered = asked.request.reason, asked.policy.reasons
    if is_blank(reason):
        return NOT_APPLICABLE
    if reason in offered:
        return Verdict("met", list(offered), reason)
    return Verdict("not-met", list(offered), None, f"offered are: {', '.join(offered)}")


def comments_are_given(asked: Question) -> Verdict:
    """Details of the need in the requester's words (000-33)."""
    return _given("comments", asked.request.comments)


def _given(field: str, text: str | None) -> Verdict:
    if is_blank(text):
        return Verdict("not-met", True, False, f"{field} is absent or blank")
    return Verdict("met", True, True)


def request_is_not_from_the_future(asked: Question) -> Verdict:
    """Clocks may differ by five minutes, not more."""
    latest = asked.recorded_at + AHEAD
    if asked.asked_at <= latest:
        return Verdict("met", latest, asked.asked_at)
    return Verdict("not-met", latest, asked.asked_at, f"received {instant_text(asked.recorded_at)}")


class Rule(NamedTuple):
    name: str
    code: str
    asks: Callable[[Question], Verdict]


RULES: Final = (
    Rule("case-is-known", "case-unknown", case_is_known),
    Rule("case-is-open", "case-closed", case_is_open),
    Rule("case-is-not-escalated-yet", "already-escalated", case_is_not_escalated_yet),
    Rule("tier-is-covered", "tier-not-covered", tier_is_covered),
    Rule("window-has-passed", "too-early", window_has_passed),
    Rule("reason-is-given", "reason-missing", reason_is_given),
    Rule("reason-is-offered", "reason-not-offered", reason_is_offered),
    Rule("comments-are-given", "comments-missing", comments_are_given),
    Rule("request-is-not-from-the-future", "time-in-future", request_is_not_from_the_future),
)
"""In the contract's order of refusals."""


def ask(asked: Question) -> tuple[list[RuleOutcome], list[Refusal]]:
    """Ask every rule of the policy. Refusals are exactly the rules not met."""
    outcomes, refusals = [], []
    for rule in RULES:
        statement = asked.policy.statements.get(rule.name)
        if statement is None:
            continue
        verdict = rule.asks(asked)
        outcomes.append(
            RuleOutcome(
                rule=rule.name,
                statement=statement,
                outcome=verdict.outcome,
                expected=verdict.expected,
                actual=verdict.actual,
            )
        )
        if verdict.outcome == "not-met":
            refusals.append(Refusal(code=rule.code, detail=verdict.detail, statement=statement))
    return outcomes, refusals
