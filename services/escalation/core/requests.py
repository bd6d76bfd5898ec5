"""Judge a request for escalation: accepted, put before an approver, or rejected; always with
its receipt.

Rules are in ``rules.py``; what a policy asks is in its file. Here the answer is put together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from policies.catalogue import ACCOUNTS, CASELESS, Policies
from policies.margins import FUTURE
from policies.model import Policy
from schemas import decided
from schemas.decided import Accepted, Decision, PolicyRef, Receipt, Rejected
from schemas.envelope import escalation_id
from schemas.reported import AccountEscalationRequested, EscalationRequested
from schemas.subject import subject_of
from services.escalation.core.case import Case, Escalation, Moment, id_of
from services.escalation.core.duties import Terms, due_at, duties_of
from services.escalation.core.rules import Question, ask
from services.escalation.core.triage import triage


@dataclass(frozen=True, slots=True)
class RequestInContext:
    """A request with its circumstances: where, when, and when the broker wrote it down."""

    request: EscalationRequested
    subject: str
    now: Moment
    hints: tuple[str, ...] = ()

    @property
    def case_id(self) -> str | None:
        """None where the request is about an account, or about no case at all."""
        return subject_of(self.subject).case_id

    @property
    def account_id(self) -> str | None:
        return subject_of(self.subject).account_id


def policy_for(program: str | None, now: Moment, policies: Policies) -> Policy:
    """The version in force when it was asked; of a time in the future, when it was recorded."""
    is_sound = now.at <= now.recorded_at + FUTURE
    return policies.judging(program, now.at if is_sound else now.recorded_at)


def judge(case: Case, asked: RequestInContext, policies: Policies) -> Decision:
    """Answer a request. Each request id is decided once; the caller has checked that."""
    about_account = isinstance(asked.request, AccountEscalationRequested)
    policy = policy_for(ACCOUNTS if about_account else case.program, asked.now, policies)
    question = _question(case, asked, policy, policies)
    outcomes, refusals = ask(question)
    receipt = _receipt(question, outcomes)
    suggestions = [*asked.hints, *_suggestions(asked.request, policy)]
    if refusals:
        return _rejected(case, asked, receipt, (refusals, suggestions))
    template = policy.templates.get(question.template or "")
    if template is not None and template.approval:
        return _put_before_an_approver(case, asked, policy, (receipt, suggestions))
    return _accepted(case, asked, policy, (receipt, suggestions))


def reject_without_case(case: Case, asked: RequestInContext, policies: Policies) -> Rejected:
    """A form that names no case is refused by the one rule that fails (002-06)."""
    policy = policy_for(CASELESS, asked.now, policies)
    nameless = replace(asked, request=asked.request.model_copy(update={"case_number": None}))
    question = _question(case, nameless, policy, policies)
    outcomes, refusals = ask(question, only="case-number-is-given")
    return _rejected(case, asked, _receipt(question, outcomes), (refusals, []))


def _question(case: Case, asked: RequestInContext, policy: Policy, policies: Policies) -> Question:
    return Question(
        asked.request,
        asked.subject,
        asked.now.at,
        asked.now.recorded_at,
        case,
        policy,
        program_known=policies.knows_program(case.program),
        tier_known=policies.knows_tier(case.tier),
    )


def _receipt(question: Question, outcomes: list[decided.RuleOutcome]) -> Receipt:
    policy = question.policy
    return Receipt(
        policy=PolicyRef(name=policy.policy, version=policy.version),
        at=question.asked_at,
        facts=_facts(question),
        rules=outcomes,
        eligible_at=question.eligible_at,
    )


def _rejected(
    case: Case,
    asked: RequestInContext,
    receipt: Receipt,
    why: tuple[list[decided.Refusal], list[str]],
) -> Rejected:
    refusals, suggestions = why
    return Rejected(
        case_id=asked.case_id,
        request_id=asked.request.request_id,
        account_id=asked.account_id or case.account_id,
        team=case.team,
        refusals=refusals,
        eligible_at=receipt.eligible_at,
        suggestions=suggestions,
        receipt=receipt,
    )


def _accepted(
    case: Case, asked: RequestInContext, policy: Policy, told: tuple[Receipt, list[str]]
) -> Accepted:
    request, (receipt, suggestions) = asked.request, told
    manages = policy.owner == "support-manager"
    return Accepted(
        case_id=asked.case_id,
        escalation_id=escalation_id(asked.subject, request.request_id),
        request_id=request.request_id,
        account_id=asked.account_id or case.account_id,
        team=case.team,
        reason=receipt.facts["reason"],
        tier=policy.tiers.get(case.tier or ""),
        channel=request.channel or "api",
        severity=case.severity,
        escalation_severity=request.escalation_severity,
        colour=policy.colour(request.escalation_severity),
        policy=receipt.policy,
        requested_at=asked.now.at,
        contact_id=id_of(request.contact) or case.contact_id or case.opener_id,
        owner_id=case.manager_id if manages else case.agent_id,
        level=policy.ladder[0],
        duties=duties_of(Terms(policy, case.severity), "acceptance", asked.now.at),
        suggestions=suggestions,
        receipt=receipt,
    )


# --- approval --------------------------------------------------------------------------------


def _put_before_an_approver(
    case: Case, asked: RequestInContext, policy: Policy, told: tuple[Receipt, list[str]]
) -> decided.ApprovalRequested:
    """With approval on, the escalation exists from the approval on (004-13)."""
    receipt, suggestions = told
    duty = next(spec for spec in policy.duties if spec.begins == "approval-request")
    return decided.ApprovalRequested(
        case_id=asked.case_id,
        escalation_id=escalation_id(asked.subject, asked.request.request_id),
        request_id=asked.request.request_id,
        account_id=asked.account_id or case.account_id,
        team=case.team,
        approvers=list(policy.roles.approve),
        duty=duty.duty,
        due_at=due_at(duty, Terms(policy, case.severity), asked.now.at),
        clock=duty.clock,
        suggestions=suggestions,
        requester_id=id_of(asked.request.requested_by),
        channel=asked.request.channel or "api",
        reason=receipt.facts["reason"],
        escalation_severity=asked.request.escalation_severity,
        contact_id=id_of(asked.request.contact),
        case_ids=_case_ids(asked.request),
        receipt=receipt,
    )


def _case_ids(request: EscalationRequested) -> list[str]:
    """The cases of an account's escalation, each once."""
    if isinstance(request, AccountEscalationRequested):
        return list(dict.fromkeys(request.case_ids))
    return []


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved what was put before them, when, and the duty that this fulfils."""

    subject: str
    by_id: str
    now: Moment
    fulfilled: list[decided.Fulfilment]


def accept_approved(
    case: Case, escalation: Escalation, policy: Policy, approval: Approval
) -> Accepted:
    """What an approval makes of the request that waited for it."""
    awaited = escalation.awaited
    assert awaited is not None, "only what awaits approval is approved"
    request = EscalationRequested(request_id=escalation.request_id)
    asked = RequestInContext(request, approval.subject, approval.now)
    of_case = case.manager_id if policy.owner == "support-manager" else case.agent_id
    return Accepted(
        case_id=asked.case_id,
        escalation_id=escalation.id,
        request_id=escalation.request_id,
        account_id=asked.account_id or case.account_id,
        team=case.team,
        reason=awaited.reason,
        tier=policy.tiers.get(case.tier or ""),
        channel=awaited.channel,
        severity=case.severity,
        escalation_severity=awaited.escalation_severity,
        colour=policy.colour(awaited.escalation_severity),
        policy=awaited.receipt.policy,
        requested_at=awaited.requested_at,
        contact_id=awaited.contact_id or case.contact_id or case.opener_id,
        owner_id=of_case if asked.account_id is None else approval.by_id,
        level=policy.ladder[0],
        duties=duties_of(Terms(policy, case.severity), "acceptance", approval.now.at),
        fulfilled=approval.fulfilled,
        suggestions=list(awaited.suggestions),
        receipt=awaited.receipt,
    )


# --- hints and facts -------------------------------------------------------------------------


def _suggestions(request: EscalationRequested, policy: Policy) -> list[str]:
    """What may serve better, or would help: never a reason to refuse."""
    grew = request.impact_changed is True and request.needs_other_than_assigned is not True
    hints = {
        "ask-for-higher-severity": grew,  # 000-06, 000-17
        "complete-the-checklist": not _is_complete(request),  # 003-10 to 003-14
        "phone-or-email-is-faster": request.channel in policy.web_channels,  # 003-09
    }
    return [hint for hint, holds in hints.items() if holds and hint in policy.suggestions]


def _is_complete(request: EscalationRequested) -> bool:
    checklist = request.checklist
    return checklist is not None and all(
        (
            checklist.problem_statement_correct,
            checklist.impact_described,
            checklist.workaround_impractical,
            checklist.milestone_identified,
        )
    )


def _facts(question: Question) -> dict[str, Any]:
    """What the rules were told, for the receipt."""
    case, request, policy = question.case, question.request, question.policy
    opened_at = case.opened_at
    elapsed = None if opened_at is None else (question.asked_at - opened_at).total_seconds()
    facts: dict[str, Any] = {
        "severity": case.severity,
        "tier": policy.tiers.get(case.tier or ""),
        "program_known": question.program_known,
        "tier_known": question.tier_known,
        "opened_at": opened_at,
        "elapsed_seconds": elapsed,
        "closed": case.closed,
        "unanswered_comments": case.unanswered,
        "reason": request.reason if request.reason in policy.reasons else None,
        "impact_changed": request.impact_changed,
        "only_escalation_helps": request.only_escalation_helps,
        "needs_other_than_assigned": request.needs_other_than_assigned,
    }
    if policy.triage is not None:
        facts["triage"] = triage(policy.triage, request.business_impact, elapsed)
    return facts
