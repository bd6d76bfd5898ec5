"""The words that every event shares: listed values, people, instants, durations.

Nothing here knows an event, a policy or a transport. Next: ``reported.py`` and ``decided.py``.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, LiteralString, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

Severity = Literal["S1", "S2", "S3", "S4"]
AuthorRole = Literal["customer", "agent", "manager", "team", "bot"]
Visibility = Literal["public", "internal"]
Format = Literal["plain", "html"]
Channel = Literal["button", "form", "comment", "phone", "email", "related-link", "api"]
RequestSource = Literal["customer", "internal"]
EscalationSeverity = Literal["high", "medium", "low"]
BusinessImpact = Literal["limited", "moderate", "major", "critical"]
Mode = Literal["email", "phone", "conference"]
Audience = Literal["customer", "internal"]
Level = Literal["support", "team-manager", "department-head", "executive"]
Trend = Literal["improving", "same", "declining"]
VoidReason = Literal["unrelated-case", "exception-request", "entered-by-mistake"]
LinkAnswer = Literal["linked", "case-unknown", "case-closed", "unrelated-account"]
Status = Literal[
    "awaiting-approval", "escalated", "acknowledged", "monitored", "ended", "voided", "declined"
]
Clock = Literal["elapsed", "working"]

REPLY_MARKER = "##- Please write your reply above this line -##"
"""The line with which our own mails begin; of a comment, what stands below it is quoted."""

NAIVE_TIME = "naive_time"
"""The error type of an instant without an offset; the codec gives it a reason of its own."""

LONGEST_ID = 256
"""Bytes of UTF-8 of an id or code: what every store behind can hold in an index."""
LONGEST_SUBJECT = 192
LONGEST_CASE_ID = 128
"""Characters, not bytes."""
LARGEST_WHOLE_NUMBER = 2**63 - 1
LARGEST_VERSION = 2**31 - 1
"""Of a policy."""

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:(?P<second>\d\d)(?:\.\d+)?"
    r"(?P<offset>[Zz]|[+-]\d\d:?\d\d|[+-]\d\d)?",
    re.ASCII,
)
_OFFSET_LENGTH = len("+01:00")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DURATION = re.compile(r"[+-]?P(?=.)[0-9.,YMWDTHS]*", re.ASCII)
_TIMEDELTA = TypeAdapter(timedelta)
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def parse_instant(value: object) -> datetime:
    """Read an RFC 3339 instant with offset; the answer is in UTC.

    Second 60, a leap second, is the next second. Errors: ``naive_time`` without an offset,
    ``instant`` for anything else. Instants outside the years 1900 to 8999 are refused, so that
    adding a window to one cannot overflow.
    """
    if not isinstance(value, str) or (found := _INSTANT.fullmatch(value)) is None:
        raise PydanticCustomError("instant", "an instant is text in RFC 3339 with an offset")
    offset = found["offset"]
    if offset is None:
        raise PydanticCustomError(NAIVE_TIME, "the instant has no offset: add Z or +hh:mm")
    if 1 < len(offset) < _OFFSET_LENGTH:
        raise PydanticCustomError("instant", _unfinished(offset))
    try:
        if found["second"] == "60":
            instant = _read(value[:17] + "59" + value[19:]) + timedelta(seconds=1)
        else:
            instant = _read(value)
    except (ValueError, OverflowError):
        instant = _LATEST
    if not _EARLIEST <= instant < _LATEST:
        raise PydanticCustomError("instant", "there is no such instant, or it is out of range")
    return instant


def _read(value: str) -> datetime:
    instant = datetime.fromisoformat(value.upper())
    return instant if instant.tzinfo is UTC else instant.astimezone(UTC)


def _unfinished(offset: str) -> LiteralString:
    """What an offset of ISO 8601 lacks that RFC 3339 asks for."""
    if len(offset) == len("+01"):
        return "the offset of the instant lacks its minutes: write it as in +01:00"
    return "the offset of the instant lacks its colon: write it as in +01:00"


def parse_duration(value: object) -> timedelta:
    """Read an ISO 8601 duration such as ``PT4H`` or ``P1D``; years are 365 days, months 30."""
    if not isinstance(value, str) or _DURATION.fullmatch(value) is None:
        raise PydanticCustomError("duration", "a duration is ISO 8601 text such as PT4H")
    try:
        return _TIMEDELTA.validate_python(value)
    except ValueError:
        raise PydanticCustomError("duration", "there is no such duration") from None


def parse_date(value: object) -> str:
    """Read a calendar date ``YYYY-MM-DD`` and keep it as text."""
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        raise PydanticCustomError("date", "a date is text such as 2026-11-23")
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("date", "there is no such date") from None
    return value


def _date_or_instant(value: object) -> str | datetime:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return parse_date(value)
    return parse_instant(value)


def instant_text(instant: datetime) -> str:
    """Write an instant as every event of ours does: UTC with microseconds and ``Z``."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def _blank_is_absent(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Instant = Annotated[
    datetime,
    PlainValidator(parse_instant),
    PlainSerializer(instant_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Duration = Annotated[
    timedelta,
    PlainValidator(parse_duration),
    PlainSerializer(lambda d: _TIMEDELTA.dump_python(d, mode="json"), return_type=str),
    WithJsonSchema({"type": "string", "format": "duration"}),
]
Date = Annotated[
    str, PlainValidator(parse_date), WithJsonSchema({"type": "string", "format": "date"})
]
DateOrInstant = Annotated[
    str | datetime, PlainValidator(_date_or_instant), WithJsonSchema({"type": "string"})
]
BlankIsAbsent = BeforeValidator(_blank_is_absent)
"""A blank string in a field with listed values counts as absent."""


_WIDEST = 4
"""Bytes of UTF-8 that a character takes at most."""


def bytes_of(text: str) -> int:
    """The length of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _at_most(longest: int) -> AfterValidator:
    def check(text: str) -> str:
        if len(text) * _WIDEST > longest and bytes_of(text) > longest:
            raise PydanticCustomError(
                "too_long", "longer than {longest} bytes of UTF-8", {"longest": longest}
            )
        return text

    return AfterValidator(check)


_KEPT = re.compile(r"[A-Za-z0-9._-]{1,64}")


Word = TypeVar("Word")


def kept_code(word: Word) -> Word | None:
    """The word where it may be kept for ever, else None: free text could be personal."""
    return word if not isinstance(word, str) or _KEPT.fullmatch(word) else None


Id = Annotated[
    str,
    StringConstraints(min_length=1),
    _at_most(LONGEST_ID),
    Field(json_schema_extra={"maxLength": LONGEST_ID}),
]
Code = Annotated[str, _at_most(LONGEST_ID), Field(json_schema_extra={"maxLength": LONGEST_ID})]
"""A word of a list that an organisation keeps: a tier, a programme, a team, a role."""
KeptCode = Annotated[Code | None, BeforeValidator(kept_code)]
"""A word from outside as a decision keeps it for ever."""
CaseId = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=LONGEST_CASE_ID, pattern=r"^[^/\x00-\x1f\x7f-\x9f]+$"
    ),
    _at_most(LONGEST_SUBJECT),
]
"""A case's own id: it is the subject and the key of its events."""
WholeNumber = Annotated[int, Field(ge=-LARGEST_WHOLE_NUMBER, le=LARGEST_WHOLE_NUMBER)]
Anything = list[JsonValue]


class Said(BaseModel):
    """What all parts of an event share: no coercion, unknown fields skipped, immutable."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, defer_build=True)


class Person(Said):
    """Somebody in the support system. Only ``id`` may be kept for ever; the rest is personal."""

    id: Id
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    timezone: Code | None = None
    working_hours: Any = None
    roles: list[Code] | None = None


def is_blank(text: str | None) -> bool:
    """Absent, null and blank are the same to a rule that asks for words."""
    return text is None or not text.strip()
