"""Bytes to envelopes and back: structured and binary CloudEvents in, structured out.

Nothing here raises whatever the bytes are: a record is read (`Envelope`), is of a type that we
do not know (`Skipped`), or is `Unreadable` with the first reason that applies, in the
contract's order. The content-type decides the mode, never the presence of ``ce_`` headers.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError, from_json

from schemas import decided, reported
from schemas.envelope import Envelope, schema_uri
from schemas.topics import LARGEST_EVENT_BYTES, partition_of
from schemas.upcasters import lift
from schemas.vocabulary import NAIVE_TIME, instant_text, parse_instant

Reason = Literal[
    "too-large", "not-json", "not-an-envelope", "key-mismatch", "partition-mismatch",
    "naive-time", "schema-invalid", "gap-event", "wildcard-records", "unmapped",
    "processing-failed",
]  # fmt: skip
Headers = Sequence[tuple[str, bytes | None]]
STRUCTURED: Final = "application/cloudevents+json; charset=UTF-8"
STRUCTURED_HEADERS: Final = (("content-type", STRUCTURED.encode()),)


@dataclass(slots=True)
class Record:
    """A Kafka record as far as reading it needs."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int = 0


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a record cannot be read: the reason's code, and a sentence for the operator."""

    reason: Reason
    text: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """An event of a type that this reader does not know."""

    type: str


class _Unfit(Exception):
    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.unreadable = Unreadable(reason, text)


Reported = Envelope[reported.Fact]
Decided = Envelope[decided.Decision]
Model = TypeVar("Model", bound=BaseModel)


def read_reported(record: Record, partitions: int | None) -> Reported | Skipped | Unreadable:
    """Read a record of the case topic.

    ``partitions`` is the topic's number of them; None where the place need not be checked.
    """
    try:
        attributes, data, sound = _open(record)
        _check_key(attributes["subject"], record, partitions)
        return _reported(attributes, data, sound)
    except _Unfit as unfit:
        return unfit.unreadable


def read_decided(record: Record) -> Decided | Skipped | Unreadable:
    """Read a record of the escalation topic. Its writer is ours, so its place is not checked."""
    try:
        attributes, data, _ = _open(record)
        model = decided.BY_TYPE.get(attributes["type"])
        if model is None:
            return Skipped(attributes["type"])
        time, decision = _checked(model, attributes["time"], data)
        return _envelope(attributes, attributes["type"], time, (decision, data))
    except _Unfit as unfit:
        return unfit.unreadable


def write(event: Envelope[BaseModel]) -> bytes:
    """Structured JSON of an event; its headers are ``STRUCTURED_HEADERS``."""
    head: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": instant_text(event.time),
        "datacontenttype": "application/json",
        "dataschema": schema_uri(event.type),
    }
    if event.source_offset is not None:
        head["sourcepartition"] = str(event.source_partition)
        head["sourceoffset"] = f"{event.source_offset:020d}"
    for name, value in _extensions(event):
        if value is not None:
            head[name] = value
    text = json.dumps(head, ensure_ascii=False)
    return b"".join((text[:-1].encode(), b', "data": ', _dump(event.data), b"}"))


def _extensions(event: Envelope[BaseModel]) -> tuple[tuple[str, str | None], ...]:
    return (
        ("correlationid", event.correlation_id),
        ("causationid", event.causation_id),
        ("traceparent", event.traceparent),
    )


def _dump(data: BaseModel) -> bytes:
    return type(data).__pydantic_serializer__.to_json(data)


def _open(record: Record) -> tuple[dict[str, Any], Any, bool]:
    """Attributes, data, and whether every string is sound (no U+0000, no lone surrogate)."""
    value = record.value
    if value is not None and len(value) > LARGEST_EVENT_BYTES:
        raise _Unfit("too-large", f"{len(value)} bytes; at most {LARGEST_EVENT_BYTES} are read")
    content_type = _header(record.headers, "content-type")
    body, sound = _parse(value)
    if content_type is None or content_type.lower().startswith(b"application/cloudevents"):
        attributes = _structured(body)
        data = _structured_data(attributes)
    else:
        attributes, data = _binary(record.headers), body
    _check_attributes(attributes)
    return attributes, data, sound


def _parse(value: bytes | None) -> tuple[Any, bool]:
    if value is None:
        raise _Unfit("not-json", "the record has no value")
    if b"\\u" not in value:  # an escape may hide U+0000 or a lone surrogate
        try:
            return from_json(value, allow_inf_nan=False, cache_strings="keys"), True
        except ValueError:
            pass  # the slow reader below says what is wrong, or reads what this one would not
    return _parse_slowly(value)


def _parse_slowly(value: bytes) -> tuple[Any, bool]:
    try:
        body = json.loads(value.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        text = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise _Unfit("not-json", text[:200]) from None
    return body, _is_sound(body)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _is_sound(body: object) -> bool:
    pending = [body]
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            if "\x00" in part or any("\ud800" <= letter <= "\udfff" for letter in part):
                return False
        elif isinstance(part, dict):
            pending += part.keys()
            pending += part.values()
        elif isinstance(part, list):
            pending += part
    return True


def _header(headers: Headers, name: str) -> bytes | None:
    for key, value in headers:
        if key.lower() == name:
            return value
    return None


def _structured(body: object) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise _Unfit("not-an-envelope", "the value is JSON, but no object with CloudEvents fields")
    return body


def _structured_data(attributes: dict[str, Any]) -> Any:
    if "data" in attributes or "data_base64" not in attributes:
        return attributes.get("data")
    try:
        return from_json(base64.b64decode(attributes["data_base64"], validate=True))
    except (ValueError, TypeError):
        return None


def _binary(headers: Headers) -> dict[str, Any]:
    try:
        return {
            name[3:].lower(): value.decode("utf-8")
            for name, value in headers
            if name.lower().startswith("ce_") and value is not None
        }
    except UnicodeDecodeError:
        raise _Unfit("not-an-envelope", "a ce_ header is not UTF-8") from None


def _check_attributes(attributes: dict[str, Any]) -> None:
    if attributes.get("specversion") != "1.0":
        raise _Unfit(
            "not-an-envelope", "specversion is not 1.0: this is no CloudEvent that we read"
        )
    for name in _NEEDED:
        value = attributes.get(name)
        if type(value) is not str or not value:
            raise _Unfit("not-an-envelope", f"the attribute {name} is missing or no text")


_NEEDED = ("id", "source", "type", "subject", "time")


def _check_key(subject: str, record: Record, partitions: int | None) -> None:
    if record.key is None or record.key != subject.encode("utf-8", "surrogatepass"):
        raise _Unfit("key-mismatch", "the record key must be the event's subject in UTF-8")
    if partitions is None or subject.startswith("clock/"):
        return
    if (expected := partition_of(record.key, partitions)) != record.partition:
        raise _Unfit(
            "partition-mismatch",
            f"the key belongs to partition {expected}, not {record.partition}: "
            "set the producer's partitioner=murmur2_random (librdkafka) or use Java's default",
        )


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_KINDS = ("account", "request", "review", "clock")


@lru_cache(maxsize=65_536)
def subject_kind(subject: str) -> str | None:
    """``case``, ``account``, ``request``, ``review`` or ``clock``; None for no proper subject."""
    if _CONTROL.search(subject):
        return None
    kind, slash, rest = subject.partition("/")
    if not slash:
        return "case" if 1 <= len(subject) <= 128 else None
    return kind if kind in _KINDS and rest else None


def _reported(attributes: dict[str, Any], data: Any, sound: bool) -> Reported | Skipped:
    type_, data = lift(attributes["type"], data)
    model = reported.BY_TYPE.get(type_)
    if model is None:
        return Skipped(type_)
    if data is None and not model.model_fields:
        data = {}  # it has nothing to say but its time
    time, fact = _checked(model, attributes["time"], data)
    if not sound:
        raise _Unfit("schema-invalid", "a string holds U+0000 or a lone surrogate")
    if subject_kind(attributes["subject"]) is None:
        raise _Unfit("schema-invalid", "the subject is no case id, account/, request/, review/")
    return _envelope(attributes, type_, time, (fact, data))


def _checked(model: type[Model], time: str, data: Any) -> tuple[datetime, Model]:
    """The instant and the data; of all that is wrong, an instant without offset comes first."""
    try:
        return parse_instant(time), cast(Model, model.__pydantic_validator__.validate_python(data))
    except (PydanticCustomError, ValidationError):
        problems = [*_problems_of_time(time), *_problems_of_data(model, data)]
    naive = [text for kind, text in problems if kind == NAIVE_TIME]
    reason: Reason = "naive-time" if naive else "schema-invalid"
    raise _Unfit(reason, "; ".join(naive or [text for _, text in problems])[:500])


def _problems_of_time(time: str) -> list[tuple[str, str]]:
    try:
        parse_instant(time)
    except PydanticCustomError as error:
        return [(error.type, f"time: {error.message()}")]
    return []


def _problems_of_data(model: type[BaseModel], data: Any) -> list[tuple[str, str]]:
    try:
        model.__pydantic_validator__.validate_python(data)
    except ValidationError as error:
        return [
            (one["type"], f"data.{'.'.join(map(str, one['loc']))}: {one['msg']}")
            for one in error.errors(include_url=False, include_input=False, include_context=False)
        ]
    return []


def _envelope(
    attributes: dict[str, Any], type_: str, time: datetime, data: tuple[Model, Any]
) -> Envelope[Model]:
    extensions = {
        field: found
        for name, (field, read) in _EXTENSIONS.items()
        if name in attributes and (found := read(attributes[name])) is not None
    }
    return Envelope(
        attributes["id"], attributes["source"], type_, attributes["subject"], time, data[0],
        as_read=data[1], **extensions,
    )  # fmt: skip


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


_EXTENSIONS: Final[dict[str, tuple[str, Callable[[object], Any]]]] = {
    "correlationid": ("correlation_id", _text),
    "causationid": ("causation_id", _text),
    "traceparent": ("traceparent", _text),
    "sourcepartition": ("source_partition", _whole),
    "sourceoffset": ("source_offset", _whole),
}
"""Where the extensions that we use go in an envelope, and how each is read."""
