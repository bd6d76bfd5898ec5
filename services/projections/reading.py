"""Records of both topics as this service uses them: the event, and its row among all events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic_core import to_json

from schemas import topics
from schemas.codec import Record, Skipped, Unreadable, read_decided, read_reported
from schemas.envelope import Envelope
from schemas.reported import TimePassed

COLUMNS = (
    "event_id", "source", "subject", "type", "occurred_at", "recorded_at", "correlation_id",
    "causation_id", "topic", "kafka_partition", "kafka_offset", "source_offset", "data",
)  # fmt: skip
"""Of ``projections.events``; when a row was loaded, Postgres says."""


@dataclass(slots=True)
class Read:
    """A record that could be read: where it stood, and its row."""

    topic: str
    partition: int
    offset: int
    recorded_at: datetime
    event: Envelope[Any]
    row: tuple[Any, ...]
    """In the order of ``COLUMNS``."""

    @property
    def place(self) -> tuple[str, int, int]:
        return self.topic, self.partition, self.offset


def read_all(records: Iterable[Any], decides: str) -> list[Read]:
    """What can be read of these records, in their order."""
    return [found for one in records if (found := read(one, decides)) is not None]


def read(record: Any, decides: str) -> Read | None:
    """Read a record; None for what others dead-letter or nobody knows.

    ``decides`` is the name of the escalation topic on this cluster.
    """
    topic, partition, offset, key = record.topic, record.partition, record.offset, record.key
    raw = Record(key, record.value, record.headers, partition)
    if topic == decides:
        event: Any = read_decided(raw)
    else:
        in_place = key is not None and _place(key) == partition
        event = read_reported(raw, None if in_place else topics.PARTITIONS)
    if isinstance(event, Unreadable | Skipped) or isinstance(event.data, TimePassed):
        return None
    at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    row = (
        event.id, event.source, event.subject, event.type, event.time, at,
        event.correlation_id, event.causation_id, topic, partition, offset, event.source_offset,
        to_json(event.as_read, inf_nan_mode="null").decode(),
    )  # fmt: skip
    return Read(topic, partition, offset, at, event, row)


@lru_cache(maxsize=100_000)
def _place(key: bytes) -> int:
    """Murmur2 costs more than all else about a comment; most keys come again."""
    return topics.partition_of(key, topics.PARTITIONS)
