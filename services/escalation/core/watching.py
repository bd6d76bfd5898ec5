"""What happens to a case while an escalation of it runs or is monitored: it is closed, somebody
comments, its severity or its contact changes."""

from __future__ import annotations

from typing import Literal

from policies.catalogue import Policies
from schemas import decided, reported
from schemas.codec import Reported
from schemas.lifecycle import WATCHED
from schemas.vocabulary import is_blank
from services.escalation.core.answers import Decisions, acted_on, ids_of
from services.escalation.core.case import Case, id_of
from services.escalation.core.duties import fulfilled, terms_of
from services.escalation.core.replanning import by_severity, replanned, resumed


def closed(case: Case, event: Reported, policies: Policies) -> Decisions:
    """Closing ends the escalation in every policy, unless an improvement is owed (002-19)."""
    escalation, fact = case.escalation, event.data
    assert isinstance(fact, reported.Closed)
    if escalation is None:
        return ()
    named = ids_of(event, escalation)
    if escalation.status == "awaiting-approval":
        return (decided.Declined(**named, request_id=escalation.request_id, by_id=None),)
    if escalation.status not in WATCHED or (escalation.held is not None and case.closed):
        return ()
    policy = policies.version(escalation.policy, escalation.version)
    is_resolved = policy.watched_until == "resolved" and not is_blank(fact.resolution)
    why: Literal["resolved", "closed"] = "resolved" if is_resolved else "closed"
    if policy.improvement_is_owed and not escalation.improved:
        return (decided.MonitoringHeld(**named, owed=["improvement"], why=why),)
    return (decided.MonitoringEnded(**named, why=why),)


def commented(case: Case, event: Reported, policies: Policies) -> Decisions:
    """A customer's word sets paused clocks going; an agent's keeps the customer informed."""
    escalation, comment = case.escalation, event.data
    assert isinstance(comment, reported.CommentAdded)
    if escalation is None or escalation.status not in WATCHED or not comment.is_public:
        return ()
    acted = acted_on(case, event, policies)
    named = ids_of(event, escalation)
    if comment.author_role == "customer":
        return replanned(named, resumed(escalation, acted.terms, event.time))
    if comment.author_role != "agent" or not acted.policy.agent_comments_are_updates:
        return ()
    done, again = fulfilled(escalation, acted.terms, ("agent-comment",), event.time)
    update = decided.UpdateGiven(
        **named,
        by_id=comment.author.id,
        audience="customer",
        comment_id=comment.comment_id,
        fulfilled=done,
        duties=again,
    )
    return (update,)


def severity_changed(case: Case, event: Reported, policies: Policies) -> Decisions:
    """A new severity is the escalation's business too, and may move what is owed (000-19)."""
    escalation, fact = case.escalation, event.data
    assert isinstance(fact, reported.SeverityChanged)
    if escalation is None or escalation.status not in WATCHED or fact.severity == case.severity:
        return ()
    named = ids_of(event, escalation)
    policy = policies.version(escalation.policy, escalation.version)
    change = decided.SeverityChanged(**named, by_id=id_of(fact.by), severity=fact.severity)
    terms = terms_of(escalation, policy, fact.severity)
    return (change, *replanned(named, by_severity(escalation, terms, event.time)))


def contact_changed(case: Case, event: Reported) -> Decisions:
    """Whom the support manager calls from now on (000-27, 001-19)."""
    escalation, fact = case.escalation, event.data
    assert isinstance(fact, reported.ContactChanged)
    if escalation is None or escalation.status not in WATCHED:
        return ()
    if fact.contact.id == escalation.contact_id:
        return ()
    named = ids_of(event, escalation)
    return (decided.ContactChanged(**named, contact_id=fact.contact.id),)
