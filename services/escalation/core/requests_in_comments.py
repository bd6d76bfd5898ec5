"""Read a comment as a request for escalation, where the policy knows a phrase that makes it one."""

from __future__ import annotations

from dataclasses import replace

from policies.catalogue import Policies
from policies.model import Policy
from schemas import decided
from schemas.decided import Decision
from schemas.reported import CommentAdded, EscalationRequested
from services.escalation.core.case import Case
from services.escalation.core.comments import phrases
from services.escalation.core.requests import RequestInContext, judge, policy_for


def judge_comment(
    case: Case, comment: CommentAdded, asked: RequestInContext, policies: Policies
) -> Decision | None:
    """A customer's public comment may be a request (001-11), or nearly one (001-13)."""
    policy = policy_for(case.program, asked.now, policies)
    if policy.phrase is None or not _may_ask(comment):
        return None
    text = phrases.normalised(comment.body, comment.format)
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


def _may_ask(comment: CommentAdded) -> bool:
    by_customer = comment.author_role == "customer"
    return by_customer and comment.is_public and not comment.is_automatic


def _with_hint(asked: RequestInContext, text: str, policy: Policy) -> RequestInContext:
    assert policy.phrase is not None
    if not phrases.is_bare(text, policy.phrase.words):
        return asked
    hints = ("add-a-reason",) if "add-a-reason" in policy.suggestions else ()
    wordless = asked.request.model_copy(update={"comments": None})
    return replace(asked, request=wordless, hints=hints)


def request_of(comment: CommentAdded) -> EscalationRequested:
    """The request that a comment makes: its id is the comment's, its words are the comments."""
    return EscalationRequested(
        request_id=comment.comment_id,
        channel="comment",
        requested_by=comment.author,
        comments=comment.body,
    )
