"""Deadlines at scale: how late a missed duty is decided, with very many pending, very many due in
the same second, and a decider that is killed in the middle."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.runtime.registry import SERVICES
from infra.runtime.settings import KafkaSettings
from infra.workbench.demo_day import day
from schemas import topics
from schemas.codec import write
from schemas.vocabulary import parse_instant
from tests.benchmarks import measure
from tests.stories import opened, requested

DAY = timedelta(days=1)
COMMAND = [sys.executable, "-m", SERVICES["decider"].package]
Records = list[tuple[str, bytes]]


@dataclass
class Watched:
    """What a reader at read_committed saw: every missed duty and how late it was readable."""

    lateness: list[float] = field(default_factory=list)
    ids: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    others: int = 0

    def see(self, record: Any, now: datetime) -> None:
        event = json.loads(record.value)
        if event["type"].endswith("deadline-missed.v1"):
            self.ids[event["id"]] += 1
            self.lateness.append((now - parse_instant(event["data"]["due_at"])).total_seconds())
        elif event["type"].endswith("accepted.v1") and event["subject"].startswith("due-"):
            self.accepted += 1
        else:
            self.others += 1


def pending(name: str, number: int, due: Iterator[datetime]) -> Records:
    """So many escalated cases, each with a first contact that nobody will make."""
    found = []
    for index in range(number):
        asked_at = next(due) - DAY
        subject = f"due-{name}-{index}"
        for event, part in (
            (opened(asked_at - DAY), "o"), (requested(asked_at, f"r-{subject}"), "r"),
        ):  # fmt: skip
            event.subject, event.id = subject, f"{subject}-{part}"
            found.append((subject, write(event)))
    return found


def spread(start: datetime, seconds: float, number: int) -> Iterator[datetime]:
    return (start + timedelta(seconds=seconds * index / number) for index in range(number))


@dataclass
class Stage:
    """A decider with topics of its own, and a reader of what it decides."""

    kafka: KafkaSettings
    prefix: str
    env: dict[str, str]
    watched: Watched = field(default_factory=Watched)

    async def watch(self) -> None:
        async with measure.reader(self.kafka, self.prefix + topics.ESCALATION_EVENTS.name) as found:
            while True:
                batch = await found.getmany(timeout_ms=50)
                now = datetime.now(UTC)
                for records in batch.values():
                    for record in records:
                        self.watched.see(record, now)

    async def load(self, records: Records) -> None:
        await measure.load(self.kafka, self.prefix + topics.CASE_EVENTS.name, records)

    async def until(self, reached: Any, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not reached():
                await asyncio.sleep(0.05)


async def many_pending(stage: Stage, number: int) -> dict[str, float]:
    """So many pending, due over a minute; throughput while they are pending; a kill in the
    middle; and at the end each missed once."""
    starts = datetime.now(UTC) + timedelta(seconds=20 + number / 1_000)
    records = pending("many", number, spread(starts, 60, number))
    extra = list(day(2, 20_000, datetime.now(UTC)))[:100_000]
    watching = asyncio.create_task(stage.watch())
    seen, found = stage.watched, {}
    try:
        async with measure.running(COMMAND, stage.env):
            await stage.load(records)
            await stage.until(lambda: seen.accepted == number, 180)
            found["throughput"] = await _throughput(stage, extra)
            found["left"] = (starts - datetime.now(UTC)).total_seconds()
            await stage.until(lambda: len(seen.lateness) >= number // 2, 240)
            found["p99"] = measure.quantile(sorted(seen.lateness), 0.99)
            found["p50"] = measure.quantile(sorted(seen.lateness), 0.5)
        # Killed with -9 here; what was due meanwhile is decided when it is back.
        async with measure.running(COMMAND, stage.env):
            await stage.until(lambda: sum(seen.ids.values()) >= number, 240)
            await asyncio.sleep(2)
        found["lost"] = number - len(seen.ids)
        found["repeated"] = sum(seen.ids.values()) - len(seen.ids)
    finally:
        watching.cancel()
    return found


async def _throughput(stage: Stage, records: Records) -> float:
    """Events a second, loaded while the decider stands by: both share the machine."""
    before, began = stage.watched.others, time.perf_counter()
    await stage.load(records)
    last, seen = time.perf_counter(), before
    while time.perf_counter() - last < 2:
        if stage.watched.others != seen:
            last, seen = time.perf_counter(), stage.watched.others
        await asyncio.sleep(0.02)
    return len(records) / (last - began)


async def same_second(stage: Stage, number: int) -> float:
    """So many due in the same instant; how late the last of them was readable."""
    at = datetime.now(UTC) + timedelta(seconds=25)
    records = pending("same", number, iter([at] * number))
    watching = asyncio.create_task(stage.watch())
    try:
        async with measure.running(COMMAND, stage.env):
            await stage.load(records)
            await stage.until(lambda: len(stage.watched.lateness) >= number, 120)
    finally:
        watching.cancel()
    return max(stage.watched.lateness)
