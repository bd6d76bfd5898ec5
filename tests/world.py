"""A world for a journey: topics with a prefix, a database, services as real processes.

A story publishes, waits for what must become true, and looks. Nothing sleeps for luck.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import urlopen
from uuid import uuid4

import asyncpg
from aiokafka import TopicPartition

from infra.runtime.kafka import make_consumer, make_producer, topic_name
from infra.runtime.registry import PROGRAMS
from infra.runtime.settings import KafkaSettings
from infra.runtime.topic_admin import apply_topics
from infra.workbench.migrating import migrate_all
from infra.workbench.supervisor import SHEPHERD
from infra.workbench.up import VENDOR_TOPICS
from infra.workbench.workbench import Endpoints
from schemas import topics
from schemas.codec import STRUCTURED_HEADERS, Headers, Reported, write

Found = TypeVar("Found")


class Service:
    """One service as a process, under a shepherd: it does not outlive whoever started it."""

    def __init__(self, module: str, log: Path, environment: dict[str, str]) -> None:
        command = (sys.executable, "-m", module)
        self._shepherd = subprocess.Popen(
            [sys.executable, "-S", "-E", str(SHEPHERD), str(log), "", "", "--", *command],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._shepherd.stdout is not None
        with self._shepherd.stdout as said:
            self.pid = int(said.readline())

    def poll(self) -> int | None:
        """The exit code of the process (128 + n after signal n), None while it runs."""
        return self._shepherd.poll()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process, if it still runs: never to whoever has its id now."""
        with contextlib.suppress(BrokenPipeError, ValueError):
            assert self._shepherd.stdin is not None
            self._shepherd.stdin.write(bytes([number]))
            self._shepherd.stdin.flush()

    def end(self, number: signal.Signals, seconds: float = 60) -> int:
        """Send a signal and wait for the end; the exit code. Errors: ``TimeoutExpired``."""
        self.send(number)
        try:
            return self._shepherd.wait(seconds)
        finally:
            with contextlib.suppress(BrokenPipeError):
                assert self._shepherd.stdin is not None
                self._shepherd.stdin.close()


@dataclass
class World:
    servers: Endpoints
    logs: Path
    prefix: str
    dsn: str
    processes: dict[str, Service] = field(default_factory=dict)
    started: list[Service] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)

    @property
    def kafka(self) -> KafkaSettings:
        return KafkaSettings(bootstrap_servers=self.servers.kafka, topic_prefix=self.prefix)

    def environment(self) -> dict[str, str]:
        named = self.servers.environment() | {
            "ESCALATION_KAFKA__TOPIC_PREFIX": self.prefix,
            "ESCALATION_POSTGRES__DSN": self.dsn,
        }
        return {**os.environ, **named, **self.more}

    # --- services --------------------------------------------------------------------------

    def start(self, *names: str) -> None:
        for name in names:
            self.start_as(name, name)

    def start_as(self, label: str, service: str, **settings: str) -> None:
        """Start a service under a label of its own, with further settings."""
        log, environment = self.logs / f"{label}.log", self.environment() | settings
        self.processes[label] = Service(PROGRAMS[service].package, log, environment)
        self.started.append(self.processes[label])

    def logged(self, label: str) -> list[dict[str, Any]]:
        """What a process has written to its log, a dictionary a line."""
        lines = (self.logs / f"{label}.log").read_bytes().splitlines()
        return [json.loads(line) for line in lines if line.startswith(b"{")]

    def kill(self, name: str) -> None:
        """kill -9, and wait until it is gone."""
        self.processes[name].end(signal.SIGKILL)

    def stop(self, name: str) -> float:
        """SIGTERM; how many seconds it took."""
        began = time.monotonic()
        self.processes[name].end(signal.SIGTERM)
        return time.monotonic() - began

    async def end(self) -> None:
        """Kill whatever was started and runs."""
        for service in self.started:
            service.end(signal.SIGKILL)

    # --- Kafka -----------------------------------------------------------------------------

    async def publish(self, events: Iterable[Reported]) -> None:
        await self.publish_raw((event.key, write(event)) for event in events)

    async def publish_raw(
        self,
        records: Iterable[tuple[bytes | None, bytes | None]],
        topic: str = topics.CASE_EVENTS.name,
        headers: Headers = STRUCTURED_HEADERS,
    ) -> None:
        producer = make_producer(self.kafka, linger_ms=5)
        await producer.start()
        try:
            name = topic_name(self.kafka, topic)
            sent = [
                await producer.send(name, value, key=key, headers=list(headers))
                for key, value in records
            ]
            for waiting in sent:
                await waiting
        finally:
            await producer.stop()

    async def records(self, topic: str) -> list[Any]:
        """Everything committed to a topic so far, partition by partition."""
        consumer = make_consumer(self.kafka, max_partition_fetch_bytes=8 << 20)
        await consumer.start()
        try:
            name = topic_name(self.kafka, topic)
            places = [TopicPartition(name, n) for n in sorted(await _partitions(consumer, name))]
            ends = await self._committed_ends(consumer, places)
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            found: list[Any] = []
            while any([await consumer.position(tp) < ends[tp] for tp in places]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += records
            return sorted(found, key=lambda one: (one.partition, one.offset))
        finally:
            await consumer.stop()

    async def _committed_ends(self, committed: Any, places: list[TopicPartition]) -> Any:
        """Where what may be read ends, once no transaction is open before it: a commit is answered
        before its marks are in every partition."""
        consumer = make_consumer(self.kafka, isolation_level="read_uncommitted")
        await consumer.start()
        try:
            written = await consumer.end_offsets(places)
        finally:
            await consumer.stop()

        async def ends() -> Any:
            found = await committed.end_offsets(places)
            return found if all(found[tp] >= written[tp] for tp in places) else None

        return await until(ends)

    async def decisions(self) -> list[dict[str, Any]]:
        return [json.loads(one.value) for one in await self.records(topics.ESCALATION_EVENTS.name)]

    async def until_decided(self, seconds: float = 120) -> None:
        """Until the decider's group has read the case topic, what it wrote there itself too."""
        consumer = make_consumer(self.kafka, group_id=topics.DECIDER_GROUP)
        await consumer.start()
        name = topic_name(self.kafka, topics.CASE_EVENTS.name)
        places = [TopicPartition(name, number) for number in range(topics.PARTITIONS)]

        async def nothing_is_left() -> bool:
            ends = await consumer.end_offsets(places)
            at = {tp: await consumer.committed(tp) or 0 for tp in places}
            behind = {tp: ends[tp] for tp in places if at[tp] < ends[tp]}
            return not behind or await _only_markers(consumer, at, behind)

        try:
            await until(nothing_is_left, seconds)
        finally:
            await consumer.stop()

    # --- Postgres --------------------------------------------------------------------------

    async def query(self, sql: str, *values: Any) -> list[Any]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()


async def _only_markers(
    consumer: Any, at: dict[TopicPartition, int], ends: dict[TopicPartition, int]
) -> bool:
    """Whether nothing but the marks of transactions lies between here and the end."""
    consumer.assign(list(ends))
    for tp in ends:
        consumer.seek(tp, at[tp])
    while any([await consumer.position(tp) < end for tp, end in ends.items()]):
        if await consumer.getmany(timeout_ms=100):
            return False
    return True


async def _partitions(consumer: Any, name: str) -> set[int]:
    """The partitions of a topic. A client may not have heard of it yet: then it is asked again."""
    consumer.subscribe([name])

    async def known() -> set[int]:
        await consumer._client.force_metadata_update()
        await consumer.topics()
        return set(consumer.partitions_for_topic(name) or ())

    found = await until(known, 30)
    consumer.unsubscribe()
    return found


async def until(
    holds: Callable[[], Awaitable[Found]], seconds: float = 60, every: float = 0.1
) -> Found:
    """Wait until something is true and return it. Errors: ``TimeoutError``."""
    async with asyncio.timeout(seconds):
        while not (found := await holds()):
            await asyncio.sleep(every)
        return found


async def answered(port: int, path: str) -> tuple[int, str]:
    """What a service's probes or metrics answer: code and text; 0 where nobody listens."""

    def ask() -> tuple[int, str]:
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return int(answer.status), answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    return await asyncio.to_thread(ask)


async def new_world(servers: Endpoints, logs: Path) -> World:
    """Fresh topics and a fresh, migrated database on shared servers."""
    name = f"w{uuid4().hex[:10]}"
    admin = await asyncpg.connect(servers.postgres)
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    dsn = servers.postgres.rpartition("/")[0] + f"/{name}"
    world = World(servers, logs, f"{name}.", dsn)
    await apply_topics(world.kafka, (*topics.TOPICS, *VENDOR_TOPICS))
    await migrate_all(dsn)
    return world


@asynccontextmanager
async def world_on(servers: Endpoints, logs: Path) -> AsyncIterator[World]:
    """A new world; whatever was started in it is ended with it, also when a test fails."""
    world = await new_world(servers, logs)
    try:
        yield world
    finally:
        await world.end()
