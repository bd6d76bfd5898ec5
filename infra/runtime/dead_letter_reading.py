"""Read what was set aside: each dead letter with its reason and where its record stands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import TopicPartition

from infra.runtime.cluster_state import places_of
from infra.runtime.dead_letters import PREFIX
from infra.runtime.kafka import make_consumer, topic_name
from infra.runtime.settings import KafkaSettings
from schemas import topics

LARGEST_FETCH = 4 << 20
"""Bytes per partition and fetch: a dead letter has up to 2 MiB."""


@dataclass(frozen=True)
class DeadLetter:
    """``partition`` and ``offset`` are those of the letter; the ``source`` is the record that could
    not be used, None where nothing names it."""

    consumer: str
    partition: int
    offset: int
    at: datetime
    reason: str
    text: str
    source: str | None
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


async def dead_letters(
    kafka: KafkaSettings, consumers: Iterable[str], since: datetime | None = None
) -> AsyncIterator[DeadLetter]:
    """The dead letters of these consumers up to now, written at or after ``since``, partition by
    partition."""
    named = {topic_name(kafka, topics.dead_letters(one).name): one for one in consumers}
    places = await places_of(kafka, named)
    reader = make_consumer(kafka, max_partition_fetch_bytes=LARGEST_FETCH)
    await reader.start()
    try:
        left = await _seek(reader, places, since)
        while left:
            for place, records in (await reader.getmany(timeout_ms=200)).items():
                for record in records:
                    yield _letter(named[place.topic], record)
            left = {place: end for place, end in left.items() if await reader.position(place) < end}
    finally:
        await reader.stop()


async def dead_letter(
    kafka: KafkaSettings, consumer: str, partition: int, offset: int
) -> DeadLetter | None:
    """One dead letter, None where there is none at this offset."""
    name = topic_name(kafka, topics.dead_letters(consumer).name)
    place = TopicPartition(name, partition)
    if place not in await places_of(kafka, [name]):
        return None
    reader = make_consumer(kafka, max_partition_fetch_bytes=LARGEST_FETCH)
    await reader.start()
    try:
        left = await _seek(reader, [place], None)
        if not await reader.position(place) <= offset < left.get(place, 0):
            return None
        reader.seek(place, offset)
        while await reader.position(place) <= offset:
            for records in (await reader.getmany(timeout_ms=200)).values():
                first = records[0]
                return _letter(consumer, first) if first.offset == offset else None
        return None
    finally:
        await reader.stop()


async def _seek(
    reader: Any, places: list[TopicPartition], since: datetime | None
) -> dict[TopicPartition, int]:
    """Go to where reading begins; the ends of the partitions that have something to read."""
    if not places:
        return {}
    reader.assign(places)
    ends, begins = await reader.end_offsets(places), await reader.beginning_offsets(places)
    if since is not None:
        stamp = int(since.timestamp() * 1000)
        found = await reader.offsets_for_times(dict.fromkeys(places, stamp))
        begins = {one: found[one].offset if found[one] else ends[one] for one in places}
    for place in places:
        reader.seek(place, begins[place])
    return {one: end for one, end in ends.items() if begins[one] < end}


def _letter(consumer: str, record: Any) -> DeadLetter:
    said = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers}
    topic, partition, offset = (
        said.get(f"{PREFIX}{name}") for name in ("topic", "partition", "offset")
    )
    return DeadLetter(
        consumer=consumer,
        partition=record.partition,
        offset=record.offset,
        at=datetime.fromtimestamp(record.timestamp / 1000, UTC),
        reason=said.get(f"{PREFIX}exception.class.name") or "unknown",
        text=said.get(f"{PREFIX}exception.message", ""),
        source=f"{topic} {partition} {offset}" if topic else None,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
    )
