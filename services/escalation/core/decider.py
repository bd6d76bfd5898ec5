"""Decide what a reported event means for its case.

    event + case + now  ->  decisions

Pure: no I/O, no clock, no log. ``case.py`` holds what is remembered, ``requests.py`` how a
request is judged, ``actions.py`` what else can be done about an escalation. An event that was
applied before decides nothing and changes nothing.
"""

from __future__ import annotations

from schemas import reported
from schemas.codec import Reported
from schemas.decided import Decision, MonitoringEnded
from services.escalation.core import actions
from services.escalation.core.case import WATCHED, Case, Moment, evolve, fold
from services.escalation.core.deadlines import missed
from services.escalation.core.policy import Policies
from services.escalation.core.requests import Asked, judge, judge_comment, request_of

Decisions = tuple[Decision, ...]


def decide(case: Case, event: Reported, policies: Policies, now: Moment) -> Decisions:
    """What this event, not seen before, leads to. ``case`` is as it was before the event."""
    match event.data:
        case reported.CommentAdded() as comment:
            asked = Asked(request_of(comment), event.subject, now)
            decision = judge_comment(case, comment, asked, policies)
            return () if decision is None else (decision,)
        case reported.AccountEscalationRequested():
            return ()
        case reported.EscalationRequested() as request:
            if case.has_decided(request.request_id):
                return ()
            return (judge(case, Asked(request, event.subject, now), policies),)
        case reported.Closed() as closed:
            return _closed(case, closed, event.subject, policies)
        case reported.SeverityChanged() | reported.ContactChanged() as change:
            return actions.changed(case, change, event.subject)
        case fact:
            return actions.act(case, fact, event, policies)


def _closed(case: Case, closed: reported.Closed, subject: str, policies: Policies) -> Decisions:
    """Closing ends the escalation in every policy."""
    escalation = case.escalation
    if escalation is None or escalation.status not in WATCHED:
        return ()
    policy = policies.version(escalation.policy, escalation.version)
    resolved = policy.watched_until == "resolved" and closed.resolution is not None
    ended = MonitoringEnded(
        case_id=subject,
        escalation_id=escalation.id,
        why="resolved" if resolved else "closed",
    )
    return (ended,)


def apply(case: Case, event: Reported, policies: Policies, now: Moment) -> tuple[Case, Decisions]:
    """Decide about an event and fold it in: the case afterwards, and what was decided."""
    if case.has_seen(event):
        return case, ()
    decisions = decide(case, event, policies, now)
    case = fold(case, event, policies)
    for decision in decisions:
        case = evolve(case, decision, now)
    return case.remember(event), decisions


def fire(case: Case, subject: str, now: Moment) -> tuple[Case, Decision | None]:
    """Decide the first duty of this case that the clock has passed, if there is one."""
    decision = missed(subject, case, now.clock)
    return (case, None) if decision is None else (evolve(case, decision, now), decision)
