"""Lint of lengths, hours and days: what is too long, never comes, or says two things at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from policies.authoring.finding import Finding
from policies.calendars import WEEKDAYS, minutes, public_holidays
from policies.entries import SEVERITIES, DutySpec
from policies.model import Policy


def _windows_grow_with_severity(policy: Policy) -> Iterator[Finding]:
    for tier in sorted({tier for by_tier in policy.windows.values() for tier in by_tier}):
        lengths = [policy.windows[severity][tier] for severity in sorted(policy.windows)]
        if lengths != sorted(lengths):
            yield Finding(
                "windows", f"{tier}: a higher severity waits longer than a lower one",
                "order them from S1 to S4",
            )  # fmt: skip


def _lengths_grow_with_severity(policy: Policy) -> Iterator[Finding]:
    for spec in policy.duties:
        if spec.length is None or not spec.by_severity:
            continue
        lengths = [spec.by_severity.get(severity, spec.length) for severity in SEVERITIES]
        if lengths != sorted(lengths):
            yield Finding(
                f"duties.{spec.duty}", "a higher severity is given more time than a lower one",
                "order by_severity from S1 to S4; a severity not named has the length",
            )  # fmt: skip


def _days_come_at_an_open_hour(policy: Policy) -> Iterator[Finding]:
    for spec in policy.duties:
        closed = [WEEKDAYS[day] for day in _closed_at(policy, spec)]
        if closed:
            yield Finding(
                f"duties.{spec.duty}",
                f"at {spec.daily_at} nobody works on {', '.join(closed)}, though that day is open",
                "choose a time within the hours of every open day",
            )  # fmt: skip


def _closed_at(policy: Policy, spec: DutySpec) -> Iterator[int]:
    """The open weekdays on which a daily duty falls outside the hours; the end itself is in."""
    for day, intervals in enumerate(policy.calendar.hours):
        at = spec.daily_at
        if at is None or not intervals:
            continue
        if not any(minutes(one) <= minutes(at) <= minutes(other) for one, other in intervals):
            yield day


def _days_mean_something(policy: Policy) -> Iterator[Finding]:
    calendar = policy.calendar
    worked = dict(calendar.worked)
    for day in sorted(calendar.holidays & worked.keys()):
        yield Finding(
            "calendar.worked", f"{day} is a day off and worked at once", "name it in one of them"
        )
    for day in sorted(worked.keys() - calendar.holidays):
        public = public_holidays(calendar.country, calendar.subdivision, day.year)
        if calendar.hours[day.weekday()] and not worked[day] and day not in public:
            yield Finding(
                "calendar.worked", f"{day} is worked anyway: it is no public holiday", "drop it"
            )


OF_TIME: Final[tuple[Callable[[Policy], Iterator[Finding]], ...]] = (
    _windows_grow_with_severity, _lengths_grow_with_severity, _days_come_at_an_open_hour,
    _days_mean_something,
)  # fmt: skip
