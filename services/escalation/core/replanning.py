"""Open duties planned anew: paused and resumed, by a plan, by a severity, by a calendar.

What remains of a paused duty is measured when it pauses, on its own clock, and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from policies.calendars import daily_after, local_day
from policies.entries import DutySpec
from policies.model import Policy
from schemas.decided import Duty, DutyReplanned, ReplanReason
from services.escalation.core.case import Escalation, OpenDuty
from services.escalation.core.duties import Terms, after, between, due_at, later, length_of


@dataclass(frozen=True, slots=True)
class Replan:
    """An open duty and when it is due from now on; null while its clock is paused."""

    duty: OpenDuty
    due_at: datetime | None
    why: ReplanReason
    left: timedelta | None = None
    used: timedelta | None = None


def replanned(named: dict[str, str | None], found: Iterable[Replan]) -> tuple[DutyReplanned, ...]:
    """The decisions about duties that were planned anew. ``named`` holds their ids."""
    return tuple(
        DutyReplanned(
            **named, duty=one.duty.duty, was_due_at=one.duty.due_at, due_at=one.due_at,
            why=one.why, left=one.left, used=one.used,
        )
        for one in found
    )  # fmt: skip


# --- the customer is asked, and answers ------------------------------------------------------


def paused(escalation: Escalation, policy: Policy, at: datetime) -> list[Replan]:
    """The clocks that stop while the customer is asked for something (002-13)."""
    return [
        Replan(one, None, "paused", *_measured(spec, policy, one, at))
        for spec, one in _counted(escalation, policy)
        if spec.pauses
    ]


def _measured(
    spec: DutySpec, policy: Policy, duty: OpenDuty, at: datetime
) -> tuple[timedelta, timedelta]:
    """What is left and what was used of a duty that stops at ``at``."""
    assert duty.due_at is not None, "only a running clock is stopped"
    left = max(between(spec, policy, at, duty.due_at), timedelta())
    used = duty.used + between(spec, policy, duty.since or at, at)
    return left, used


def resumed(escalation: Escalation, terms: Terms, at: datetime) -> list[Replan]:
    """The clocks that go on with what was left, now that the customer has answered (002-13)."""
    return [
        _resumed(terms.policy.specs[one.duty], terms, one, at)
        for one in escalation.duties
        if one.due_at is None and one.duty in terms.policy.specs
    ]


def _resumed(spec: DutySpec, terms: Terms, duty: OpenDuty, at: datetime) -> Replan:
    if duty.left is None:  # it began during the pause: nothing of it was used
        return Replan(duty, due_at(spec, terms, at), "resumed")
    left = duty.left
    if spec.by_severity:  # the severity may have changed meanwhile
        left = max(length_of(spec, terms) - duty.used, timedelta())
    return Replan(duty, after(spec, terms, at, left), "resumed", left, duty.used)


# --- a communication plan, a severity, a calendar --------------------------------------------


def by_plan(
    escalation: Escalation, policy: Policy, start: datetime, frequency: timedelta
) -> tuple[list[Duty], list[Replan]]:
    """A communication plan begins the duties of its periods, or plans the open ones anew
    (003-21)."""
    due = later(start, frequency)
    held = {one.duty: one for one in escalation.duties}
    specs = [spec for spec in policy.duties if spec.begins == "communication-plan"]
    begun = [
        Duty(duty=spec.duty, due_at=due, clock=spec.clock)
        for spec in specs
        if spec.duty not in held
    ]
    moved = [held[spec.duty] for spec in specs if spec.duty in held]
    return begun, [Replan(one, due, "plan-changed") for one in moved if one.due_at != due]


def by_severity(escalation: Escalation, terms: Terms, at: datetime) -> list[Replan]:
    """The running duties whose length depends on the severity: the new length less what was
    used so far, at least zero. A paused one is measured anew when it resumes."""
    found = []
    for spec, one in _counted(escalation, terms.policy):
        if not spec.by_severity or one.since is None:
            continue
        left = length_of(spec, terms) - one.used
        due = max(after(spec, terms, one.since, left), at) if left > timedelta() else at
        if due != one.due_at:
            kept = None if one.left is None else max(left, timedelta())
            found.append(Replan(one, due, "severity-changed", kept, one.used or None))
    return found


def by_calendar(escalation: Escalation, before: Policy, terms: Terms) -> list[Replan]:
    """The running duties that another calendar moves, counted from where they began or went
    on."""
    found = []
    for spec, one in _counted(escalation, terms.policy):
        if one.clock != "working" or one.since is None:
            continue
        due = _on_this_calendar(spec, before, terms, one)
        if due != one.due_at:
            found.append(Replan(one, due, "calendar-changed", one.left, one.used or None))
    return found


def _on_this_calendar(spec: DutySpec, before: Policy, terms: Terms, duty: OpenDuty) -> datetime:
    assert duty.since is not None, "it was counted from somewhere"
    if duty.left is not None:
        return after(spec, terms, duty.since, duty.left)
    if spec.daily_at is not None and duty.follows is not None:
        gone = local_day(before.calendar, duty.follows)
        return daily_after(terms.policy.calendar, gone, spec.daily_at)
    return due_at(spec, terms, duty.since)


def _counted(escalation: Escalation, policy: Policy) -> Iterator[tuple[DutySpec, OpenDuty]]:
    """The duties whose clock runs: not paused, and not yet missed."""
    for one in escalation.duties:
        spec = policy.specs.get(one.duty)
        if spec is not None and one.due_at is not None and one.fires_at is not None:
            yield spec, one
