"""Judge a request for escalation: accepted or rejected, always with its receipt.

Rules are in ``rules.py``; what a policy asks is in its file. Here the answer is put together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from schemas import decided
from schemas.decided import Accepted, Decision, PolicyRef, Receipt, Rejected
from schemas.envelope import escalation_id
from schemas.reported import CommentAdded, EscalationRequested
from services.escalation.core import phrases
from services.escalation.core.case import Case, Moment, id_of
from services.escalation.core.deadlines import duties_at_acceptance
from services.escalation.core.policy import Policies, Policy
from services.escalation.core.rules import AHEAD, Question, ask


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with its circumstances: where, when, and when the broker wrote it down."""

    request: EscalationRequested
    subject: str
    now: Moment
    hints: tuple[str, ...] = ()


def policy_for(case: Case, now: Moment, policies: Policies) -> Policy:
    """The version in force when it was asked; of a time in the future, when it was recorded."""
    is_sound = now.at <= now.recorded_at + AHEAD
    return policies.judging(case.program, now.at if is_sound else now.recorded_at)


def judge(case: Case, asked: Asked, policies: Policies) -> Decision:
    """Accept or reject. Each request id is decided once; the caller has checked that."""
    policy = policy_for(case, asked.now, policies)
    question = Question(asked.request, asked.now.at, asked.now.recorded_at, case, policy)
    outcomes, refusals = ask(question)
    suggestions = [*asked.hints, *_suggestions(asked.request, policy)]
    receipt = Receipt(
        policy=PolicyRef(name=policy.policy, version=policy.version),
        at=asked.now.at,
        facts=_facts(question),
        rules=outcomes,
        eligible_at=question.eligible_at,
    )
    if refusals:
        return _rejected(case, asked, receipt, (refusals, suggestions))
    return _accepted(case, asked, policy, (receipt, suggestions))


def _rejected(
    case: Case, asked: Asked, receipt: Receipt, why: tuple[list[decided.Refusal], list[str]]
) -> Rejected:
    refusals, suggestions = why
    return Rejected(
        case_id=asked.subject,
        request_id=asked.request.request_id,
        account_id=case.account_id,
        team=case.team,
        refusals=refusals,
        eligible_at=receipt.eligible_at,
        suggestions=suggestions,
        receipt=receipt,
    )


def _accepted(
    case: Case, asked: Asked, policy: Policy, told: tuple[Receipt, list[str]]
) -> Accepted:
    request, (receipt, suggestions) = asked.request, told
    return Accepted(
        case_id=asked.subject,
        escalation_id=escalation_id(asked.subject, request.request_id),
        request_id=request.request_id,
        account_id=case.account_id,
        team=case.team,
        reason=request.reason if request.reason in policy.reasons else None,
        tier=policy.tiers.get(case.tier or ""),
        channel=request.channel or "api",
        severity=case.severity,
        escalation_severity=request.escalation_severity,
        colour=None,
        policy=receipt.policy,
        requested_at=asked.now.at,
        contact_id=id_of(request.contact) or case.contact_id or case.opener_id,
        owner_id=case.manager_id if policy.owner == "support-manager" else case.agent_id,
        level=policy.ladder[0],
        duties=duties_at_acceptance(policy, asked.now.at),
        suggestions=suggestions,
        receipt=receipt,
    )


def _suggestions(request: EscalationRequested, policy: Policy) -> list[str]:
    """Impact grew, but nobody else is needed: a higher severity may serve better (000-06)."""
    grew = request.impact_changed is True and request.needs_other_than_assigned is not True
    if grew and "ask-for-higher-severity" in policy.suggestions:
        return ["ask-for-higher-severity"]
    return []


def _facts(question: Question) -> dict[str, Any]:
    """What the rules were told, for the receipt."""
    case, request = question.case, question.request
    opened_at = case.opened_at
    return {
        "severity": case.severity,
        "tier": question.policy.tiers.get(case.tier or ""),
        "opened_at": opened_at,
        "elapsed_seconds": opened_at and (question.asked_at - opened_at).total_seconds(),
        "closed": case.closed,
        "unanswered_comments": case.unanswered,
        "impact_changed": request.impact_changed,
        "only_escalation_helps": request.only_escalation_helps,
        "needs_other_than_assigned": request.needs_other_than_assigned,
    }


# --- the phrase in a comment ---------------------------------------------------------------


def judge_comment(
    case: Case, comment: CommentAdded, asked: Asked, policies: Policies
) -> Decision | None:
    """A customer's public comment may be a request (001-11), or nearly one (001-13)."""
    policy = policy_for(case, asked.now, policies)
    if policy.phrase is None or not comment.is_public or comment.author_role != "customer":
        return None
    text = phrases.normalised(comment.body)
    if phrases.holds_phrase(text, policy.phrase.words):
        if case.has_decided(comment.comment_id):
            return None
        return judge(case, _with_hint(asked, text, policy), policies)
    if asked.now.at.date().isoformat() in case.hinted or not phrases.is_near_miss(
        text, policy.phrase
    ):
        return None
    return decided.SuggestionMade(
        case_id=asked.subject,
        suggestions=["did-you-mean-escalation-request"],
        comment_id=comment.comment_id,
    )


def _with_hint(asked: Asked, text: str, policy: Policy) -> Asked:
    assert policy.phrase is not None
    bare = phrases.is_bare(text, policy.phrase.words) and "add-a-reason" in policy.suggestions
    hints = ("add-a-reason",) if bare else ()
    return replace(asked, hints=hints)


def request_of(comment: CommentAdded) -> EscalationRequested:
    """The request that a comment makes: its id is the comment's."""
    return EscalationRequested(
        request_id=comment.comment_id, channel="comment", requested_by=comment.author
    )
