"""Records of both topics as this service uses them: the event, and its row among all events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pydantic_core import from_json, to_json

from schemas import topics
from schemas.codec import Record, Skipped, Unreadable, read_decided, read_reported
from schemas.envelope import Envelope
from schemas.reported import TimePassed


@dataclass(frozen=True, slots=True)
class Read:
    """A record that could be read, with its place."""

    topic: str
    partition: int
    offset: int
    recorded_at: datetime
    event: Envelope[Any]
    data: str

    @property
    def place(self) -> tuple[str, int, int]:
        return self.topic, self.partition, self.offset

    def row(self) -> tuple[Any, ...]:
        """In the order of the columns of ``projections.events``."""
        event = self.event
        return (
            event.id, event.source, event.subject, event.type, event.time, self.recorded_at,
            datetime.now(UTC), event.correlation_id, event.causation_id,
            self.topic, self.partition, self.offset, event.source_offset, self.data,
        )  # fmt: skip


def read(record: Any, decides: str) -> Read | None:
    """Read a record; None for what others dead-letter or nobody knows.

    ``decides`` is the name of the escalation topic on this cluster.
    """
    raw = Record(record.key, record.value, record.headers, record.partition)
    if record.topic == decides:
        event: Any = read_decided(raw)
    else:
        in_place = record.key is not None and _place(record.key) == record.partition
        event = read_reported(raw, None if in_place else topics.PARTITIONS)
    if isinstance(event, Unreadable | Skipped) or isinstance(event.data, TimePassed):
        return None
    at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    return Read(record.topic, record.partition, record.offset, at, event, _data(record, event))


@lru_cache(maxsize=100_000)
def _place(key: bytes) -> int:
    """Murmur2 costs more than all else about a comment; most keys come again."""
    return topics.partition_of(key, topics.PARTITIONS)


def _data(record: Any, event: Envelope[Any]) -> str:
    """What was reported, as it was; of a binary event, what we understood of it."""
    body = from_json(record.value)
    if isinstance(body, dict) and "specversion" in body and "data" in body:
        return to_json(body["data"]).decode()
    return str(event.data.model_dump_json())
