"""How each of our decisions changes what is remembered about its case.

``case.py`` says what is remembered and folds what was reported. Nothing here refuses.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from pydantic import TypeAdapter

from schemas import decided
from schemas.decided import EndReason
from schemas.lifecycle import STATUS_AFTER
from services.escalation.core.case import (
    Awaited,
    Case,
    Escalation,
    Moment,
    OpenDuty,
    changed,
    digest,
)

GRACE: Final = timedelta(minutes=5)
"""How long a duty that was past due when it was set waits, so that history can arrive whole."""
_DURATION: Final = TypeAdapter(timedelta)


def evolve(case: Case, decision: decided.Decision, now: Moment) -> Case:
    """The case after one of our decisions. It says all that is needed: what was reported is not
    asked again."""
    match decision:
        case decided.Accepted():
            return _accepted(case, decision, now)
        case decided.ApprovalRequested():
            return _awaiting(case, decision, now)
        case decided.Rejected(request_id=str() as request_id):
            return changed(case, requests=case.requests + digest(request_id))
        case decided.Voided(restores_right=restores):
            spent = case.rights_spent - 1 if restores else case.rights_spent
            return changed(_without_duties(case, decision), rights_spent=spent)
        case decided.MonitoringHeld(why=why):
            return _without_duties(case, decision, held=why)
        case decided.Declined() | decided.Deescalated() | decided.MonitoringEnded():
            return _without_duties(case, decision)
        case decided.DeadlineMissed():
            return _missed(case, decision)
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
        status=STATUS_AFTER[type(accepted)],
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


def _awaiting(case: Case, asked: decided.ApprovalRequested, now: Moment) -> Case:
    assert asked.escalation_id is not None and asked.request_id is not None
    receipt = asked.receipt
    awaited = Awaited(
        requester_id=asked.requester_id,
        channel=asked.channel,
        reason=asked.reason,
        escalation_severity=asked.escalation_severity,
        contact_id=asked.contact_id,
        requested_at=receipt.at,
        suggestions=tuple(asked.suggestions),
        receipt=receipt,
        case_ids=tuple(asked.case_ids),
    )
    duty = decided.Duty(duty=asked.duty, due_at=asked.due_at, clock=asked.clock)
    escalation = Escalation(
        id=asked.escalation_id,
        request_id=asked.request_id,
        status=STATUS_AFTER[type(asked)],
        policy=receipt.policy.name,
        version=receipt.policy.version,
        contact_id=awaited.contact_id,
        level="support",
        duties=_set([duty], now),
        awaited=awaited,
    )
    return changed(case, escalation=escalation, requests=case.requests + digest(asked.request_id))


def _without_duties(case: Case, decision: decided.Decision, held: EndReason | None = None) -> Case:
    """What ends an escalation, or its running, drops all that was owed."""
    status = STATUS_AFTER[type(decision)]
    after = changed(_current(case), status=status, duties=(), awaited=None, held=held)
    return changed(case, escalation=after)


# --- recorded --------------------------------------------------------------------------------


def _recorded(case: Case, recorded: decided.Recorded, now: Moment) -> Case:
    escalation = _current(case)
    match recorded:
        case decided.Acknowledged():
            escalation = changed(escalation, status=STATUS_AFTER[type(recorded)])
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
    if recorded.fulfilled or recorded.duties:
        escalation = changed(escalation, duties=_after(escalation, recorded, now))
    return changed(case, escalation=escalation)


def _after(escalation: Escalation, recorded: decided.Recorded, now: Moment) -> tuple[OpenDuty, ...]:
    """The open duties after what was done. A report credited to a missed period leaves the
    open one."""
    before = {one.duty: one for one in escalation.duties}
    credited = {
        one.duty
        for one in recorded.fulfilled
        if one.duty in before and one.due_at != before[one.duty].due_at
    }
    closed = {one.duty for one in recorded.fulfilled} - credited
    gone = closed | {one.duty for one in recorded.duties}
    still = tuple(
        changed(one, missed=None) if one.duty in credited else one
        for one in escalation.duties
        if one.duty not in gone
    )
    return still + _set(recorded.duties, now, escalation.duties)


def _missed(case: Case, missed: decided.DeadlineMissed) -> Case:
    """The next of a recurring duty takes its place, as if set when this one was due."""
    escalation = _current(case)
    if missed.duties:
        then = Moment(missed.due_at, missed.due_at, missed.due_at)
        again = _set(missed.duties, then, escalation.duties)
        again = tuple(changed(one, missed=missed.due_at) for one in again)
        kept = tuple(one for one in escalation.duties if one.duty != missed.duty)
        duties = kept + again
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
    due, left = replanned.due_at, replanned.left
    used = replanned.used or timedelta()
    if due is None:
        return changed(duty, due_at=None, fires_at=None, since=now.at, left=left, used=used)
    moved = changed(duty, due_at=due, fires_at=_fires(due, now.clock), left=left, used=used)
    if replanned.why in ("calendar-changed", "severity-changed"):
        return moved
    return changed(moved, since=now.at)


# --- duties ----------------------------------------------------------------------------------


def _set(
    duties: Iterable[decided.Duty], now: Moment, before: Iterable[OpenDuty] = ()
) -> tuple[OpenDuty, ...]:
    """New open duties; ``before`` are those that some of them follow."""
    followed = {one.duty: one for one in before}
    return tuple(_begun(one, now, followed.get(one.duty)) for one in duties)


def _begun(duty: decided.Duty, now: Moment, before: OpenDuty | None) -> OpenDuty:
    begun = OpenDuty(
        duty.duty,
        duty.due_at,
        duty.clock,
        _fires(duty.due_at, now.clock),
        began=now.at,
        since=now.at,
    )
    if before is None:
        return begun
    return changed(
        begun, number=before.number + 1, follows=before.due_at, missed=before.missed
    )  # fmt: skip


def _fires(due_at: datetime | None, clock: datetime) -> datetime | None:
    if due_at is None or due_at >= clock:
        return due_at
    return clock + GRACE
