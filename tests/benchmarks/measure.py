"""Run a program on a topic and watch what a reader at read_committed sees of its output."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psutil
from aiokafka import TopicPartition

from infra.runtime.kafka import make_consumer, make_producer
from infra.runtime.settings import KafkaSettings
from schemas.codec import STRUCTURED_HEADERS
from schemas.topics import partition_of

PARTITIONS = 12


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """Ours, with what a program is told beside it."""
    return {**os.environ, **env}


def resident(pid: int) -> float:
    """The memory of a process in MB."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6


@asynccontextmanager
async def running(command: list[str], env: Mapping[str, str]) -> AsyncIterator[psutil.Process]:
    """A program that is killed at the end; its output goes to stderr."""
    process = await asyncio.create_subprocess_exec(
        *command, env=environment(env), stdout=sys.stderr
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
        await process.wait()


async def load(kafka: KafkaSettings, topic: str, records: list[tuple[str, bytes]]) -> None:
    producer = make_producer(kafka, linger_ms=20, max_batch_size=256 * 1024)
    await producer.start()
    for subject, value in records:
        key = subject.encode()
        await producer.send(
            topic, value, key=key, partition=partition_of(key, PARTITIONS),
            headers=list(STRUCTURED_HEADERS),
        )  # fmt: skip
    await producer.stop()


@dataclass
class Seen:
    """How many results were read, and when the first and the last came."""

    number: int = 0
    first: float = 0.0
    last: float = 0.0

    def rate(self, events: int) -> float:
        """Input events a second, from the first to the last result."""
        return events / (self.last - self.first)


@asynccontextmanager
async def reader(kafka: KafkaSettings, topic: str) -> AsyncIterator[Any]:
    consumer = make_consumer(kafka, fetch_max_wait_ms=20, max_partition_fetch_bytes=4 << 20)
    await consumer.start()
    consumer.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
    await consumer.seek_to_beginning()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def count(consumer: Any, expected: int, seconds: float) -> Seen:
    """Read until so many results are there, or the time is up."""
    seen, ends = Seen(), time.perf_counter() + seconds
    while seen.number < expected and time.perf_counter() < ends:
        found = await consumer.getmany(timeout_ms=100)
        number = sum(len(records) for records in found.values())
        if number:
            seen.last = time.perf_counter()
            seen.first = seen.first or seen.last
            seen.number += number
    return seen


async def latencies(
    kafka: KafkaSettings, topics: tuple[str, str], events: list[tuple[str, bytes]], rate: int
) -> list[float]:
    """Publish at a steady rate; seconds from publishing to being readable, by key, sorted."""
    source, target = topics
    sent: dict[bytes, float] = {}
    found: list[float] = []
    producer = make_producer(kafka, linger_ms=0)
    await producer.start()
    async with reader(kafka, target) as consumer:
        reading = asyncio.create_task(_collect(consumer, sent, found, len(events)))
        began = time.perf_counter()
        for number, (subject, value) in enumerate(events):
            if (ahead := began + number / rate - time.perf_counter()) > 0:
                await asyncio.sleep(ahead)
            key = subject.encode()
            sent[key] = time.perf_counter()
            await producer.send(
                source, value, key=key, partition=partition_of(key, PARTITIONS),
                headers=list(STRUCTURED_HEADERS),
            )  # fmt: skip
        await asyncio.wait({reading}, timeout=20)
        reading.cancel()
    await producer.stop()
    return sorted(found[len(found) // 5 :])


async def _collect(
    consumer: Any, sent: dict[bytes, float], found: list[float], expected: int
) -> None:
    while len(found) < expected:
        for records in (await consumer.getmany(timeout_ms=100)).values():
            now = time.perf_counter()
            found += [now - sent[one.key] for one in records if one.key in sent]


def quantile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]
