"""Instants as people read them, in the zone of whoever reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from schemas.vocabulary import parse_instant
from schemas.zones import zone

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


@lru_cache(maxsize=1_000)
def zone_of(name: str | None) -> ZoneInfo:
    """The zone of that name; UTC where none or no such is given."""
    try:
        return zone(name or "UTC")
    except ValueError:
        return zone("UTC")


@dataclass(frozen=True, slots=True)
class Clock:
    """Shows instants to one reader, to the minute."""

    zone: ZoneInfo
    now: datetime

    def show(self, instant: datetime | str) -> str:
        """``Monday, 23 November 2026, 15:04 (Europe/Berlin, UTC+01:00)``: never a bare time.

        Up to a whole minute, so that who asks at the time shown is not too early.
        """
        moment = _instant(instant)
        whole = moment.replace(second=0, microsecond=0)
        return self._shown(whole if whole == moment else whole + timedelta(minutes=1))

    def happened(self, instant: datetime | str) -> str:
        """The same for what is over: the minute in which it was."""
        return self._shown(_instant(instant))

    @property
    def now_shown(self) -> str:
        return self._shown(self.now)

    def _shown(self, instant: datetime) -> str:
        moment = instant.astimezone(self.zone)
        day = f"{_DAYS[moment.weekday()]}, {moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
        return f"{day}, {moment:%H:%M} ({_offset(self.zone, moment)})"

    def is_past(self, instant: datetime | str) -> bool:
        return _instant(instant) <= self.now


def _instant(value: datetime | str) -> datetime:
    return parse_instant(value) if isinstance(value, str) else value


def _offset(zone: ZoneInfo, moment: datetime) -> str:
    if zone.key == "UTC":
        return "UTC"
    offset = moment.strftime("%z")
    return f"{zone.key}, UTC{offset[:3]}:{offset[3:5]}"
