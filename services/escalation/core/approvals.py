"""An approver answers a request that waited for it (004-13)."""

from __future__ import annotations

from typing import Final

from policies.catalogue import Policies
from schemas import decided, reported
from schemas.codec import Reported
from schemas.vocabulary import Person, Status
from services.escalation.core.answers import (
    Decisions,
    acted_on,
    ids_of,
    not_in_status,
    refusal,
    refused,
    role_missing,
)
from services.escalation.core.case import Case, Moment
from services.escalation.core.duties import fulfilled
from services.escalation.core.requests import Approval, accept_approved

AWAITING: Final = frozenset[Status]({"awaiting-approval"})


def answered(case: Case, event: Reported, policies: Policies, now: Moment) -> Decisions:
    """Accepted or declined; refused where nobody asked, or this one may not answer."""
    fact = event.data
    assert isinstance(fact, reported.EscalationApproved | reported.EscalationDeclined)
    if refusals := not_in_status(case, event, AWAITING):
        return (refused(case, event, refusals),)
    acted = acted_on(case, event, policies)
    escalation, policy = acted.escalation, acted.policy
    if fact.request_id != escalation.request_id:
        other = refusal("not-escalated", f"request {escalation.request_id} awaits approval")
        return (refused(case, event, [other]),)
    refusals = role_missing(fact.by, policy.roles.approve, "004-13")
    is_approved = isinstance(fact, reported.EscalationApproved)
    if is_approved and escalation.awaited and _is_same(fact.by, escalation.awaited.requester_id):
        refusals.append(refusal("self-approval", "nobody approves a request of their own"))
    if refusals:
        return (refused(case, event, refusals),)
    done, _ = fulfilled(escalation, acted.terms, ("approval",), event.time)
    if is_approved:
        approval = Approval(event.subject, fact.by.id, now, done)
        return (accept_approved(case, escalation, policy, approval),)
    named = ids_of(event, escalation)
    return (
        decided.Declined(**named, request_id=fact.request_id, by_id=fact.by.id, fulfilled=done),
    )  # fmt: skip


def _is_same(person: Person, other_id: str | None) -> bool:
    """Ids are compared as people read them: a space or another case is no other person."""
    return other_id is not None and person.id.strip().casefold() == other_id.strip().casefold()
