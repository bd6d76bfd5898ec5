"""Duties: which begin when, what keeps them, and when missing one is decided.

A duty is an instant in the case's state. The log is the only clock: ``clock`` is the greatest
broker timestamp read in the partition, never a process's own watch.
"""

from __future__ import annotations

from datetime import datetime

from schemas.decided import DeadlineMissed, Duty, Fulfilment
from services.escalation.core.calendars import add_working
from services.escalation.core.case import Case, Escalation
from services.escalation.core.policy import DutySpec, Policy


def duties_at_acceptance(policy: Policy, start: datetime) -> list[Duty]:
    """The duties that begin with an accepted request, counted from the request's time."""
    return [
        Duty(duty=spec.duty, due_at=due_at(spec, policy, start), clock=spec.clock)
        for spec in policy.duties
    ]


def due_at(spec: DutySpec, policy: Policy, start: datetime) -> datetime:
    """When a duty that begins at ``start`` is due, by its own clock (000-20, 001-17)."""
    if spec.clock == "elapsed":
        return start + spec.length
    return add_working(policy.calendar, start, spec.length)


def fulfilled(
    escalation: Escalation, policy: Policy, action: str, at: datetime
) -> list[Fulfilment]:
    """What an action keeps. It counts by its own time, also when it was reported late."""
    keeps = {spec.duty for spec in policy.duties if action in spec.kept_by}
    return [
        Fulfilment(
            duty=one.duty,
            due_at=one.due_at,
            at=at,
            kept=one.due_at is None or at <= one.due_at,
        )
        for one in escalation.duties
        if one.duty in keeps
    ]


def next_fire(case: Case) -> datetime | None:
    """When the next missed duty of this case must be decided; None where nothing is open."""
    if case.escalation is None:
        return None
    pending = [one.fires_at for one in case.escalation.duties if one.fires_at is not None]
    return min(pending, default=None)


def missed(subject: str, case: Case, clock: datetime) -> DeadlineMissed | None:
    """The first duty due at or before the clock, by due instant and then name."""
    escalation = case.escalation
    if escalation is None:
        return None
    late = [
        (one.due_at, one.duty)
        for one in escalation.duties
        if one.fires_at is not None and one.due_at is not None and one.fires_at <= clock
    ]
    if not late:
        return None
    due, duty = min(late)
    return DeadlineMissed(
        case_id=subject,
        escalation_id=escalation.id,
        duty=duty,
        due_at=due,
        level=escalation.level,
    )
