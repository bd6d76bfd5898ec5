"""Write a message: what was decided, in words, in the reader's time zone.

Pure. The text is complete by itself; the HTML says the same. Built when the message is sent,
from what is known then. The words stand in ``templates/``, codes become words in ``words.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from schemas.vocabulary import parse_instant
from schemas.zones import zone
from services.notifier.core import words
from services.notifier.core.mailbox import one_line

_DAYS: Final = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads; without a known zone in UTC."""

    name: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What the case is about, in the customer's words; for readers in support."""

    title: str | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Somebody:
    """How to reach a person of the case."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    timezone: str | None = None
    working_hours: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """All that a template may use. ``brief`` is the decision, the rest is known of the case."""

    template: str
    subject: str
    happened_at: datetime
    written_at: datetime
    brief: Mapping[str, Any]
    reader: Reader = Reader()
    case: About = About()
    requester: Somebody | None = None
    contact: Somebody | None = None
    comments: str | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    subject: str
    text: str
    html: str


def write(told: Told) -> Wording:
    """The message in words. Errors: a template that does not exist, or misses a value."""
    at = Clock(zone_of(told.reader.timezone), told.written_at)
    values: dict[str, Any] = {
        "told": told,
        "brief": told.brief,
        "place": words.place(told.subject),
        "at": at,
        "words": words,
        "greeting": _greeting(told.reader),
        "clean": clean,
    }
    subject = _render(f"{told.template}.subject.txt", values)
    text = _render(f"{told.template}.txt", values)
    html = _render(f"{told.template}.html", values)
    return Wording(one_line(subject, 150), _tidy(text), html.strip() + "\n")


def _greeting(reader: Reader) -> str:
    name = one_line(reader.name or "", 80)
    return f"Hello {name}," if name else "Hello,"


def clean(text: object) -> str:
    """Reported text as it may stand in a body: no control characters, at most 4,000 letters."""
    lines = str(text).replace("\r\n", "\n").replace("\r", "\n")
    return _UNSEEN.sub("", lines)[:4_000].strip()


def _tidy(text: str) -> str:
    """Templates leave blank lines where a part is absent; a reader needs one at most."""
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines) + "\n"


# --- instants as people read them ---------------------------------------------------------


@lru_cache(maxsize=1_000)
def zone_of(name: str | None) -> ZoneInfo:
    """The zone of that name; UTC where none or no such is given."""
    try:
        return zone(name or "UTC")
    except ValueError:
        return zone("UTC")


@dataclass(frozen=True, slots=True)
class Clock:
    """Shows instants to one reader."""

    zone: ZoneInfo
    now: datetime

    def show(self, instant: datetime | str) -> str:
        """``Monday, 23 November 2026, 15:04 (Europe/Berlin, UTC+01:00)``: never a bare time."""
        moment = _whole_second(_instant(instant)).astimezone(self.zone)
        day = f"{_DAYS[moment.weekday()]}, {moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
        time = f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
        return f"{day}, {time} ({_offset(self.zone, moment)})"

    def is_past(self, instant: datetime | str) -> bool:
        return _instant(instant) <= self.now


def _instant(value: datetime | str) -> datetime:
    return parse_instant(value) if isinstance(value, str) else value


def _whole_second(instant: datetime) -> datetime:
    """Up, so that who asks at the time shown is not too early."""
    return instant.replace(microsecond=0) + timedelta(seconds=bool(instant.microsecond))


def _offset(zone: ZoneInfo, moment: datetime) -> str:
    if zone.key == "UTC":
        return "UTC"
    offset = moment.strftime("%z")
    return f"{zone.key}, UTC{offset[:3]}:{offset[3:5]}"


# --- templates ----------------------------------------------------------------------------


_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("services.notifier"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def _render(template: str, values: dict[str, Any]) -> str:
    return _ENVIRONMENT.get_template(template).render(values)
