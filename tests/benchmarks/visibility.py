"""How long after a decision is readable its row is visible to a manager."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from infra.runtime.kafka import make_producer
from infra.runtime.registry import SERVICES
from schemas import topics
from schemas.codec import STRUCTURED_HEADERS, write
from schemas.topics import partition_of
from tests.benchmarks import measure
from tests.benchmarks.deadlines import Records, Stage
from tests.stories import opened, requested

DAY = timedelta(days=1)


@dataclass
class Seen:
    """When each case's acceptance was readable, and when its row was visible."""

    decided: dict[str, float] = field(default_factory=dict)
    visible: dict[str, float] = field(default_factory=dict)

    def lateness(self) -> list[float]:
        """Never below zero: the row may be there before our own reader has the record."""
        return sorted(max(0.0, at - self.decided[case]) for case, at in self.visible.items())


def escalated(number: int) -> Records:
    """A case and the request for it, accepted at once."""
    now, subject = datetime.now(UTC), f"seen-{number}"
    found = []
    for event in (opened(now - DAY), requested(now, f"r-{number}")):
        event.subject, event.id = subject, f"{subject}-{event.type}"
        found.append((subject, write(event)))
    return found


async def row_after_decision(stage: Stage, dsn: str, number: int, rate: int) -> list[float]:
    """Seconds from readable to visible, sorted, for so many cases at so many a second."""
    seen = Seen()
    env = stage.env | {"ESCALATION_POSTGRES__DSN": dsn}
    commands = (
        [sys.executable, "-m", SERVICES[name].package] for name in ("decider", "projections")
    )
    async with (
        measure.running(next(commands), env),
        measure.running(next(commands), env),
        measure.reader(stage.kafka, stage.prefix + topics.ESCALATION_EVENTS.name) as consumer,
    ):
        watching = [
            asyncio.create_task(_watch_decisions(consumer, seen)),
            asyncio.create_task(_watch_rows(dsn, seen)),
        ]
        await asyncio.sleep(8)
        await _publish(stage, number, rate)
        await stage.until(lambda: len(seen.visible) >= number, 60)
        for task in watching:
            task.cancel()
    return seen.lateness()


async def _publish(stage: Stage, number: int, rate: int) -> None:
    producer = make_producer(stage.kafka, linger_ms=0)
    await producer.start()
    began = time.perf_counter()
    for index in range(number):
        if (ahead := began + index / rate - time.perf_counter()) > 0:
            await asyncio.sleep(ahead)
        for subject, value in escalated(index):
            key = subject.encode()
            await producer.send(
                stage.prefix + topics.CASE_EVENTS.name, value, key=key,
                partition=partition_of(key, measure.PARTITIONS), headers=list(STRUCTURED_HEADERS),
            )  # fmt: skip
    await producer.stop()


async def _watch_decisions(consumer: Any, seen: Seen) -> None:
    while True:
        for records in (await consumer.getmany(timeout_ms=50)).values():
            now = time.perf_counter()
            for record in records:
                seen.decided[json.loads(record.value)["subject"]] = now


async def _watch_rows(dsn: str, seen: Seen) -> None:
    connection = await asyncpg.connect(dsn)
    while True:
        waiting = list(seen.decided.keys() - seen.visible.keys())
        rows = await connection.fetch(
            "SELECT case_id FROM review.escalation_status WHERE case_id = ANY($1)", waiting
        )
        now = time.perf_counter()
        seen.visible |= {row["case_id"]: now for row in rows}
        await asyncio.sleep(0.005)
