"""A calendar as it stands after somebody changed it: a holiday declared late, other hours."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import ValidationError

from schemas.reported import CalendarChanged, DateEntry
from services.escalation.core.calendars import Calendar
from services.escalation.core.policies import Policies


def calendar_after(policies: Policies, change: CalendarChanged) -> Calendar | str:
    """The calendar with the zone, hours and dates of the change; what it does not name stays.

    What is wrong with it, in words, where it cannot be used.
    """
    base = policies.calendar(change.calendar)
    if base is None:
        return f"no policy uses a calendar named {change.calendar}"
    fields: dict[str, Any] = base.model_dump()
    if change.timezone is not None:
        fields["timezone"] = change.timezone
    if change.working_hours is not None:
        fields["hours"] = change.working_hours
    if change.dates is not None:
        entries = [
            one if isinstance(one, DateEntry) else DateEntry(date=one) for one in change.dates
        ]
        fields["holidays"] = {_day(one) for one in entries if one.kind == "holiday"}
        fields["worked"] = [
            (_day(one), one.hours or ()) for one in entries if one.kind == "working"
        ]
    try:
        return Calendar.model_validate(fields)
    except ValidationError as error:
        return f"calendar {change.calendar}: {error.errors()[0]['msg']}"


def merged(before: CalendarChanged | None, change: CalendarChanged) -> CalendarChanged:
    """Both changes of a calendar in one: what the later does not name, the earlier says."""
    if before is None:
        return change
    return CalendarChanged(
        calendar=change.calendar,
        version=change.version,
        timezone=before.timezone if change.timezone is None else change.timezone,
        working_hours=(
            before.working_hours if change.working_hours is None else change.working_hours
        ),
        dates=before.dates if change.dates is None else change.dates,
    )


def _day(entry: DateEntry) -> date:
    return date.fromisoformat(entry.date)
