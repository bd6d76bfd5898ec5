"""Duties: which begin when, how long each lasts on its own clock, what keeps one, what follows.

A duty is an instant in the case's state. ``replanning.py`` moves open duties, ``deadlines.py``
says when missing one is decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.calendars import (
    NEVER,
    add_working,
    daily_after,
    days_later,
    local_day,
    midnight,
    working_between,
)
from policies.entries import Begins, DutySpec
from policies.model import Policy
from schemas.decided import Duty, Fulfilment
from schemas.vocabulary import Severity
from services.escalation.core.case import Escalation, OpenDuty


@dataclass(frozen=True, slots=True)
class Terms:
    """What the length of a case's duties depends on, beside the duty itself."""

    policy: Policy
    severity: Severity | None = None
    frequency: timedelta | None = None


def terms_of(escalation: Escalation, policy: Policy, severity: Severity | None) -> Terms:
    """The terms of a running escalation, ``severity`` being the case's."""
    return Terms(policy, severity, escalation.frequency)


def duties_of(terms: Terms, begins: Begins, start: datetime) -> list[Duty]:
    """The duties that begin then, counted from ``start``."""
    return [
        Duty(duty=one.duty, due_at=due_at(one, terms, start), clock=one.clock)
        for one in terms.policy.duties
        if one.begins == begins
    ]


# --- on the duty's own clock -----------------------------------------------------------------


def due_at(spec: DutySpec, terms: Terms, start: datetime) -> datetime:
    """When a duty that begins at ``start`` is due, by its own clock (000-20, 001-17, 002-11).

    A daily one is due on the first working day after that of its beginning (003-18).
    """
    calendar = terms.policy.calendar
    if spec.working_days is not None:
        return days_later(calendar, start, spec.working_days)
    if spec.daily_at is not None:
        return daily_after(calendar, local_day(calendar, start), spec.daily_at)
    return after(spec, terms, start, length_of(spec, terms))


def length_of(spec: DutySpec, terms: Terms) -> timedelta:
    """The length of a duty that has one: a plan's duty lasts the plan's period."""
    if spec.begins == "communication-plan":
        return terms.frequency or timedelta()
    if terms.severity is not None and terms.severity in spec.by_severity:
        return spec.by_severity[terms.severity]
    return spec.length or timedelta()


def after(spec: DutySpec, terms: Terms, start: datetime, length: timedelta) -> datetime:
    """``length`` after ``start`` on the duty's own clock; never before ``start``."""
    length = max(length, timedelta())
    if spec.clock == "working":
        return add_working(terms.policy.calendar, start, length)
    return later(start, length)


def between(spec: DutySpec, policy: Policy, start: datetime, end: datetime) -> timedelta:
    """What the duty's own clock counts from ``start`` to ``end``; below zero in reverse order."""
    if spec.clock == "elapsed":
        return end - start
    if end < start:
        return -working_between(policy.calendar, end, start)
    return working_between(policy.calendar, start, end)


def later(start: datetime, length: timedelta) -> datetime:
    """Elapsed time; what would lead out of the calendar ends where it does."""
    return start + length if length < NEVER - start else NEVER


# --- kept ------------------------------------------------------------------------------------


def fulfilled(
    escalation: Escalation, terms: Terms, keeps: Iterable[str], at: datetime
) -> tuple[list[Fulfilment], list[Duty]]:
    """What an action keeps, and what begins again. It counts by its own time, however late it
    was reported."""
    done, again = [], []
    for spec, one in _kept_by(escalation, terms.policy, keeps):
        if _is_for_the_missed_period(spec, terms.policy, one, at):
            done.append(Fulfilment(duty=one.duty, due_at=one.missed, at=at, kept=True))
        elif _is_in_an_earlier_period(spec, one, at) or not _may_keep(
            spec, terms.policy, one.due_at, at
        ):
            continue
        else:
            is_kept = one.due_at is None or at <= one.due_at
            done.append(Fulfilment(duty=one.duty, due_at=one.due_at, at=at, kept=is_kept))
            if spec.repeats:
                again.append(next_of(spec, terms, one, at))
    return done, again


def _kept_by(
    escalation: Escalation, policy: Policy, keeps: Iterable[str]
) -> Iterator[tuple[DutySpec, OpenDuty]]:
    keys = frozenset(keeps)
    for one in escalation.duties:
        spec = policy.specs.get(one.duty)
        if spec is not None and not keys.isdisjoint(spec.kept_by):
            yield spec, one


def _is_for_the_missed_period(spec: DutySpec, policy: Policy, duty: OpenDuty, at: datetime) -> bool:
    """Whether a late report refutes the latest miss of a recurring duty, which it does once."""
    return (
        duty.missed is not None
        and at <= duty.missed
        and _may_keep(spec, policy, duty.missed, at)
    )  # fmt: skip


def _is_in_an_earlier_period(spec: DutySpec, duty: OpenDuty, at: datetime) -> bool:
    """Whether the report's time lies in a period that is over: it is recorded and keeps nothing.

    Days and a plan's periods end when they were due; of the others a new period begins with each
    report.
    """
    if duty.number == 1:
        return False
    has_fixed_periods = spec.daily_at is not None or spec.begins == "communication-plan"
    ended_at = (duty.follows or duty.began) if has_fixed_periods else duty.began
    return ended_at is not None and at <= ended_at


def _may_keep(spec: DutySpec, policy: Policy, due: datetime | None, at: datetime) -> bool:
    """A daily duty can be kept from 00:00 of its day."""
    if spec.daily_at is None or due is None:
        return True
    return at >= midnight(policy.calendar, due)


def next_of(spec: DutySpec, terms: Terms, duty: OpenDuty, begins: datetime) -> Duty:
    """The one after: of a day the next, of a plan its next period, else counted from ``begins``.

    While the clock is paused, the next is paused too.
    """
    if duty.due_at is None:
        due = None
    elif spec.daily_at is not None:
        gone = local_day(terms.policy.calendar, duty.due_at)
        due = daily_after(terms.policy.calendar, gone, spec.daily_at)
    elif spec.begins == "communication-plan":
        due = later(duty.due_at, length_of(spec, terms))
    else:
        due = due_at(spec, terms, begins)
    return Duty(duty=spec.duty, due_at=due, clock=spec.clock)
