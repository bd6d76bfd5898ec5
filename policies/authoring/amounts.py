"""Lengths and hours of a policy in words."""

from __future__ import annotations

from itertools import groupby

from policies.calendars import WEEKDAYS, Calendar
from policies.entries import DutySpec


def length_of(spec: DutySpec) -> str:
    """A duty's length in words, and where a severity has another."""
    if spec.working_days is not None:
        usual = f"{spec.working_days} working day{'s' if spec.working_days > 1 else ''}"
    elif spec.daily_at is not None:
        usual = f"at {spec.daily_at} of each working day"
    elif spec.length is None:
        usual = "each period of the agreed communication plan"
    else:
        usual = f"{hours(spec.length.total_seconds())} {spec.clock}"
    others = [
        f"{severity} {hours(length.total_seconds())} {spec.clock}"
        for severity, length in sorted(spec.by_severity.items())
    ]
    return f"{usual} ({', '.join(others)})" if others else usual


def hours(seconds: float) -> str:
    """A length in hours or minutes, as policies are written."""
    whole, rest = divmod(int(seconds), 3600)
    return f"{whole} h" if not rest else f"{int(seconds) // 60} min"


def week(calendar: Calendar) -> str:
    """The hours of a week; days in a row that are alike stand together."""
    days = enumerate(calendar.hours)
    parts = []
    for intervals, group in groupby(days, key=lambda pair: pair[1]):
        numbers = [number for number, _ in group]
        first, last = (WEEKDAYS[numbers[index]].capitalize() for index in (0, -1))
        named = first if first == last else f"{first} to {last}"
        spans = " and ".join("-".join(interval) for interval in intervals) or "closed"
        parts.append(f"{named} {spans}")
    return ", ".join(parts)
