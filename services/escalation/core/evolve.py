"""How each of our decisions changes what is remembered about its case.

``case.py`` says what is remembered and folds what was reported. Nothing here refuses.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from pydantic import TypeAdapter

from schemas import decided, reported
from schemas.vocabulary import Status
from services.escalation.core.case import (
    Awaited,
    Case,
    Escalation,
    Moment,
    OpenDuty,
    changed,
    digest,
    id_of,
)

GRACE: Final = timedelta(minutes=5)
"""How long a duty that was past due when it was set waits, so that history can arrive whole."""
_DURATION: Final = TypeAdapter(timedelta)


def evolve(
    case: Case, decision: decided.Decision, now: Moment, cause: reported.Fact | None = None
) -> Case:
    """The case after one of our decisions, ``cause`` being the fact that it answers."""
    match decision:
        case decided.Accepted():
            return _accepted(case, decision, now)
        case decided.ApprovalRequested():
            assert isinstance(cause, reported.EscalationRequested)
            return _awaiting(case, decision, now, cause)
        case decided.Rejected(request_id=str() as request_id):
            return changed(case, requests=case.requests + digest(request_id))
        case decided.Declined():
            return _ended(case, "declined")
        case decided.Voided(restores_right=restores):
            spent = case.rights_spent - 1 if restores else case.rights_spent
            return changed(_ended(case, "voided"), rights_spent=spent)
        case decided.Deescalated():
            return _ended(case, "monitored")
        case decided.MonitoringHeld():
            return _held(case, cause)
        case decided.MonitoringEnded():
            return _ended(case, "ended")
        case decided.DeadlineMissed():
            return _missed(case, decision, now)
        case decided.DutyReplanned():
            return _replanned(case, decision, now)
        case decided.SuggestionMade():
            return changed(case, hinted=(*case.hinted, now.at.date().isoformat()))
        case decided.Recorded():
            return _recorded(case, decision, now)
        case _:
            return case


def _current(case: Case) -> Escalation:
    assert case.escalation is not None, "only a case with an escalation gets such a decision"
    return case.escalation


# --- begun and ended -------------------------------------------------------------------------


def _accepted(case: Case, accepted: decided.Accepted, now: Moment) -> Case:
    assert accepted.escalation_id is not None and accepted.request_id is not None
    escalation = Escalation(
        id=accepted.escalation_id,
        request_id=accepted.request_id,
        status="escalated",
        policy=accepted.policy.name,
        version=accepted.policy.version,
        contact_id=accepted.contact_id,
        level=accepted.level,
        duties=_set(accepted.duties, now),
    )
    requests = case.requests
    if not case.has_decided(accepted.request_id):
        requests += digest(accepted.request_id)
    return changed(
        case, escalation=escalation, requests=requests, rights_spent=case.rights_spent + 1
    )


def _awaiting(
    case: Case,
    asked: decided.ApprovalRequested,
    now: Moment,
    request: reported.EscalationRequested,
) -> Case:
    assert asked.escalation_id is not None and asked.request_id is not None
    receipt = asked.receipt
    awaited = Awaited(
        requester_id=id_of(request.requested_by),
        channel=request.channel or "api",
        reason=receipt.facts.get("reason"),
        escalation_severity=request.escalation_severity,
        contact_id=id_of(request.contact),
        requested_at=receipt.at,
        suggestions=tuple(asked.suggestions),
        receipt=receipt,
        case_ids=_case_ids(request),
    )
    duty = decided.Duty(duty=asked.duty, due_at=asked.due_at, clock="elapsed")
    escalation = Escalation(
        id=asked.escalation_id,
        request_id=asked.request_id,
        status="awaiting-approval",
        policy=receipt.policy.name,
        version=receipt.policy.version,
        contact_id=awaited.contact_id,
        level="support",
        duties=_set([duty], now),
        awaited=awaited,
    )
    return changed(case, escalation=escalation, requests=case.requests + digest(asked.request_id))


def _case_ids(request: reported.EscalationRequested) -> tuple[str, ...]:
    if isinstance(request, reported.AccountEscalationRequested):
        return tuple(dict.fromkeys(request.case_ids))
    return ()


def _ended(case: Case, status: Status) -> Case:
    after = changed(_current(case), status=status, duties=(), awaited=None, held=None)
    return changed(case, escalation=after)


def _held(case: Case, cause: reported.Fact | None) -> Case:
    was_resolved = isinstance(cause, reported.Closed) and cause.resolution is not None
    held = changed(
        _current(case),
        status="monitored",
        duties=(),
        held="resolved" if was_resolved else "closed",
    )
    return changed(case, escalation=held)


# --- recorded --------------------------------------------------------------------------------


def _recorded(case: Case, recorded: decided.Recorded, now: Moment) -> Case:
    escalation = _current(case)
    match recorded:
        case decided.Acknowledged():
            escalation = changed(escalation, status="acknowledged")
        case decided.LevelRaised(to=level):
            escalation = changed(escalation, level=level)
        case decided.ContactChanged(contact_id=contact_id):
            escalation = changed(escalation, contact_id=contact_id)
        case decided.CommunicationPlanSet(frequency=frequency):
            length = _DURATION.validate_python(frequency)
            escalation = changed(escalation, frequency=length)
        case decided.ImprovementIdentified() | decided.ImprovementWaived():
            escalation = changed(escalation, improved=True)
        case _:
            pass
    gone = {one.duty for one in recorded.fulfilled} | {one.duty for one in recorded.duties}
    if gone:
        kept = _without(escalation, gone)
        again = _set(recorded.duties, now, escalation.duties)
        escalation = changed(escalation, duties=kept + again)
    return changed(case, escalation=escalation)


def _missed(case: Case, missed: decided.DeadlineMissed, now: Moment) -> Case:
    """The next of a recurring duty takes its place, as if set when this one was due."""
    escalation = _current(case)
    if missed.duties:
        then = Moment(missed.due_at, missed.due_at, missed.due_at)
        again = _set(missed.duties, then, escalation.duties)
        duties = _without(escalation, {missed.duty}) + again
    else:
        duties = tuple(
            changed(one, fires_at=None) if one.duty == missed.duty else one
            for one in escalation.duties
        )
    return changed(case, escalation=changed(escalation, duties=duties))


def _replanned(case: Case, replanned: decided.DutyReplanned, now: Moment) -> Case:
    escalation = _current(case)
    duties = tuple(
        _moved(one, replanned, now) if one.duty == replanned.duty else one
        for one in escalation.duties
    )
    return changed(case, escalation=changed(escalation, duties=duties))


def _moved(duty: OpenDuty, replanned: decided.DutyReplanned, now: Moment) -> OpenDuty:
    due = replanned.due_at
    if due is None:
        return changed(duty, due_at=None, fires_at=None, since=now.at, was_due_at=duty.due_at)
    if replanned.why in ("calendar-changed", "severity-changed"):
        return changed(duty, due_at=due, fires_at=_fires(due, now.clock))
    return changed(
        duty,
        due_at=due,
        fires_at=_fires(due, now.clock),
        since=now.at,
        was_due_at=None,
        has_resumed=duty.due_at is None,
    )


# --- duties ----------------------------------------------------------------------------------


def _without(escalation: Escalation, names: set[str]) -> tuple[OpenDuty, ...]:
    return tuple(one for one in escalation.duties if one.duty not in names)


def _set(
    duties: Iterable[decided.Duty], now: Moment, before: Iterable[OpenDuty] = ()
) -> tuple[OpenDuty, ...]:
    """New open duties; ``before`` are those that some of them follow."""
    ends = {one.duty: one.due_at for one in before}
    return tuple(
        OpenDuty(
            one.duty,
            one.due_at,
            one.clock,
            _fires(one.due_at, now.clock),
            now.at,
            follows=ends.get(one.duty),
        )
        for one in duties
    )


def _fires(due_at: datetime | None, clock: datetime) -> datetime | None:
    if due_at is None or due_at >= clock:
        return due_at
    return clock + GRACE
