"""The transactional loop of one partition: fence, restore, seek, then read, decide, commit.

A crash at any point leaves all of a batch or nothing of it. Any error leaves the partition:
its memory is ahead of the log then, so it is never used again.
"""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from infra.runtime.health import Progress
from infra.runtime.logs import get_logger
from infra.runtime.probes import PROBES
from infra.runtime.settings import Settings
from policies.catalogue import Policies
from policies.file import parsed
from policies.topic import PolicyTopic
from schemas import topics
from services.escalation.decider.batch import Batch, Incoming
from services.escalation.decider.metrics import STEPPED_BACK
from services.escalation.decider.partition import Partition
from services.escalation.decider.report import report
from services.escalation.decider.restore import restore
from services.escalation.decider.ticks import Ticker
from services.escalation.decider.transactions import Place, commit, fenced_producer

LARGEST_BATCH: Final = 2_000
WAIT_MS: Final = 200
PATIENCE: Final = 60.0
"""Seconds without progress, though there is something to read, after which the process ends."""

log = get_logger(__name__)


AHEAD: Final = timedelta(minutes=5)
"""How far a record may be ahead of our knowledge of the policies: a version is published ten
minutes before it counts, and a request is dated at most five minutes after its record."""


@dataclass
class Library:
    """The policies as they stand, and until when we know of all that were published."""

    policies: Policies
    topic: PolicyTopic

    def learn(self, texts: list[str]) -> None:
        """Take further versions. One that cannot be read is said loudly and harms no other."""
        found, problems = parsed(texts, topics.POLICIES.name)
        for problem in problems:
            log.error("policy-unreadable", why=problem)
        self.policies = self.policies.with_versions(found)
        log.info("policies-learnt", versions=[f"{one.policy}@{one.version}" for one in found])


@dataclass
class Shared:
    """What the loops of a process have in common."""

    settings: Settings
    library: Library
    consumer: Any
    ticker: Ticker
    progress: Progress


async def own(place: Place, shared: Shared) -> None:
    """Decide this partition until cancelled."""
    producer = fenced_producer(place)
    await producer.start()
    try:
        partition = Partition(place.partition, topics.PARTITIONS, shared.library.policies)
        committed = await shared.consumer.committed(place.source)
        at = await restore(place, partition, committed)
        gc.freeze()
        await _seek(shared.consumer, place, at)
        PROBES.set("partitions", True)
        cases = len(partition.cases)
        log.info("partition-owned", partition=place.partition, offset=at, cases=cases)
        while True:
            at = await _step(place, partition, shared, producer, at)
    finally:
        await producer.stop()


async def _seek(consumer: Any, place: Place, at: int) -> None:
    """Read on where the states end; what the topic no longer holds cannot be decided."""
    beginning = (await consumer.beginning_offsets([place.source]))[place.source]
    if at < beginning and at > 0:
        log.warning("records-expired", partition=place.partition, wanted=at, oldest=beginning)
    consumer.seek(place.source, max(at, beginning))
    consumer.resume(place.source)


async def _step(place: Place, partition: Partition, shared: Shared, producer: Any, at: int) -> int:
    """Read a batch, decide it, commit it. Returns the offset to read from next."""
    shared.ticker.watch(place.partition, partition.next_fire())
    found = await shared.consumer.getmany(
        place.source, timeout_ms=WAIT_MS, max_records=LARGEST_BATCH
    )
    records = [record for record in found.get(place.source, ()) if record.offset >= at]
    if len(records) < len(found.get(place.source, ())):
        STEPPED_BACK.inc()
    if records:
        if await _must_wait_for_policies(shared.library, records):
            shared.consumer.seek(place.source, at)
            return at
        partition.learn(shared.library.policies)  # what was published while we waited counts
        batch = _decided(partition, records)
        at = records[-1].offset + 1
        await commit(producer, place, batch, at)
        report(place, batch)
    shared.progress.moved(place.source, await shared.consumer.position(place.source))
    return at


async def _must_wait_for_policies(library: Library, records: list[Any]) -> bool:
    """Whether these records came too long after we last stood at the end of the policies topic;
    waits until that is so no more. What was learnt meanwhile must be used for them."""
    latest = datetime.fromtimestamp(max(one.timestamp for one in records) / 1000, UTC)
    if latest <= library.topic.stood_at + AHEAD:
        return False
    await library.topic.until_stood_at(latest - AHEAD)
    return True


def _decided(partition: Partition, records: list[Any]) -> Batch:
    for record in records:
        partition.take(
            Incoming(record.offset, record.timestamp, record.key, record.value, record.headers)
        )
    return partition.flush()


async def watch(shared: Shared) -> None:
    """End a process whose partition has something to read and does not move: it will not."""
    while True:
        await asyncio.sleep(PATIENCE / 4)
        # The stable end, not the last one: an open transaction of a producer is not our delay.
        stable = shared.consumer.last_stable_offset
        ends = {place: stable(place) or 0 for place in shared.progress.partitions()}
        if stuck := shared.progress.stuck(ends, PATIENCE):
            raise RuntimeError(f"no progress for {PATIENCE:.0f} s on {stuck}")


async def supervise(tasks: dict[int, asyncio.Task[None]]) -> None:
    """Raise the error of the first loop that ended; a loop never ends on its own."""
    while True:
        for number, task in list(tasks.items()):
            if task.done() and not task.cancelled():
                raise RuntimeError(f"partition {number} was left") from task.exception()
        await asyncio.sleep(0.2)
