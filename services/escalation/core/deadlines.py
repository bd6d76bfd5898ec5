"""Duties: which begin when, what keeps, pauses and repeats them, when missing one is decided.

A duty is an instant in the case's state. The log is the only clock: ``clock`` is the greatest
broker timestamp read in the partition, never a process's own watch.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from schemas.decided import DeadlineMissed, Duty, DutyReplanned, Fulfilment, ReplanReason
from schemas.vocabulary import Severity
from services.escalation.core.calendars import (
    NEVER,
    add_working,
    daily,
    daily_after,
    days_later,
    local_day,
    midnight,
    working_between,
)
from services.escalation.core.case import Case, Escalation, OpenDuty
from services.escalation.core.policies import Policies
from services.escalation.core.policy import Begins, DutySpec, Policy


def duties_of(
    policy: Policy, begins: Begins, start: datetime, severity: Severity | None = None
) -> list[Duty]:
    """The duties that begin then, counted from ``start``."""
    return [
        Duty(duty=one.duty, due_at=due_at(one, policy, start, severity), clock=one.clock)
        for one in policy.duties
        if one.begins == begins
    ]


def due_at(
    spec: DutySpec, policy: Policy, start: datetime, severity: Severity | None = None
) -> datetime:
    """When a duty that begins at ``start`` is due, by its own clock (000-20, 001-17, 002-11)."""
    if spec.working_days is not None:
        return days_later(policy.calendar, start, spec.working_days)
    if spec.daily_at is not None:
        return daily(policy.calendar, start, spec.daily_at)
    length = spec.by_severity.get(severity, spec.length) if severity else spec.length
    assert length is not None, "a plan's duty is counted by its frequency"
    return after(policy, spec, start, length)


def after(policy: Policy, spec: DutySpec, start: datetime, length: timedelta) -> datetime:
    """``length`` after ``start`` on the duty's own clock."""
    if spec.clock == "working":
        return add_working(policy.calendar, start, length)
    return later(start, length)


def later(start: datetime, length: timedelta) -> datetime:
    """Elapsed time; what would lead out of the calendar ends where it does."""
    return start + length if length < NEVER - start else NEVER


# --- kept ------------------------------------------------------------------------------------


def fulfilled(
    escalation: Escalation, policy: Policy, keeps: Iterable[str], at: datetime
) -> tuple[list[Fulfilment], list[Duty]]:
    """What an action keeps, and what begins again. It counts by its own time, however late it
    was reported."""
    done, again = [], []
    keys = frozenset(keeps)
    for one in escalation.duties:
        spec = policy.specs.get(one.duty)
        if spec is None or keys.isdisjoint(spec.kept_by) or not _may_keep(spec, policy, one, at):
            continue
        is_kept = one.due_at is None or at <= one.due_at
        done.append(Fulfilment(duty=one.duty, due_at=one.due_at, at=at, kept=is_kept))
        if spec.repeats:
            again.append(_next(spec, policy, escalation, one, at))
    return done, again


def _may_keep(spec: DutySpec, policy: Policy, duty: OpenDuty, at: datetime) -> bool:
    """A daily duty can be kept from 00:00 of its day."""
    if spec.daily_at is None or duty.due_at is None:
        return True
    return at >= midnight(policy.calendar, duty.due_at)


def _next(
    spec: DutySpec, policy: Policy, escalation: Escalation, duty: OpenDuty, begins: datetime
) -> Duty:
    """The one after: of a day the next, of a plan its next period, else counted from ``begins``.

    While the clock is paused, the next is paused too.
    """
    if duty.due_at is None:
        return Duty(duty=spec.duty, due_at=None, clock=spec.clock)
    if spec.daily_at is not None:
        gone = local_day(policy.calendar, duty.due_at)
        due = daily_after(policy.calendar, gone, spec.daily_at)
    elif spec.begins == "communication-plan":
        assert escalation.frequency is not None
        due = later(duty.due_at, escalation.frequency)
    else:
        due = due_at(spec, policy, begins)
    return Duty(duty=spec.duty, due_at=due, clock=spec.clock)


# --- missed ----------------------------------------------------------------------------------


def next_fire(case: Case) -> datetime | None:
    """When the next missed duty of this case must be decided; None where nothing is open."""
    if case.escalation is None:
        return None
    pending = [one.fires_at for one in case.escalation.duties if one.fires_at is not None]
    return min(pending, default=None)


def first_late(case: Case, clock: datetime) -> OpenDuty | None:
    """The first duty due at or before the clock, by due instant and then name."""
    if case.escalation is None:
        return None
    late = [
        (one.due_at, one.duty, one)
        for one in case.escalation.duties
        if one.fires_at is not None and one.due_at is not None and one.fires_at <= clock
    ]
    return min(late)[2] if late else None


def missed(
    case_id: str | None, case: Case, clock: datetime, policies: Policies
) -> DeadlineMissed | None:
    """The decision that the first duty which the clock has passed was missed, if there is one."""
    late, escalation = first_late(case, clock), case.escalation
    if late is None or escalation is None or late.due_at is None:
        return None
    policy = policies.version(escalation.policy, escalation.version)
    spec = policy.specs.get(late.duty)
    again = spec is not None and spec.repeats
    return DeadlineMissed(
        case_id=case_id,
        escalation_id=escalation.id,
        duty=late.duty,
        due_at=late.due_at,
        level=escalation.level,
        duties=[_next(spec, policy, escalation, late, late.due_at)] if again and spec else [],
    )


# --- planned anew ----------------------------------------------------------------------------


def paused(escalation: Escalation, policy: Policy) -> list[tuple[OpenDuty, None, ReplanReason]]:
    """The clocks that stop while the customer is asked for something (002-13)."""
    return [
        (one, None, "paused")
        for one in escalation.duties
        if one.due_at is not None and one.fires_at is not None and _pauses(policy, one)
    ]


def resumed(
    escalation: Escalation, policy: Policy, at: datetime
) -> list[tuple[OpenDuty, datetime, ReplanReason]]:
    """The clocks that go on with what was left, now that the customer has answered (002-13)."""
    return [
        (one, _resumed(policy.specs[one.duty], policy, one, at), "resumed")
        for one in escalation.duties
        if one.due_at is None and one.duty in policy.specs
    ]


def _pauses(policy: Policy, duty: OpenDuty) -> bool:
    spec = policy.specs.get(duty.duty)
    return spec is not None and spec.pauses


def _resumed(spec: DutySpec, policy: Policy, duty: OpenDuty, at: datetime) -> datetime:
    if duty.was_due_at is None or duty.since is None:
        return due_at(spec, policy, at)
    if spec.clock == "working":
        left = working_between(policy.calendar, duty.since, duty.was_due_at)
    else:
        left = max(duty.was_due_at - duty.since, timedelta())
    return after(policy, spec, at, left)


def by_plan(
    escalation: Escalation, policy: Policy, start: datetime, frequency: timedelta
) -> tuple[list[Duty], list[tuple[OpenDuty, datetime, ReplanReason]]]:
    """A communication plan begins the duties of its periods, or plans the open ones anew
    (003-21)."""
    due = later(start, frequency)
    held = {one.duty: one for one in escalation.duties}
    begun: list[Duty] = []
    changed: list[tuple[OpenDuty, datetime, ReplanReason]] = []
    for spec in policy.duties:
        if spec.begins != "communication-plan":
            continue
        if spec.duty not in held:
            begun.append(Duty(duty=spec.duty, due_at=due, clock=spec.clock))
        elif held[spec.duty].due_at != due:
            changed.append((held[spec.duty], due, "plan-changed"))
    return begun, changed


def by_severity(
    escalation: Escalation, policy: Policy, severity: Severity
) -> list[tuple[OpenDuty, datetime, ReplanReason]]:
    """The open duties whose length depends on the severity, counted from where they began."""
    found: list[tuple[OpenDuty, datetime, ReplanReason]] = []
    for one in escalation.duties:
        spec = policy.specs.get(one.duty)
        if spec is None or not spec.by_severity or not _is_counted(one) or one.since is None:
            continue
        due = due_at(spec, policy, one.since, severity)
        if due != one.due_at:
            found.append((one, due, "severity-changed"))
    return found


def by_calendar(
    escalation: Escalation, before: Policy, policy: Policy
) -> list[tuple[OpenDuty, datetime, ReplanReason]]:
    """The open duties that another calendar moves, counted from where they began or went on."""
    found: list[tuple[OpenDuty, datetime, ReplanReason]] = []
    for one in escalation.duties:
        spec = policy.specs.get(one.duty)
        if spec is None or one.clock != "working" or not _is_counted(one) or one.since is None:
            continue
        if one.has_resumed and one.due_at is not None:
            left = working_between(before.calendar, one.since, one.due_at)
            due = after(policy, spec, one.since, left)
        elif spec.daily_at is not None and one.follows is not None:
            gone = local_day(before.calendar, one.follows)
            due = daily_after(policy.calendar, gone, spec.daily_at)
        else:
            due = due_at(spec, policy, one.since)
        if due != one.due_at:
            found.append((one, due, "calendar-changed"))
    return found


def _is_counted(duty: OpenDuty) -> bool:
    """Open, not paused, and not yet missed."""
    return duty.due_at is not None and duty.fires_at is not None


def replanned(
    named: dict[str, str | None],
    found: Iterable[tuple[OpenDuty, datetime | None, ReplanReason]],
) -> tuple[DutyReplanned, ...]:
    """The decisions about duties that were planned anew. ``named`` holds their ids."""
    return tuple(
        DutyReplanned(
            **named, duty=one.duty, was_due_at=one.due_at, due_at=due, why=why
        )
        for one, due, why in found
    )  # fmt: skip
