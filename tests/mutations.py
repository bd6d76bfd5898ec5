"""Records of the case topic as nobody should send them: valid ones of every type, mutated.

A mutation changes one thing in the event, its bytes, its headers, its key or its timestamp. Most
keep key and subject alike, so that they get as far as the core.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from hypothesis import strategies as st

from schemas.codec import STRUCTURED_HEADERS, write
from tests.generated.story import story

NOW_MS: Final = 1_772_530_000_000
STAMPS: Final = (0, -1, 10**20, -(10**18), 2**63 - 1, NOW_MS * 1000, 253_402_300_799_999, 1)
"""Timestamps in milliseconds that no broker gives."""


def _nested(levels: int) -> Any:
    found: Any = "x"
    for _ in range(levels):
        found = [found]
    return found


WEIRD: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1.5, 1e308, 2**63, 10**300, "", " ", "x", "\x00", "\ud800", "\u202e",
    "a" * 6_000, "9" * 5_000, "0" * 20, "/", "account/", "clock/0", "case-42", [], [[]], {},
    {"id": None}, {"id": "x", "roles": ["", None]}, [{"id": "x"}] * 3, _nested(99), _nested(300),
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z",
    "2026-06-30T23:59:60Z", "2026-03-03T09:00:00", "8999-12-31T00:00:00Z", "1969-12-31T23:59:59Z",
    "PT0.000001S", "P999999999D", "-P1D", "PT0S", "P366D", "PT1H", "S4", "titanium", "templated",
    "engineer-led", "account-approved", "public", "high", "NaN",
)  # fmt: skip
"""What may stand where something else was expected."""


@dataclass(frozen=True)
class Wild:
    """A record as it might arrive."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = STRUCTURED_HEADERS
    timestamp: int = NOW_MS


@lru_cache
def valid() -> tuple[Wild, ...]:
    """A history of two weeks in which every reported type occurs."""
    return tuple(
        Wild(event.key, write(event), timestamp=int(event.time.timestamp() * 1000))
        for event in story()
    )


@st.composite
def mutated(draw: st.DrawFn, of: Sequence[Wild] = ()) -> Wild:
    """A valid record of any type with something wrong, or merely unusual, about it."""
    record = draw(st.sampled_from(of or valid()))
    for change in draw(st.lists(st.sampled_from(_CHANGES), min_size=1, max_size=3)):
        record = change(draw, record)
    return record


# --- mutations -------------------------------------------------------------------------------


def _event(draw: st.DrawFn, record: Wild) -> Wild:
    """Another value, or none, at some place of the event; the key follows the subject."""
    try:
        event = deepcopy(json.loads(record.value or b""))
    except (ValueError, RecursionError):
        return record
    place = draw(st.sampled_from(list(_places(event)) or [()]))
    if not place:
        return record
    holder = event
    for step in place[:-1]:
        holder = holder[step]
    if draw(st.booleans()) and isinstance(holder, dict):
        del holder[place[-1]]
    else:
        holder[place[-1]] = draw(st.sampled_from(WEIRD))
    subject = event.get("subject") if isinstance(event, dict) else None
    key = subject.encode("utf-8", "surrogatepass") if isinstance(subject, str) else record.key
    return replace(record, key=key, value=json.dumps(event).encode())


def _places(part: Any, at: tuple[Any, ...] = ()) -> Any:
    if isinstance(part, dict | list) and len(at) < 8:
        for step in part if isinstance(part, dict) else range(len(part)):
            yield (*at, step)
            yield from _places(part[step], (*at, step))


def _bytes(draw: st.DrawFn, record: Wild) -> Wild:
    """Some bytes replaced, cut off or put in."""
    value = record.value or b""
    at = draw(st.integers(0, len(value)))
    gone, put = draw(st.integers(0, 20)), draw(st.binary(max_size=20))
    return replace(record, value=value[:at] + put + value[at + gone :])


def _whole(draw: st.DrawFn, record: Wild) -> Wild:
    return replace(record, value=draw(st.none() | st.binary(max_size=50)))


def _key(draw: st.DrawFn, record: Wild) -> Wild:
    return replace(record, key=draw(st.none() | st.binary(max_size=300)))


def _headers(draw: st.DrawFn, record: Wild) -> Wild:
    """Other headers; binary mode among them."""
    names = st.sampled_from(["content-type", "ce_id", "ce_type", "ce_sourceoffset", "x", "x\\xff"])
    values = st.none() | st.binary(max_size=30) | st.sampled_from([b"a\x00", b"\xff", b"9" * 5_000])
    more = draw(st.lists(st.tuples(names, values), max_size=5))
    return replace(record, headers=(*more, *(record.headers if draw(st.booleans()) else ())))


def _binary_mode(draw: st.DrawFn, record: Wild) -> Wild:
    """The same event in headers and value; one attribute as nobody should send it."""
    try:
        event = json.loads(record.value or b"")
        data, named = event.pop("data", None), dict(event)
    except (ValueError, RecursionError, AttributeError, TypeError):
        return record
    headers = [(f"ce_{name}", str(one).encode("utf-8", "replace")) for name, one in named.items()]
    if headers:
        at = draw(st.integers(0, len(headers) - 1))
        tail = draw(st.sampled_from([b"", b"\x00", b"\xff", b"\n", b"9" * 5_000]))
        headers[at] = (headers[at][0], headers[at][1] + tail)
    more = ("content-type", b"application/json")
    return replace(record, headers=(*headers, more), value=json.dumps(data).encode())


def _stamp(draw: st.DrawFn, record: Wild) -> Wild:
    stamps = st.sampled_from(STAMPS) | st.integers(-(2**63), 2**63 - 1)
    return replace(record, timestamp=draw(stamps))


_CHANGES: Final = (_event, _event, _event, _bytes, _whole, _key, _headers, _binary_mode, _stamp)
