"""Decide what a reported event means for its subject: a case, an account, or a form without one.

    event + state + now  ->  decisions

Pure: no I/O, no clock, no log. ``case.py`` holds what is remembered, ``requests.py`` how a
request is judged, ``actions.py`` what else can be done about an escalation, ``watching.py`` what
happens around it. An event that was applied before decides nothing and changes nothing.
"""

from __future__ import annotations

from policies.catalogue import Policies
from schemas import reported
from schemas.codec import Reported
from schemas.decided import Decision
from schemas.subject import subject_of
from services.escalation.core import accounts, actions, approvals, watching
from services.escalation.core.case import Case, Moment, fold
from services.escalation.core.deadlines import missed
from services.escalation.core.deescalation import deescalate
from services.escalation.core.duties import terms_of
from services.escalation.core.evolve import evolve
from services.escalation.core.replanning import by_calendar, replanned
from services.escalation.core.requests import RequestInContext, judge, reject_without_case
from services.escalation.core.requests_in_comments import judge_comment, request_of

Decisions = tuple[Decision, ...]


def decide(case: Case, event: Reported, policies: Policies, now: Moment) -> Decisions:
    """What this event, not seen before, leads to. ``case`` is as it was before the event."""
    match event.about.kind:
        case "case":
            return _about_case(case, event, policies, now)
        case "account":
            return _about_account(case, event, policies, now)
        case "request":
            return _about_nothing(case, event, policies, now)
        case _:
            return ()


def _about_case(case: Case, event: Reported, policies: Policies, now: Moment) -> Decisions:
    match event.data:
        case reported.CommentAdded() as comment:
            asked = RequestInContext(request_of(comment), event.subject, now)
            judged = judge_comment(case, comment, asked, policies)
            happened = watching.commented(case, event, policies)
            return happened if judged is None else (judged, *happened)
        case reported.AccountEscalationRequested():
            return ()
        case reported.EscalationRequested():
            return _requested(case, event, policies, now)
        case reported.Closed():
            return watching.closed(case, event, policies)
        case reported.SeverityChanged():
            return watching.severity_changed(case, event, policies)
        case reported.ContactChanged():
            return watching.contact_changed(case, event)
        case _:
            return _acted(case, event, policies, now)


def _about_account(case: Case, event: Reported, policies: Policies, now: Moment) -> Decisions:
    match event.data:
        case reported.AccountEscalationRequested():
            return _requested(case, event, policies, now)
        case reported.AccountCaseLinked():
            return accounts.linked(case, event)
        case reported.AccountCaseUnlinked():
            return accounts.unlinked(case, event, policies)
        case reported.AccountLinkAnswered():
            return accounts.answered(case, event)
        case _:
            return _acted(case, event, policies, now)


def _about_nothing(case: Case, event: Reported, policies: Policies, now: Moment) -> Decisions:
    request = event.data
    if type(request) is not reported.EscalationRequested or case.has_decided(request.request_id):
        return ()
    return (reject_without_case(case, RequestInContext(request, event.subject, now), policies),)


def _requested(case: Case, event: Reported, policies: Policies, now: Moment) -> Decisions:
    request = event.data
    assert isinstance(request, reported.EscalationRequested)
    if case.has_decided(request.request_id):
        return ()
    return (judge(case, RequestInContext(request, event.subject, now), policies),)


def _acted(case: Case, event: Reported, policies: Policies, now: Moment) -> Decisions:
    match event.data:
        case reported.EscalationApproved() | reported.EscalationDeclined():
            return approvals.answered(case, event, policies, now)
        case reported.Deescalated():
            return deescalate(case, event, policies)
        case fact:
            return actions.act(case, fact, event, policies)


def apply(case: Case, event: Reported, policies: Policies, now: Moment) -> tuple[Case, Decisions]:
    """Decide about an event and fold it in: the case afterwards, and what was decided."""
    if case.has_seen(event):
        return case, ()
    decisions = decide(case, event, policies, now)
    if event.about.kind == "case":
        case = fold(case, event, policies)
    for decision in decisions:
        case = evolve(case, decision, now)
    return case.remember(event), decisions


def fire(case: Case, subject: str, policies: Policies, now: Moment) -> tuple[Case, Decision | None]:
    """Decide the first duty of this case that the clock has passed, if there is one."""
    decision = missed(subject_of(subject).case_id, case, now.clock, policies)
    return (case, None) if decision is None else (evolve(case, decision, now), decision)


def recalendar(
    case: Case, subject: str, policies: tuple[Policies, Policies], now: Moment
) -> tuple[Case, Decisions]:
    """Plan the open duties of a case anew, after a calendar changed. ``policies`` are those
    before and after."""
    escalation = case.escalation
    if escalation is None or not escalation.duties:
        return case, ()
    before, after = (one.version(escalation.policy, escalation.version) for one in policies)
    if before.calendar == after.calendar:
        return case, ()
    named = {"case_id": subject_of(subject).case_id, "escalation_id": escalation.id}
    terms = terms_of(escalation, after, case.severity)
    decisions = replanned(named, by_calendar(escalation, before, terms))
    for decision in decisions:
        case = evolve(case, decision, now)
    return case, decisions
