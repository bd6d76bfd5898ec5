"""What a policy may demand of a request.

A rule is one function, named for what it demands. It answers met, not met or not applicable,
with what was expected and what was found: codes, numbers, instants and booleans, never words
that somebody wrote. Every rule of the policy is asked, in the order of ``RULES``, so that a
requester learns all reasons at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from policies.entries import RuleName
from policies.margins import FUTURE
from policies.model import Policy
from schemas.decided import Outcome, Refusal, RuleOutcome
from schemas.lifecycle import OVER
from schemas.reported import AccountEscalationRequested, EscalationRequested
from schemas.vocabulary import Person, instant_text, is_blank
from services.escalation.core.case import Case


@dataclass(frozen=True, slots=True)
class Question:
    """Everything a rule may look at. ``asked_at`` is the request's own time.

    ``program_known`` and ``tier_known`` are for the receipt alone: whether any policy of the
    deployment has that name, or a window for that tier.
    """

    request: EscalationRequested
    subject: str
    asked_at: datetime
    recorded_at: datetime
    case: Case
    policy: Policy
    program_known: bool = True
    tier_known: bool = True

    @property
    def is_about_an_account(self) -> bool:
        return isinstance(self.request, AccountEscalationRequested)

    @property
    def template(self) -> str | None:
        """The template named; of an account escalation that names none, the plain one."""
        named = self.request.template
        if is_blank(named):
            return "account" if self.is_about_an_account else None
        return named

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
    if asked.is_about_an_account:
        return NOT_APPLICABLE
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
    if not case.is_known and not asked.is_about_an_account:
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
    return escalation.status in OVER


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


def subject_is_given(asked: Question) -> Verdict:
    """What the escalation is about, in a line (002-03)."""
    return _given("subject", asked.request.subject)


def description_is_given(asked: Question) -> Verdict:
    """As much detail as possible helps to triage and to investigate (002-04)."""
    return _given("description", asked.request.description)


def case_number_is_given(asked: Question) -> Verdict:
    """Without a case number the submission is not progressed (002-05, 002-06)."""
    return _given("case_number", asked.request.case_number)


def business_impact_is_given(asked: Question) -> Verdict:
    """One of four, from limited to critical (002-08)."""
    return _given("business_impact", asked.request.business_impact)


def case_number_is_this_case(asked: Question) -> Verdict:
    """The number must be that of the case on which the request was made (002-05)."""
    number = asked.request.case_number
    if number is None or is_blank(number):
        return NOT_APPLICABLE
    if number.strip() == asked.subject:
        return Verdict("met", True, True)
    return Verdict("not-met", True, False, "case_number names another case than the request is on")


def requester_has_the_role(asked: Question) -> Verdict:
    """Only who has the role may escalate (004-03)."""
    wanted = asked.policy.roles.request
    if has_role(asked.request.requested_by, wanted):
        return Verdict("met", list(wanted), True)
    return Verdict("not-met", list(wanted), False, f"needs the role: {', '.join(wanted)}")


def has_role(person: Person | None, wanted: tuple[str, ...]) -> bool:
    """Whether a person has one of these roles; where none is asked for, everybody does."""
    held = (person.roles if person is not None else None) or ()
    return not wanted or not set(wanted).isdisjoint(held)


def template_is_offered(asked: Question) -> Verdict:
    """A template of the policy, and of the right kind: for a case or for an account (004-07)."""
    template, templates = asked.template, asked.policy.templates
    kind = "account" if asked.is_about_an_account else "case"
    offered = [name for name, spec in templates.items() if spec.kind == kind]
    if template in offered:
        return Verdict("met", offered, template)
    known = template if template in templates else None
    return Verdict("not-met", offered, known, f"offered are: {', '.join(offered)}")


def escalation_severity_is_given(asked: Question) -> Verdict:
    """High, medium or low; it decides the colour (004-08)."""
    return _given("escalation_severity", asked.request.escalation_severity)


def _given(field: str, text: str | None) -> Verdict:
    if is_blank(text):
        return Verdict("not-met", True, False, f"{field} is absent or blank")
    return Verdict("met", True, True)


def request_is_not_from_the_future(asked: Question) -> Verdict:
    """Clocks may differ by five minutes, not more."""
    latest = asked.recorded_at + FUTURE
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
    Rule("subject-is-given", "subject-missing", subject_is_given),
    Rule("description-is-given", "description-missing", description_is_given),
    Rule("case-number-is-given", "case-number-missing", case_number_is_given),
    Rule("business-impact-is-given", "business-impact-missing", business_impact_is_given),
    Rule("case-number-is-this-case", "case-number-unknown", case_number_is_this_case),
    Rule("requester-has-the-role", "role-missing", requester_has_the_role),
    Rule("template-is-offered", "template-unknown", template_is_offered),
    Rule(
        "escalation-severity-is-given", "escalation-severity-missing", escalation_severity_is_given
    ),
    Rule("request-is-not-from-the-future", "time-in-future", request_is_not_from_the_future),
)
"""In the contract's order of refusals."""


def ask(asked: Question, only: RuleName | None = None) -> tuple[list[RuleOutcome], list[Refusal]]:
    """Ask every rule of the policy, or one. Refusals are exactly the rules not met."""
    outcomes, refusals = [], []
    for rule in RULES:
        statement = asked.policy.statements.get(rule.name)
        if statement is None or (only is not None and rule.name != only):
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
