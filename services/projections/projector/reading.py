"""Records of both topics as this service uses them: the event, and its row among all events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic_core import to_json

from infra.runtime.isolation import what_failed
from schemas import topics
from schemas.codec import Reason, Record, Skipped, Unreadable, read_decided, read_reported
from schemas.envelope import Envelope
from schemas.reported import TimePassed

COLUMNS = (
    "event_id", "source", "subject", "type", "occurred_at", "recorded_at", "correlation_id",
    "causation_id", "topic", "kafka_partition", "kafka_offset", "source_offset", "data",
)  # fmt: skip
"""Of ``projections.events``; when a row was loaded, Postgres says."""
PROCESSING_FAILED: Reason = "processing-failed"


@dataclass(slots=True)
class Read:
    """A record that could be read: the event, and its row."""

    record: Any
    topic: str
    offset: int
    recorded_at: datetime
    event: Envelope[Any]
    row: tuple[Any, ...]
    """In the order of ``COLUMNS``."""


@dataclass(slots=True)
class Unusable:
    """A record that goes to the dead letters: the reason's code, and a sentence."""

    record: Any
    reason: Reason
    text: str


@dataclass(slots=True)
class ReadRecords:
    """What a stretch of records holds. ``outcomes`` counts all of them, by topic and outcome."""

    read: list[Read] = field(default_factory=list)
    unusable: list[Unusable] = field(default_factory=list)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)


def read_all(records: Iterable[Any], decides: str, found: ReadRecords | None = None) -> ReadRecords:
    """Read records in their order, behind what was ``found`` before."""
    found = found or ReadRecords()
    for record in records:
        topic = "escalation" if record.topic == decides else "case"
        one = read(record, decides)
        if isinstance(one, Read):
            found.read.append(one)
            found.outcomes[topic, "read"] += 1
            continue
        if isinstance(one, Unusable):
            found.unusable.append(one)
        found.outcomes[topic, one if isinstance(one, str) else one.reason] += 1
    return found


def read(record: Any, decides: str) -> Read | Unusable | str:
    """Read a record; in a word why there is nothing to apply.

    ``decides`` is the name of the escalation topic on this cluster. What cannot be read of the
    case topic is the decider's dead letter; what is foreign to the escalation topic is ours, and
    so is every record that this code fails on.
    """
    try:
        return _read(record, decides)
    except Exception as error:
        return Unusable(record, PROCESSING_FAILED, what_failed(error))


def _read(record: Any, decides: str) -> Read | Unusable | str:
    topic, partition, offset, key = record.topic, record.partition, record.offset, record.key
    raw = Record(key, record.value, record.headers, partition)
    if topic == decides:
        event: Any = read_decided(raw)
    else:
        in_place = key is not None and _place(key) == partition
        event = read_reported(raw, None if in_place else topics.PARTITIONS)
    if isinstance(event, Unreadable):
        return Unusable(record, event.reason, event.text) if topic == decides else event.reason
    if isinstance(event, Skipped):
        return "unknown-type"
    if isinstance(event.data, TimePassed):
        return "tick"
    at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    row = (
        event.id, event.source, event.subject, event.type, event.time, at,
        event.correlation_id, event.causation_id, topic, partition, offset, event.source_offset,
        _data(event, topic == decides),
    )  # fmt: skip
    return Read(record, topic, offset, at, event, row)


def _data(event: Envelope[Any], is_decision: bool) -> str:
    """The data as it is kept, with what the model does not know.

    Views compute with decisions: what the model knows stands in the one form that it is written in
    (an instant in RFC 3339, for example), however it came.
    """
    data = event.as_read
    if is_decision:
        model = event.data
        if data.keys() <= type(model).model_fields.keys():
            return str(model.model_dump_json(exclude_unset=True))
        data = data | model.model_dump(mode="json", exclude_unset=True)
    return to_json(data, inf_nan_mode="null").decode()


@lru_cache(maxsize=100_000)
def _place(key: bytes) -> int:
    """Murmur2 costs more than all else about a comment; most keys come again."""
    return topics.partition_of(key, topics.PARTITIONS)
