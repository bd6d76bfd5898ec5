"""The stretch of time that a review shows, from what was written at the prompt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from policies.calendars import Calendar, openings
from schemas.zones import zone as zone_named
from services.projections.review.questions.queries import Until
from services.projections.review.times import instant

DAY = timedelta(days=1)
A_YEAR = 366


@dataclass(frozen=True)
class Period:
    """What a review shows: how things stand at ``until``, and what is new since ``since``."""

    since: datetime
    until: datetime
    zone: tzinfo = UTC
    is_past: bool = False

    @property
    def bound(self) -> Until:
        """The same as a bound of questions."""
        return Until(self.until, self.is_past)


@dataclass(frozen=True)
class PeriodOptions:
    """What was written at the prompt."""

    date: str | None = None
    as_of: str | None = None
    since: str | None = None
    zone: str = "UTC"


def period(asked: PeriodOptions, calendar: Calendar, now: datetime) -> Period:
    """The stretch that was asked for. Errors: ``ValueError`` that says what to write instead.

    Without ``since`` it begins at the same time of the working day before, so that a Monday shows
    the weekend.
    """
    zone = zone_named(asked.zone)
    until, is_past = _until(asked, zone, now)
    since = _working_day_before(calendar, until, zone)
    if asked.since is not None:
        since = moment(asked.since)
        if since >= until:
            raise ValueError(
                f"--since {asked.since} is not before {instant(until, zone)}, where the review ends"
            )
    return Period(since, until, zone, is_past)


def _until(asked: PeriodOptions, zone: tzinfo, now: datetime) -> tuple[datetime, bool]:
    if asked.date is not None and asked.as_of is not None:
        raise ValueError("give a date or a moment, not both")
    if asked.as_of is not None:
        at = moment(asked.as_of)
        if at > now:
            raise ValueError(f"{instant(at, zone)} is still to come; give a moment up to now")
        return at, True
    if asked.date is None:
        return now, False
    begins = _day(asked.date, zone)
    if begins > now:
        raise ValueError(f"{asked.date} is still to come; give a day up to today")
    ends = _midnight(begins.date() + DAY, zone)
    return (now, False) if ends > now else (ends, True)


def _working_day_before(calendar: Calendar, until: datetime, zone: tzinfo) -> datetime:
    """The same time of day, so many days earlier as the last working day lies back."""
    local = until.astimezone(zone)
    shown = (local - timedelta(microseconds=1)).date()  # midnight ends the day before
    back = next((n for n in range(1, A_YEAR) if openings(calendar, shown - n * DAY)), 1)
    return datetime.combine(local.date() - back * DAY, local.time(), zone).astimezone(UTC)


def moment(text: str) -> datetime:
    """Read an instant with offset. Errors: ``ValueError``."""
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise ValueError(f"{text} needs an offset; write {text}Z or {text}+01:00")
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text} is outside the years that are kept") from None
    except ValueError as error:
        if "offset;" in str(error):
            raise
        raise ValueError(f"{text} is no moment; write one such as 2026-11-23T09:00:00Z") from None


def _day(text: str, zone: tzinfo) -> datetime:
    try:
        return _midnight(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date(), zone)
    except (ValueError, OverflowError):
        raise ValueError(f"{text} is not a day; write one such as 2026-11-23") from None


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone)
