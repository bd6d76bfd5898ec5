"""The transactional loop of one partition: fence, restore, seek, then read, decide, commit.

A crash at any point leaves all of a batch or nothing of it. An error leaves the partition: its
memory may be ahead of the log then, so it is never used again.
"""

from __future__ import annotations

import asyncio
import gc
import time
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka.errors import KafkaError, ProducerFenced

from infra.runtime.failures import described
from infra.runtime.health import Progress
from infra.runtime.logs import get_logger
from infra.runtime.service import Ends
from infra.runtime.settings import Settings
from schemas import topics
from services.escalation.decider.batch import DecidedBatch, Incoming
from services.escalation.decider.catalogue import PolicyCatalogue
from services.escalation.decider.metrics import AGE, STEPPED_BACK
from services.escalation.decider.partition import Partition
from services.escalation.decider.report import report
from services.escalation.decider.restore import latest_position, restore
from services.escalation.decider.ticks import Ticker
from services.escalation.decider.transactions import SourcePartition, commit, fenced_producer

LARGEST_BATCH: Final = 2_000
WAIT_MS: Final = 200

log = get_logger(__name__)


@dataclass
class Shared:
    """What the loops of a process have in common.

    ``memory`` holds the partitions that were decided here before a rebalance and whose memory is
    what the log says.
    """

    settings: Settings
    catalogue: PolicyCatalogue
    consumer: Any
    ticker: Ticker
    progress: Progress
    memory: dict[int, Partition] = field(default_factory=dict)


async def decide_partition(place: SourcePartition, shared: Shared) -> None:
    """Decide this partition until cancelled. Errors: ``Ends``, and whatever nobody expected."""
    try:
        await _decide(place, shared)
    except ProducerFenced:
        raise Ends(
            f"partition {place.partition} has another owner, since this process did not answer for "
            "a while: it starts again and takes its place in the group"
        ) from None
    except KafkaError as error:
        raise Ends(f"partition {place.partition} was left: {described(error)}") from error


async def _decide(place: SourcePartition, shared: Shared) -> None:
    producer = fenced_producer(place)
    await producer.start()
    try:
        kept = await _kept_in_memory(place, shared)
        partition = kept or await _restored(place, shared)
        at = partition.progress.offset + 1
        await _seek(shared, place, at)
        log.info(
            "partition-owned", partition=place.partition, offset=at, cases=len(partition.cases),
            restored=kept is None,
        )  # fmt: skip
        while True:
            shared.memory[place.partition] = partition
            at = await _step(place, partition, shared, producer, at)
    finally:
        await producer.stop()


async def _kept_in_memory(place: SourcePartition, shared: Shared) -> Partition | None:
    """What this process knows of the partition, where nobody has decided it since. Whoever had it
    was fenced before, so nobody writes while this looks."""
    kept = shared.memory.pop(place.partition, None)
    if kept is not None and await latest_position(place) == kept.progress.offset:
        return kept
    return None


async def _restored(place: SourcePartition, shared: Shared) -> Partition:
    partition = Partition(place.partition, topics.PARTITIONS, shared.catalogue.policies)
    committed = await shared.consumer.committed(place.source)
    await restore(place, partition, committed, shared.settings.decider.skip_foreign)
    gc.freeze()
    return partition


async def _seek(shared: Shared, place: SourcePartition, at: int) -> None:
    """Read on where the states end; what the topic no longer holds cannot be decided."""
    beginning = (await shared.consumer.beginning_offsets([place.source]))[place.source]
    if at < beginning and at > 0:
        log.warning("records-expired", partition=place.partition, wanted=at, oldest=beginning)
    shared.consumer.seek(place.source, max(at, beginning))
    shared.consumer.resume(place.source)
    shared.progress.moved(place.source, max(at, beginning))


async def _step(
    place: SourcePartition, partition: Partition, shared: Shared, producer: Any, at: int
) -> int:
    """Read a batch, decide it, commit it. Returns the offset to read from next."""
    found = await shared.consumer.getmany(
        place.source, timeout_ms=WAIT_MS, max_records=LARGEST_BATCH
    )
    records = [record for record in found.get(place.source, ()) if record.offset >= at]
    if len(records) < len(found.get(place.source, ())):
        STEPPED_BACK.inc()
    if records:
        if await shared.catalogue.until_known_for(records):
            shared.consumer.seek(place.source, at)
            return at
        partition.learn(shared.catalogue.policies)  # what was published while we waited counts
        AGE.labels(partition=place.partition).set(time.time() - records[0].timestamp / 1000)
        del shared.memory[place.partition]  # until the commit, memory is ahead of the log
        batch = _decided(partition, records)
        at = records[-1].offset + 1
        await commit(producer, place, batch)
        shared.memory[place.partition] = partition
        report(place, batch)
    await _note(place, partition, shared)
    return at


async def _note(place: SourcePartition, partition: Partition, shared: Shared) -> None:
    """Say how far this partition has been decided, and when it must be looked at again."""
    position = await shared.consumer.position(place.source)
    readable = shared.consumer.last_stable_offset(place.source)
    shared.progress.moved(place.source, position)
    shared.ticker.watch(place.partition, partition.next_fire(), position, readable)


def _decided(partition: Partition, records: list[Any]) -> DecidedBatch:
    for record in records:
        partition.take(
            Incoming(record.offset, record.timestamp, record.key, record.value, record.headers)
        )
    return partition.flush()


async def supervise(tasks: dict[int, asyncio.Task[None]]) -> None:
    """Raise the error of the first loop that ended; a loop never ends on its own."""
    while True:
        for number, task in list(tasks.items()):
            if task.done() and not task.cancelled():
                error = task.exception()
                if isinstance(error, Ends):
                    raise error
                raise RuntimeError(f"partition {number} was left") from error
        await asyncio.sleep(0.2)
