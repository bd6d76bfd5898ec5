"""Records as a consumer hands them over: reported ones, and what a decider makes of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from aiokafka.structs import ConsumerRecord

from infra.workbench.demo_day import day
from schemas import topics
from schemas.codec import STRUCTURED_HEADERS, Headers
from services.escalation.decider.batch import Incoming
from services.escalation.decider.partition import Partition
from tests.benchmarks.peers import shipped_policies

CASES, DECISIONS = topics.CASE_EVENTS.name, topics.ESCALATION_EVENTS.name
EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
Consumed: TypeAlias = Any
"""A ``ConsumerRecord``; aiokafka has no types."""


def consumed(
    topic: str,
    place: tuple[int, int],
    key: bytes | None,
    value: bytes | None,
    timestamp: int,
    headers: Headers = STRUCTURED_HEADERS,
) -> Consumed:
    """A record as the client library gives it; ``place`` is its partition and offset."""
    return ConsumerRecord(
        topic=topic, partition=place[0], offset=place[1], timestamp=timestamp, timestamp_type=1,
        key=key, value=value, checksum=None, serialized_key_size=len(key or b""),
        serialized_value_size=len(value or b""), headers=tuple(headers),
    )  # fmt: skip


def a_day(cases: int, ends: datetime, seed: int = 1) -> list[Consumed]:
    """A day of support as both topics hold it, the case topic first."""
    now = int(ends.timestamp() * 1000)
    at: Counter[int] = Counter()
    reported: list[Consumed] = []
    for subject, value in day(seed, cases, ends):
        number = topics.partition_of(subject.encode(), topics.PARTITIONS)
        reported.append(consumed(CASES, (number, at[number]), subject.encode(), value, now))
        at[number] += 1
    return [*reported, *decisions_on(reported)]


def decisions_on(reported: Iterable[Consumed]) -> Iterator[Consumed]:
    """What a decider writes after reading these records of the case topic."""
    partitions = [
        Partition(number, topics.PARTITIONS, shipped_policies())
        for number in range(topics.PARTITIONS)
    ]
    latest = 0
    for one in reported:
        partitions[one.partition].take(
            Incoming(one.offset, one.timestamp, one.key, one.value, one.headers)
        )
        latest = max(latest, one.timestamp)
    for partition in partitions:
        for offset, (key, value) in enumerate(partition.flush().decisions):
            yield consumed(DECISIONS, (partition.number, offset), key, value, latest)


def examples(timestamp: int) -> list[Consumed]:
    """One valid record of every reported and every decided type."""
    found = []
    at: Counter[tuple[str, int]] = Counter()
    for file in sorted(EXAMPLES.glob("*.json")):
        event = json.loads(file.read_text("utf-8"))
        topic = DECISIONS if event["type"].startswith("support.escalation.") else CASES
        key = event["subject"].encode()
        number = topics.partition_of(key, topics.PARTITIONS)
        place = number, at[topic, number]
        at[topic, number] += 1
        found.append(consumed(topic, place, key, json.dumps(event).encode(), timestamp))
    return found


def every_type() -> set[str]:
    """The types that the examples show."""
    return {file.name.removesuffix(".json") for file in EXAMPLES.glob("*.json")}


def placed(records: Iterable[Consumed], after: Iterable[Consumed] = ()) -> list[Consumed]:
    """The same records without gaps, on their partitions, behind others."""
    at: Counter[tuple[str, int]] = Counter()
    for one in after:
        at[one.topic, one.partition] = max(at[one.topic, one.partition], one.offset + 1)
    moved = []
    for one in records:
        place = one.topic, one.partition
        moved.append(
            consumed(one.topic, (one.partition, at[place]), one.key, one.value, one.timestamp,
                     one.headers)
        )  # fmt: skip
        at[place] += 1
    return moved
