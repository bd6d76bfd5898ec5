"""Two deciders under load while a third joins and leaves: the longest time without a decision."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from typing import Any, Final

from infra.runtime.kafka import make_producer
from infra.runtime.registry import SERVICES
from schemas import topics
from schemas.codec import STRUCTURED_HEADERS
from tests.benchmarks import latency, measure
from tests.benchmarks.deadlines import Stage

COMMAND: Final = [sys.executable, "-m", SERVICES["decider"].package]
RATE: Final = 300
JOINS, LEAVES, SECONDS = 10, 22, 36
"""Seconds after the first event."""


def member(stage: Stage, number: int) -> Any:
    env = stage.env | {"ESCALATION_DECIDER__INSTANCE_ID": str(number)}
    return measure.running(COMMAND, env)


async def longest_gap(stage: Stage) -> tuple[float, int]:
    """Seconds in which no decision of some partition was readable, though there were events for
    it; and how many decisions are missing at the end."""
    seen: dict[int, list[float]] = defaultdict(list)
    events = latency.events(SECONDS * RATE // latency.RATE + 1)[: SECONDS * RATE]
    target = stage.prefix + topics.ESCALATION_EVENTS.name
    async with AsyncExitStack() as running:
        for number in (1, 2):
            await running.enter_async_context(member(stage, number))
        await asyncio.sleep(12)
        consumer = await running.enter_async_context(measure.reader(stage.kafka, target))
        reading = asyncio.create_task(_read(consumer, seen))
        third = asyncio.create_task(_third(stage))
        await _publish(stage, events)
        await third
        await asyncio.sleep(8)
        reading.cancel()
    gaps = [after - at for times in seen.values() for at, after in itertools.pairwise(times)]
    return max(gaps), len(events) - sum(map(len, seen.values()))


async def _third(stage: Stage) -> None:
    await asyncio.sleep(JOINS)
    async with member(stage, 3):
        await asyncio.sleep(LEAVES - JOINS)


async def _publish(stage: Stage, events: list[tuple[str, bytes]]) -> None:
    producer = make_producer(stage.kafka, linger_ms=5)
    await producer.start()
    topic = stage.prefix + topics.CASE_EVENTS.name
    began = time.perf_counter()
    for number, (subject, value) in enumerate(events):
        if (ahead := began + number / RATE - time.perf_counter()) > 0:
            await asyncio.sleep(ahead)
        key = subject.encode()
        await producer.send(
            topic, value, key=key, partition=topics.partition_of(key, topics.PARTITIONS),
            headers=list(STRUCTURED_HEADERS),
        )  # fmt: skip
    await producer.stop()


async def _read(consumer: Any, seen: dict[int, list[float]]) -> None:
    while True:
        for place, records in (await consumer.getmany(timeout_ms=100)).items():
            now = time.perf_counter()
            seen[place.partition] += [now] * len(records)
