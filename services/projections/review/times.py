"""Instants and spans in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

MINUTE = timedelta(minutes=1)


def instant(at: datetime | None, zone: tzinfo = UTC) -> str:
    """An instant as people of a zone write it, with the zone; the year where it is another one."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    year = "" if local.year == datetime.now(zone).year else " %Y"
    return local.strftime(f"%a %d %b{year} %H:%M %Z")


def span(length: timedelta) -> str:
    """A length of time in at most two units: 1d 4h, 3h 05m, 12m."""
    length = abs(length)
    if length < MINUTE:
        return "less than a minute"
    minutes = int(length.total_seconds()) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days}d {hours}h"
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m"
