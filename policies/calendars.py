"""The working clock: which hours count, and what an instant plus so much of them is.

Two clocks exist, elapsed and working; this file is the second. Everything is computed on UTC
instants; local rules and the zone are only used to find the intervals of a day, so a night with
a clock change is as long as it really was.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from schemas.zones import zone

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
HORIZON = 366 * 200
"""Days after which the search for working time gives up: such a calendar never has enough."""
NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""Later than anything that is ever due: where working time would lead out of every calendar."""
DATES_AT_MOST = 500
"""Days of its own that a calendar may name; fewer than the search for working time looks at."""
KNOWN_YEARS = (1970, 2100)


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    return zone(str(value))


Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Interval = tuple[str, str]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _week(value: object) -> object:
    """Seven days in a row, or by name: ``{monday: [09:00-12:00, 13:00-17:00], ...}``."""
    if not isinstance(value, dict):
        return value
    if unknown := sorted(set(map(str, value)) - set(WEEKDAYS)):
        raise ValueError(f"{', '.join(unknown)} is no weekday; write monday to sunday")
    return tuple(_day(value.get(day) or ()) for day in WEEKDAYS)


def _day(value: object) -> object:
    """The intervals of a day; one may stand without brackets."""
    if isinstance(value, str):
        return (_interval(value),)
    return tuple(map(_interval, value)) if isinstance(value, list | tuple) else value


def _interval(value: object) -> object:
    if not isinstance(value, str):
        return value
    opens, dash, closes = value.partition("-")
    if not dash:
        raise ValueError(f"{value} is no interval; write one such as 09:00-17:00")
    return opens, closes


def _worked(value: object) -> object:
    """Days in a row, days with hours of their own (``{2026-12-26: [09:00-13:00]}``), or pairs."""
    if isinstance(value, dict):
        return tuple((day, _day(intervals or ())) for day, intervals in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(one if isinstance(one, list | tuple) else (one, ()) for one in value)
    return value


Worked = tuple[tuple[date, tuple[Interval, ...]], ...]


class Calendar(BaseModel):
    """Working hours by weekday, several intervals a day, in one zone; and the days off.

    ``country`` (such as DE) and ``subdivision`` (such as BY) name public holidays; ``holidays``
    are days off beside them, ``worked`` the days on which work is done all the same: in hours of
    their own, else in those of their weekday, else in those of the first weekday that is open.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    name: str | None = None
    timezone: Zone = zone("UTC")
    hours: Annotated[tuple[tuple[Interval, ...], ...], BeforeValidator(_week)] = (
        (("09:00", "17:00"),),
    ) * 5 + ((),) * 2
    country: str | None = None
    subdivision: str | None = None
    holidays: frozenset[date] = Field(default=frozenset(), max_length=DATES_AT_MOST)
    worked: Annotated[Worked, BeforeValidator(_worked)] = Field(
        default=(), max_length=DATES_AT_MOST
    )

    @model_validator(mode="after")
    def _hours_are_sound(self) -> Self:
        if len(self.hours) != 7 or not any(self.hours):
            raise ValueError(
                "hours: nothing ever opens, or days are missing; name the days, at "
                "least one of them open"
            )
        for day in (*self.hours, *(intervals for _, intervals in self.worked)):
            edges = [minutes(edge) for interval in day for edge in interval]
            if any(minutes(opens) >= minutes(closes) for opens, closes in day):
                raise ValueError(
                    "hours: an interval ends before it begins; write a shift across midnight as "
                    "two: until 24:00, and from 00:00 on the next day"
                )
            if edges != sorted(edges):
                raise ValueError("hours: the intervals of a day overlap; let one follow another")
        return self

    @model_validator(mode="after")
    def _country_is_known(self) -> Self:
        if self.country is None and self.subdivision is None:
            return self
        from holidays import list_supported_countries  # slow to import, and seldom needed

        known = list_supported_countries(include_aliases=False)
        if self.country is not None and self.country not in known:
            raise ValueError(f"country: {self.country} is not one that is known; write DE, US, ...")
        if self.subdivision is None:
            return self
        if self.country is None:
            raise ValueError(f"subdivision: {self.subdivision} is part of no country; add country")
        if self.subdivision not in known[self.country]:
            parts = ", ".join(known[self.country][:20])
            raise ValueError(
                f"subdivision: {self.subdivision} is not a part of {self.country}; write one of "
                f"{parts or 'none: it has no parts'}"
            )
        return self

    def __hash__(self) -> int:
        return hash((self.name, self.timezone.key, self.hours, self.country, self.subdivision,
                     self.holidays, self.worked))  # fmt: skip

    @cached_property
    def worked_days(self) -> dict[date, tuple[Interval, ...]]:
        """The hours of each day on which work is done all the same."""
        first = next(intervals for intervals in self.hours if intervals)
        return {day: own or self.hours[day.weekday()] or first for day, own in self.worked}

    def is_off(self, day: date) -> bool:
        """Whether a day is a holiday, the country's or the calendar's own."""
        return day in self.holidays or day in public_holidays(
            self.country, self.subdivision, day.year
        )


@lru_cache(maxsize=512)
def public_holidays(country: str | None, subdivision: str | None, year: int) -> frozenset[date]:
    """The public holidays of a year; none where no country is named or nobody can know yet."""
    if country is None or not KNOWN_YEARS[0] <= year <= KNOWN_YEARS[1]:
        return frozenset()
    from holidays import country_holidays  # slow to import, and seldom needed

    return frozenset(country_holidays(country, subdiv=subdivision, years=year))


def minutes(text: str) -> int:
    """Minutes since midnight of ``HH:MM``; ``24:00`` is the end of the day."""
    hour, _, minute = text.partition(":")
    is_form = len(text) == 5 and len(hour) == 2 and (hour + minute).isdecimal()
    if not is_form or int(minute) > 59 or (found := int(hour) * 60 + int(minute)) > 24 * 60:
        raise ValueError(f"{text} is not a time of day; write two digits each, such as 09:00")
    return found


@lru_cache(maxsize=4096)
def openings(calendar: Calendar, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """The working intervals of one local day, in UTC."""
    worked = calendar.worked_days.get(day)
    if worked is None and calendar.is_off(day):
        return ()
    found = []
    for opens, closes in worked or calendar.hours[day.weekday()]:
        interval = (_instant(calendar, day, opens), _instant(calendar, day, closes))
        if interval[0] < interval[1]:
            found.append(interval)
    return tuple(found)


def _instant(calendar: Calendar, day: date, edge: str) -> datetime:
    at = minutes(edge)
    if at == 24 * 60:
        day, at = day + DAY, 0
    return _at(calendar, day, time(at // 60, at % 60))


def _at(calendar: Calendar, day: date, wall: time) -> datetime:
    """The instant of a wall time; of one that the clock skips, the instant at which it does."""
    local = datetime.combine(day, wall, calendar.timezone)
    instant = local.astimezone(UTC)
    if instant.astimezone(calendar.timezone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _when_it_skips(local.replace(fold=1).astimezone(UTC), instant, calendar.timezone)


def _when_it_skips(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The one instant between these two at which the zone's offset changes."""
    was = before.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == was:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _intervals_from(calendar: Calendar, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    first = start.astimezone(calendar.timezone).date() - DAY
    for ahead in range(HORIZON):
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
    return NEVER


def working_between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """How much working time lies between two instants; nothing where they are not in order."""
    total = timedelta()
    for opens, closes in _intervals_from(calendar, start):
        if opens >= end:
            break
        total += min(closes, end) - opens
    return total


# --- whole working days ----------------------------------------------------------------------


def days_later(calendar: Calendar, start: datetime, days: int) -> datetime:
    """The same wall time so many working days later, within that day's opening hours (002-11)."""
    local = start.astimezone(calendar.timezone)
    return _clipped(calendar, nth_working_day(calendar, local.date(), days), local.time())


def daily_after(calendar: Calendar, day: date, at: str) -> datetime:
    """The instant at which it is ``at`` on the first working day after ``day`` (003-18)."""
    return _instant(calendar, nth_working_day(calendar, day, 1), at)


def local_day(calendar: Calendar, at: datetime) -> date:
    """The day on which an instant lies in the calendar's zone."""
    return at.astimezone(calendar.timezone).date()


def midnight(calendar: Calendar, at: datetime) -> datetime:
    """00:00 of the local day on which an instant lies."""
    return _instant(calendar, local_day(calendar, at), "00:00")


def nth_working_day(calendar: Calendar, day: date, number: int) -> date:
    """The so manyth day after ``day`` on which the calendar opens at all."""
    for ahead in range(1, HORIZON):
        later = day + ahead * DAY
        if openings(calendar, later):
            number -= 1
            if number == 0:
                return later
    raise ValueError(f"calendar {calendar.name} has not enough working days")


def _clipped(calendar: Calendar, day: date, wall: time) -> datetime:
    at = _at(calendar, day, wall)
    intervals = openings(calendar, day)
    for opens, closes in intervals:
        if at <= closes:
            return max(at, opens)
    return intervals[-1][1]
