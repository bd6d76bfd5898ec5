"""Working hours and days, over clock changes, year ends, holidays and the date line."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from policies.calendars import (
    NEVER,
    Calendar,
    add_working,
    daily_after,
    days_later,
    local_day,
    midnight,
    nth_working_day,
    openings,
    working_between,
)

MINUTE = timedelta(minutes=1)
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
    "Pacific/Kiritimati", "Asia/Kathmandu", "Africa/Casablanca",
)  # fmt: skip
WEEKS = (
    ((("09:00", "17:00"),),) * 5 + ((),) * 2,
    ((("08:00", "12:00"), ("13:00", "17:30")),) * 5 + ((("10:00", "12:00"),), ()),
    ((("00:00", "03:00"), ("22:00", "24:00")),) * 7,
    ((("00:00", "24:00"),),) * 5 + ((),) * 2,
)
# Both clock changes of 2026 in Europe and America, Lord Howe's half hour, and the turn of a year.
EVENTFUL = [
    datetime(2026, *day, tzinfo=UTC)
    for day in ((3, 6), (3, 27), (4, 3), (10, 2), (10, 23), (10, 30), (12, 23), (12, 30))
]


def calendars() -> st.SearchStrategy[Calendar]:
    days = st.dates(date(2026, 1, 1), date(2027, 1, 10))
    return st.builds(
        Calendar,
        timezone=st.sampled_from(ZONES),
        hours=st.sampled_from(WEEKS),
        country=st.sampled_from([None, "DE", "US", "JP"]),
        holidays=st.frozensets(days, max_size=5),
        worked=st.dictionaries(
            days, st.sampled_from([(), (("10:00", "13:00"), ("14:00", "15:30"))]), max_size=3
        ),
    )


def instants() -> st.SearchStrategy[datetime]:
    near = st.builds(
        lambda day, minutes: day + minutes * MINUTE,
        st.sampled_from(EVENTFUL), st.integers(0, 6 * 1440),
    )  # fmt: skip
    anywhere = st.integers(0, 365 * 1440).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE
    )
    return near | anywhere


LENGTHS = st.integers(0, 5 * 480).map(lambda minutes: minutes * MINUTE)


def hours_of(calendar: Calendar, day: date) -> tuple[tuple[str, str], ...]:
    """The hours of a local day, as its file says them; shares no code."""
    usual = calendar.hours[day.weekday()]
    for worked, own in calendar.worked:
        if worked == day:
            return own or usual or calendar.hours[0]
    return () if calendar.is_off(day) else usual


def works(calendar: Calendar, minute: datetime) -> bool:
    """Is this minute worked? Looked up by the wall, one minute at a time."""
    local = minute.astimezone(calendar.timezone)
    wall = f"{local:%H:%M}"
    return any(opens <= wall < closes for opens, closes in hours_of(calendar, local.date()))


def counted(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """So many worked minutes, counted one by one."""
    total = 0
    while start < end:
        total += works(calendar, start)
        start += MINUTE
    return total * MINUTE


@given(calendars(), instants(), st.integers(1, 4))
@settings(deadline=None, max_examples=150)
def test_working_time_is_what_counting_every_minute_gives(
    calendar: Calendar, start: datetime, days: int
) -> None:
    end = start + days * DAY
    assert working_between(calendar, start, end) == counted(calendar, start, end)


@given(calendars(), instants(), LENGTHS)
@settings(deadline=None)
def test_adding_and_measuring_are_inverse(
    calendar: Calendar, start: datetime, length: timedelta
) -> None:
    end = add_working(calendar, start, length)
    assert working_between(calendar, start, end) == length
    if length:  # and it is the first such instant
        assert working_between(calendar, start, end - MINUTE) == length - MINUTE


@given(calendars(), instants(), LENGTHS, LENGTHS)
@settings(deadline=None)
def test_more_work_and_later_starts_never_end_earlier(
    calendar: Calendar, start: datetime, one: timedelta, more: timedelta
) -> None:
    assert add_working(calendar, start, one) <= add_working(calendar, start, one + more)
    assert add_working(calendar, start, one) <= add_working(calendar, start + more, one)


@given(calendars(), instants(), LENGTHS, LENGTHS)
@settings(deadline=None)
def test_working_time_adds_up(
    calendar: Calendar, start: datetime, one: timedelta, more: timedelta
) -> None:
    middle, end = start + one, start + one + more
    assert working_between(calendar, start, end) == working_between(
        calendar, start, middle
    ) + working_between(calendar, middle, end)


def first_worked(calendar: Calendar, start: datetime) -> datetime:
    """When the first second of working time begins."""
    return add_working(calendar, start, SECOND) - SECOND


@given(calendars(), instants())
@settings(deadline=None)
def test_the_first_second_of_work_is_worked_and_nothing_before_it_is(
    calendar: Calendar, start: datetime
) -> None:
    at = first_worked(calendar, start)
    assert at >= start
    assert works(calendar, at)
    assert counted(calendar, start, min(at, start + 4 * DAY)) == timedelta()


@given(calendars(), instants(), st.integers(1, 12))
@settings(deadline=None)
def test_days_later_is_a_working_day_and_within_its_hours(
    calendar: Calendar, start: datetime, days: int
) -> None:
    at = days_later(calendar, start, days)
    day, left = start.astimezone(calendar.timezone).date(), days
    while left:
        day += DAY
        left -= bool(hours_of(calendar, day))
    of_day = datetime.combine(day, time(), calendar.timezone).astimezone(UTC)
    next_day = datetime.combine(day + DAY, time(), calendar.timezone).astimezone(UTC)
    assert of_day <= at <= next_day
    assert works(calendar, at) or works(calendar, at - MINUTE)
    assert days_later(calendar, start, days + 1) > at


# --- worked out by hand ----------------------------------------------------------------------

BERLIN = Calendar(timezone="Europe/Berlin")


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.rule("000-20")
def test_a_day_of_24_hours_is_elapsed_whatever_the_clocks_do() -> None:
    saturday = at("2026-03-28T12:00")
    assert (saturday + DAY).astimezone(ZoneInfo("Europe/Berlin")).hour == 13


@pytest.mark.rule("002-11")
@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-03-27T15:00", "2026-03-30T15:00"),  # over the night when the clocks go forward
        ("2026-10-23T15:00", "2026-10-26T15:00"),  # and back
        ("2026-12-31T10:00", "2027-01-01T10:00"),  # New Year is a day like any other here
    ],
)
def test_one_working_day_keeps_the_time_on_the_wall(start: str, due: str) -> None:
    assert days_later(BERLIN, at(start), 1) == at(due)


@pytest.mark.rule("002-11")
def test_public_holidays_and_dates_of_ones_own_are_off_in_a_row() -> None:
    calendar = Calendar(
        timezone="Europe/Berlin", country="DE",
        holidays=frozenset({date(2026, 12, 24), date(2026, 12, 31)}),
    )  # fmt: skip
    # Wednesday; then 24 ours, 25 and 26 public, Sunday.
    assert days_later(calendar, at("2026-12-23T10:00"), 1) == at("2026-12-28T10:00")
    assert add_working(calendar, at("2026-12-30T16:00"), timedelta(hours=2)) == at(
        "2027-01-04T10:00"
    )


def test_a_day_that_is_worked_all_the_same_counts() -> None:
    calendar = Calendar.model_validate({"country": "US", "worked": [date(2026, 7, 3)]})
    assert nth_working_day(calendar, date(2026, 7, 2), 1) == date(2026, 7, 3)
    assert nth_working_day(Calendar(country="US"), date(2026, 7, 2), 1) == date(2026, 7, 6)


def test_a_saturday_that_is_worked_has_hours_of_its_own_or_the_usual_ones() -> None:
    usual = Calendar.model_validate({"worked": [date(2026, 3, 7)]})
    own = Calendar.model_validate({"worked": {date(2026, 3, 7): ["10:00-12:00"]}})
    friday = at("2026-03-06T16:00", "UTC")
    assert add_working(usual, friday, timedelta(hours=2)) == at("2026-03-07T10:00", "UTC")
    assert add_working(own, friday, timedelta(hours=2)) == at("2026-03-07T11:00", "UTC")
    assert Calendar.model_validate(own.model_dump(mode="json")) == own


@pytest.mark.rule("003-18")
def test_a_day_begins_and_ends_where_the_calendar_is() -> None:
    tokyo = Calendar.model_validate({"timezone": "Asia/Tokyo"})
    late = at("2026-03-05T23:00", "UTC")  # Friday morning in Tokyo
    assert local_day(tokyo, late) == date(2026, 3, 6)
    assert midnight(tokyo, late) == at("2026-03-05T15:00", "UTC")
    assert daily_after(tokyo, local_day(tokyo, late), "17:00") == at("2026-03-09T08:00", "UTC")
    assert local_day(Calendar(), late) == date(2026, 3, 5)


def test_what_no_calendar_has_enough_time_for_is_never_due_and_no_crash() -> None:
    minute = Calendar.model_validate({"hours": {"monday": "09:00-09:01"}})
    friday = at("2026-03-06T16:00", "UTC")
    weeks = 24 * 60
    assert add_working(minute, friday, weeks * MINUTE) == (
        at("2026-03-02T09:01", "UTC") + weeks * 7 * DAY
    )
    assert add_working(minute, friday, 900 * DAY) == NEVER
    assert working_between(Calendar(), friday - 7_000 * DAY, friday) == 5_000 * 8 * HOUR


@pytest.mark.rule("001-17")
@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-11-20T15:00", "2026-11-23T15:00"),  # Friday afternoon: Monday afternoon
        ("2026-11-21T10:00", "2026-11-24T00:00"),  # Saturday: the whole of Monday
        ("2026-11-22T23:59", "2026-11-24T00:00"),
        ("2026-11-19T08:00", "2026-11-20T08:00"),
    ],
)
def test_24_hours_counted_on_weekdays(start: str, due: str) -> None:
    weekdays = Calendar(hours=((("00:00", "24:00"),),) * 5 + ((),) * 2)
    assert add_working(weekdays, at(start, "UTC"), DAY) == at(due, "UTC")


@pytest.mark.rule("003-18")
def test_a_daily_instant_is_on_working_days() -> None:
    friday = at("2026-11-20T17:00")
    assert daily_after(BERLIN, date(2026, 11, 19), "17:00") == friday
    assert daily_after(BERLIN, date(2026, 11, 20), "17:00") == at("2026-11-23T17:00")
    assert midnight(BERLIN, friday) == at("2026-11-20T00:00")


def test_zones_at_the_date_line_have_days_of_their_own() -> None:
    late = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)  # Saturday in Kiritimati, Friday in Samoa
    assert first_worked(Calendar(timezone="Pacific/Kiritimati"), late) == at(
        "2026-11-23T09:00", "Pacific/Kiritimati"
    )
    assert first_worked(Calendar(timezone="Pacific/Pago_Pago"), late) == late


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Middle/Earth"}, {"hours": [[]] * 7}, {"hours": [[["09:00", "17:00"]]] * 6},
        {"hours": [[["17:00", "09:00"]]] + [[]] * 6}, {"country": "XX"},
        {"hours": {"moonday": ["09:00-10:00"]}}, {"country": "DE", "subdivision": "XX"},
        {"hours": [[["9", "10"]]] + [[]] * 6},
    ],
)  # fmt: skip
def test_a_calendar_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Calendar.model_validate(wrong)


# --- what the clock skips --------------------------------------------------------------------

GAPS = [
    ("Europe/Berlin", date(2026, 3, 29)), ("America/New_York", date(2026, 3, 8)),
    ("Australia/Lord_Howe", date(2026, 10, 4)), ("Pacific/Apia", date(2011, 12, 30)),
    ("America/Sao_Paulo", date(2018, 11, 4)), ("Africa/Cairo", date(2026, 4, 24)),
]  # fmt: skip
EDGES = st.lists(st.integers(1, 24 * 60 - 1), max_size=6, unique=True)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(GAPS), EDGES)
def test_however_a_day_is_cut_its_intervals_are_as_long_as_the_day_and_never_overlap(
    gap: tuple[str, date], edges: list[int]
) -> None:
    zone, day = gap
    cuts = [0, *sorted(edges), 24 * 60]
    texts = [f"{one // 60:02d}:{one % 60:02d}" for one in cuts]
    whole = tuple((opens, closes) for opens, closes in pairwise(texts))
    calendar = Calendar.model_validate({"timezone": zone, "hours": [whole] * 7})
    found = openings(calendar, day)
    real = midnight_of(zone, day + timedelta(days=1)) - midnight_of(zone, day)
    assert sum((closes - opens for opens, closes in found), timedelta()) == real
    assert all(first[1] <= then[0] for first, then in pairwise(found))


def midnight_of(zone: str, day: date) -> datetime:
    """The first instant whose local date is this day or later, looked for minute by minute."""
    rules = ZoneInfo(zone)
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=30)
    while instant.astimezone(rules).date() < day:
        instant += MINUTE
    return instant


def test_a_shift_across_midnight_is_told_how_it_is_written() -> None:
    with pytest.raises(ValidationError, match="until 24:00, and from 00:00 on the next day"):
        Calendar.model_validate({"hours": {"monday": "22:00-06:00"}})
    night = {"monday": ["22:00-24:00"], "tuesday": ["00:00-06:00"]}
    shift = Calendar.model_validate({"hours": night})
    evening = at("2026-03-02T21:00", "UTC")
    assert add_working(shift, evening, timedelta(hours=4)) == at("2026-03-03T02:00", "UTC")
