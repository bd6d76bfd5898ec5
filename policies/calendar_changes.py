"""A calendar as it stands after somebody changed it: a holiday declared late, other hours."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import ValidationError

from policies.calendars import Calendar
from policies.catalogue import Policies
from schemas.reported import CalendarChanged, DateEntry


def with_change(policies: Policies, change: CalendarChanged) -> Policies | str:
    """The policies after a change of every calendar of that name, each in its own zone and hours.

    What is wrong with the change, in words, where it cannot be used; then nothing changes.
    """
    named = [one for one in policies if one.calendar_name == change.calendar]
    if not named:
        return f"no policy uses a calendar named {change.calendar}"
    after: dict[tuple[str, int], Calendar] = {}
    for policy in named:
        found = _calendar_after(policy.calendar, change)
        if isinstance(found, str):
            return found
        after[policy.policy, policy.version] = found
    return policies.with_calendars(after)


def _calendar_after(calendar: Calendar, change: CalendarChanged) -> Calendar | str:
    """What the change does not name stays as it is."""
    fields: dict[str, Any] = calendar.model_dump()
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
