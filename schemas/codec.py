"""Bytes to envelopes and back: structured and binary CloudEvents in, structured out.

Nothing here raises whatever the bytes are: a record is read (`Envelope`), is of a type that we
do not know (`Skipped`), or is `Unreadable` with the first reason that applies, in the
contract's order. The content-type decides the mode, never the presence of ``ce_`` headers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from schemas import decided, reported
from schemas.attributes import (
    STRUCTURED,
    Headers,
    open_event,
    problem_of,
    problem_of_numbers,
    whole_number,
)
from schemas.envelope import Envelope, schema_uri
from schemas.json_text import UNSOUND
from schemas.topics import LARGEST_EVENT_BYTES, partition_of
from schemas.unreadable import Reason, Unfit, Unreadable
from schemas.upcasters import lift
from schemas.vocabulary import NAIVE_TIME, instant_text, parse_instant

__all__ = [
    "STRUCTURED", "STRUCTURED_HEADERS", "Decided", "Headers", "Reason", "Record", "Reported",
    "Skipped", "Unreadable", "read_decided", "read_reported", "write",
]  # fmt: skip

STRUCTURED_HEADERS: Final = (("content-type", STRUCTURED.encode()),)
_NAIVE: Final = (NAIVE_TIME, "timezone_aware")
_SHOWN: Final = 80
"""Characters of a key or subject that a sentence repeats."""
_LARGEST_PARTITION: Final = 2**31 - 1


@dataclass(slots=True)
class Record:
    """A Kafka record as far as reading it needs."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int = 0


@dataclass(frozen=True, slots=True)
class Skipped:
    """An event of a type that this reader does not know."""

    type: str


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
        type_, data = lift(attributes["type"], data)
        model = reported.BY_TYPE.get(type_)
        if model is None:
            return Skipped(type_)
        if data is None and not model.model_fields:
            data = {}  # it has nothing to say but its time
        time, fact = _checked(model, attributes["time"], data)
        _check_attributes(attributes, sound)
        if (problem := problem_of_numbers(attributes)) is not None:
            raise Unfit("schema-invalid", problem)
    except Unfit as unfit:
        return unfit.unreadable
    return Envelope(
        attributes["id"], attributes["source"], type_, attributes["subject"], time, fact,
        attributes.get("correlationid"), attributes.get("causationid"),
        attributes.get("traceparent"), as_read=data,
    )  # fmt: skip


def read_decided(record: Record) -> Decided | Skipped | Unreadable:
    """Read a record of the escalation topic. Its writer is ours, so its place is not checked."""
    try:
        attributes, data, sound = _open(record)
        model = decided.BY_TYPE.get(attributes["type"])
        if model is None:
            return Skipped(attributes["type"])
        time, decision = _checked(model, attributes["time"], data)
        _check_attributes(attributes, sound)
        source = _source(attributes)
    except Unfit as unfit:
        return unfit.unreadable
    return Envelope(
        attributes["id"], attributes["source"], attributes["type"], attributes["subject"], time,
        decision, attributes.get("correlationid"), attributes.get("causationid"),
        attributes.get("traceparent"), *source, as_read=data,
    )  # fmt: skip


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
    """Attributes, data, and whether both are sound."""
    value = record.value
    if value is not None and len(value) > LARGEST_EVENT_BYTES:
        raise Unfit("too-large", f"{len(value)} bytes; at most {LARGEST_EVENT_BYTES} are read")
    return open_event(value, record.headers)


def _check_key(subject: str, record: Record, partitions: int | None) -> None:
    if record.key is None or record.key != subject.encode("utf-8", "surrogatepass"):
        key = "null" if record.key is None else repr(record.key.decode("utf-8", "replace")[:_SHOWN])
        raise Unfit(
            "key-mismatch",
            f"the record key is {key}; it must be the event's subject, {subject[:_SHOWN]!r}, "
            "in UTF-8",
        )
    if partitions is None or subject.startswith("clock/"):
        return
    if (expected := partition_of(record.key, partitions)) != record.partition:
        raise Unfit(
            "partition-mismatch",
            f"the key belongs to partition {expected}, not {record.partition}: "
            "set the producer's partitioner=murmur2_random (librdkafka) or use Java's default",
        )


def _check_attributes(attributes: dict[str, Any], sound: bool) -> None:
    if (problem := problem_of(attributes)) is not None:
        raise Unfit("schema-invalid", problem)
    if not sound:
        raise Unfit("schema-invalid", UNSOUND)


def _checked(model: type[Model], time: str, data: Any) -> tuple[datetime, Model]:
    """The instant and the data; of all that is wrong, an instant without offset comes first."""
    try:
        return parse_instant(time), cast(Model, model.__pydantic_validator__.validate_python(data))
    except (PydanticCustomError, ValidationError):
        problems = [*_problems_of_time(time), *_problems_of_data(model, data)]
    naive = [text for kind, text in problems if kind in _NAIVE]
    reason: Reason = "naive-time" if naive else "schema-invalid"
    raise Unfit(reason, "; ".join(naive or [text for _, text in problems])[:500])


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


def _source(attributes: dict[str, Any]) -> tuple[int | None, int | None]:
    """Which record caused a decision: its partition and offset."""
    partition = _whole(attributes, "sourcepartition")
    offset = _whole(attributes, "sourceoffset")
    if partition is not None and partition > _LARGEST_PARTITION:
        raise Unfit("schema-invalid", "sourcepartition: Kafka has no such partition")
    return partition, offset


def _whole(attributes: dict[str, Any], name: str) -> int | None:
    if (text := attributes.get(name)) is None:
        return None
    if (number := whole_number(text)) is None:
        raise Unfit("schema-invalid", f"{name}: not the digits of a number that fits 63 bits")
    return number
