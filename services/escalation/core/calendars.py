"""The working clock: which hours count, and what an instant plus so much of them is.

Two clocks exist, elapsed and working; this file is the second. Everything is computed on UTC
instants; local rules and the zone are only used to find the intervals of a day, so a night with
a clock change is as long as it really was.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

DAY = timedelta(days=1)
FAR = 366 * 3
"""Days after which the search for a working hour gives up: such a calendar never opens."""


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(str(value))
    except (ValueError, OSError):
        raise ValueError(f"{value} is no time zone; write one such as Europe/Berlin") from None


Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Interval = tuple[str, str]


class Calendar(BaseModel):
    """Working hours by weekday (0 is Monday), several intervals a day, in one zone."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    name: str = "default"
    timezone: Zone = ZoneInfo("UTC")
    hours: tuple[tuple[Interval, ...], ...] = ((("09:00", "17:00"),),) * 5 + ((),) * 2
    holidays: frozenset[date] = frozenset()

    @model_validator(mode="after")
    def _hours_are_sound(self) -> Calendar:
        if len(self.hours) != 7 or not any(self.hours):
            raise ValueError("hours: give seven days, Monday first, at least one of them open")
        for day in self.hours:
            edges = [minutes(edge) for interval in day for edge in interval]
            if edges != sorted(set(edges)):
                raise ValueError("hours: the intervals of a day must follow one another")
        return self

    def __hash__(self) -> int:
        return hash((self.name, self.timezone.key, self.hours, self.holidays))


def minutes(text: str) -> int:
    """Minutes since midnight of ``HH:MM``; ``24:00`` is the end of the day."""
    hour, _, minute = text.partition(":")
    found = int(hour) * 60 + int(minute)
    if not (len(text) == 5 and 0 <= found <= 24 * 60 and int(minute) < 60):
        raise ValueError(f"{text} is no time of day such as 09:00")
    return found


@lru_cache(maxsize=4096)
def openings(calendar: Calendar, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """The working intervals of one local day, in UTC."""
    if day in calendar.holidays:
        return ()
    found = []
    for opens, closes in calendar.hours[day.weekday()]:
        interval = (_instant(calendar, day, opens), _instant(calendar, day, closes))
        if interval[0] < interval[1]:
            found.append(interval)
    return tuple(found)


def _instant(calendar: Calendar, day: date, edge: str) -> datetime:
    at = minutes(edge)
    if at == 24 * 60:
        day, at = day + DAY, 0
    local = datetime.combine(day, time(at // 60, at % 60), calendar.timezone)
    return local.astimezone(UTC)


def _intervals_from(calendar: Calendar, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    first = start.astimezone(calendar.timezone).date() - DAY
    for ahead in range(FAR):
        for opens, closes in openings(calendar, first + ahead * DAY):
            if closes > start:
                yield max(opens, start), closes


def add_working(calendar: Calendar, start: datetime, length: timedelta) -> datetime:
    """The instant at which ``length`` of working time after ``start`` has passed."""
    left = length
    for opens, closes in _intervals_from(calendar, start):
        if closes - opens >= left:
            return opens + left
        left -= closes - opens
    raise ValueError(f"calendar {calendar.name} has not enough working hours")


def working_between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """How much working time lies between two instants; nothing where they are not in order."""
    total = timedelta()
    for opens, closes in _intervals_from(calendar, start):
        if opens >= end:
            break
        total += min(closes, end) - opens
    return total


def next_opening(calendar: Calendar, start: datetime) -> datetime:
    """The first working instant at or after ``start``."""
    return next(opens for opens, _ in _intervals_from(calendar, start))
