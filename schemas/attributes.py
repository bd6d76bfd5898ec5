"""The attributes of an event: found in either mode, and held to their bounds.

The content-type decides the mode, never the presence of ``ce_`` headers. Next: ``codec.py``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from schemas.json_text import parse
from schemas.subject import PREFIXED
from schemas.unreadable import Unfit
from schemas.vocabulary import (
    LARGEST_WHOLE_NUMBER,
    LONGEST_CASE_ID,
    LONGEST_ID,
    LONGEST_SUBJECT,
    bytes_of,
)

Headers = Sequence[tuple[str, bytes | None]]
STRUCTURED: Final = "application/cloudevents+json; charset=UTF-8"

_LONGEST: Final = {
    "id": LONGEST_ID, "source": 512, "correlationid": LONGEST_ID, "causationid": LONGEST_ID,
    "traceparent": LONGEST_ID,
}  # fmt: skip
_NEEDED: Final = ("id", "source", "type", "subject", "time")
_WHOLE: Final = ("sourcepartition", "sourceoffset")
_ALWAYS_SHORT: Final = LONGEST_ID // 4
"""Characters that keep every bound but the subject's: one takes at most 4 bytes."""
_TOO_LARGE: Final = "a whole number that does not fit 63 bits"
_MOST_DIGITS: Final = len(str(LARGEST_WHOLE_NUMBER))
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NO_SUBJECT: Final = (
    f"subject: neither a case id (1 to {LONGEST_CASE_ID} characters without /) nor "
    + ", ".join(f"{kind}/<id>" for kind in PREFIXED)
)
_HOW: Final = f"send the event as one JSON object with content-type {STRUCTURED}"


def open_event(value: bytes | None, headers: Headers) -> tuple[dict[str, Any], Any, bool]:
    """Attributes, data, and whether both are sound. Errors: ``Unfit``, in the contract's order."""
    if value is None:
        raise Unfit("not-json", "the record has no value")
    content_type = _content_type(headers)
    body, sound = parse(value)
    if content_type is None or content_type.startswith(b"application/cloudevents"):
        attributes = _structured(body, content_type)
        data, sound = _structured_data(attributes, sound)
    else:
        attributes, data = _binary(headers), body
        if "specversion" not in attributes and isinstance(body, dict) and "specversion" in body:
            raise Unfit("not-an-envelope", f"binary mode without ce_specversion: {_HOW}")
    _check_needed(attributes)
    return attributes, data, sound


def _content_type(headers: Headers) -> bytes | None:
    for name, value in headers:
        if name.lower() == "content-type":
            return value and value.strip().lower()
    return None


def _structured(body: object, content_type: bytes | None) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Unfit("not-an-envelope", f"the value is JSON but not an object: {_HOW}")
    if content_type is None and "specversion" not in body:
        raise Unfit("not-an-envelope", f"neither a content-type nor a specversion: {_HOW}")
    return body


def _structured_data(attributes: dict[str, Any], sound: bool) -> tuple[Any, bool]:
    if "data" in attributes or "data_base64" not in attributes:
        return attributes.get("data"), sound
    try:
        decoded = base64.b64decode(attributes["data_base64"], validate=True)
    except (ValueError, TypeError):
        return None, sound
    try:
        data, sound_too = parse(decoded)
    except Unfit as unfit:
        if unfit.unreadable.reason == "schema-invalid":
            raise
        return None, sound
    return data, sound and sound_too


def _binary(headers: Headers) -> dict[str, Any]:
    try:
        return {
            name[3:].lower(): value.decode("utf-8")
            for name, value in headers
            if name[:3].lower() == "ce_" and value is not None
        }
    except UnicodeDecodeError:
        raise Unfit("not-an-envelope", "a ce_ header is not UTF-8") from None


def _check_needed(attributes: dict[str, Any]) -> None:
    if attributes.get("specversion") != "1.0":
        raise Unfit(
            "not-an-envelope", "specversion is not 1.0: this is not a CloudEvent that we read"
        )
    for name in _NEEDED:
        value = attributes.get(name)
        if type(value) is not str or not value:
            raise Unfit("not-an-envelope", f"the attribute {name} is missing or not text")


def problem_of(attributes: dict[str, Any]) -> str | None:
    """What makes the attributes ``schema-invalid``; None where nothing does."""
    for name, value in attributes.items():
        is_short = type(value) is str and (len(value) <= _ALWAYS_SHORT or name not in _LONGEST)
        if is_short and value.isprintable():
            continue
        if (problem := _problem_of_one(name, value)) is not None:
            return problem
    return None if subject_kind(attributes["subject"]) else _NO_SUBJECT


def _problem_of_one(name: str, value: object) -> str | None:
    longest = _LONGEST.get(name)
    if isinstance(value, str):
        if not value.isprintable() and _UNSEEN.search(value):
            return f"{_named(name)}: holds a control character or a lone surrogate"
        if longest is not None and bytes_of(value) > longest:
            return f"{name}: longer than {longest} bytes of UTF-8"
    elif longest is not None and value is not None:
        return f"{name}: not text"
    elif type(value) is int and abs(value) > LARGEST_WHOLE_NUMBER:
        return f"{_named(name)}: {_TOO_LARGE}"
    return None


def _named(name: str) -> str:
    """Names that we know; another could hold anything, and what is wrong is told in a header."""
    known = name in _LONGEST or name in _NEEDED or name in _WHOLE
    return name if known else "an attribute"


def problem_of_numbers(attributes: dict[str, Any]) -> str | None:
    """As ``problem_of``, of those of a decision's attributes that a reporter need not know."""
    for name in _WHOLE:
        value = attributes.get(name)
        if value is not None and _is_digits(value) and whole_number(value) is None:
            return f"{name}: {_TOO_LARGE}"
    return None


def whole_number(value: object) -> int | None:
    """What the digits of an attribute stand for; None where they are none, or beyond 63 bits."""
    if not isinstance(value, str) or not _is_digits(value):
        return None
    digits = value.lstrip("0") or "0"
    number = int(digits) if len(digits) <= _MOST_DIGITS else LARGEST_WHOLE_NUMBER + 1
    return number if number <= LARGEST_WHOLE_NUMBER else None


def _is_digits(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit()


@lru_cache(maxsize=65_536)
def subject_kind(subject: str) -> str | None:
    """``case``, ``account``, ``person``, ``request``, ``review`` or ``clock``; None for no subject.

    The key of a record is its subject, so this is the one place that says what a key may be.
    """
    if _UNSEEN.search(subject) or bytes_of(subject) > LONGEST_SUBJECT:
        return None
    kind, slash, rest = subject.partition("/")
    if not slash:
        return "case" if 1 <= len(subject) <= LONGEST_CASE_ID else None
    return kind if kind in PREFIXED and rest else None
