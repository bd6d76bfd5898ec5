"""Bring a partition back: its states to the end of the log, and where to read on.

Order matters: the caller has fenced first, so nobody can write a later state while this reads.
The position is the offset in the partition's `clock` state, which every transaction writes; the
group's committed offset is a hint for lag tools and decides nothing. Nothing is trusted blindly:
every state must be one of ours (another's record under a case's key would have taken its place),
and decisions may not reach beyond the states. What contradicts that ends the process with a message
and an exit code of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from aiokafka import TopicPartition

from infra.runtime.isolation import what_failed
from infra.runtime.kafka import group_name, make_consumer
from infra.runtime.logs import get_logger
from infra.runtime.service import Ends, Exit
from infra.runtime.tolerant_records import Unparsed
from schemas import topics
from schemas.codec import Record, Skipped, Unreadable, read_decided
from schemas.envelope import Envelope
from services.escalation.decider import outgoing, states
from services.escalation.decider.partition import Partition
from services.escalation.decider.transactions import SourcePartition

TAIL: Final = 64
"""How many of the latest decisions are compared with the states."""
SLICE: Final = 500
"""States that are read without giving way to other partitions."""
SKIP: Final = "ESCALATION_DECIDER__SKIP_FOREIGN"

log = get_logger(__name__)


class Inconsistent(Ends):
    """States and decisions of a partition contradict one another."""

    event = "topics-inconsistent"
    code = Exit.FOREIGN_RECORDS


class Foreign(Ends):
    """A record of the state topic is not the decider's."""

    event = "foreign-record"
    code = Exit.FOREIGN_RECORDS

    def __init__(self, record: Any, why: str) -> None:
        place = f"{record.topic}-{record.partition}@{record.offset}"
        super().__init__(
            f"topic {record.topic}, partition {record.partition}, offset {record.offset} was not "
            f"written by the decider: {why}. Find out who writes there and take away the right "
            f"to; then start again with {SKIP}={place} to read as if the record were not there"
        )


async def restore(
    place: SourcePartition, partition: Partition, committed: int | None, skip: str = ""
) -> None:
    """Fill the partition from the state topic; its ``progress`` then says where to read on.

    ``skip`` names records to read over: topic-partition@offset, with commas between them.
    Errors: ``Foreign``, and ``Inconsistent`` where the second guard finds what it cannot repair.
    """
    consumer = make_consumer(
        place.kafka, fetch_max_bytes=32 << 20, max_partition_fetch_bytes=16 << 20
    )
    await consumer.start()
    reading = _Reading(consumer, skip)
    try:
        state = TopicPartition(place.name(topics.ESCALATION_STATE), place.partition)
        await _take_states(partition, reading, state)
        decisions = TopicPartition(place.name(topics.ESCALATION_EVENTS), place.partition)
        latest = await _latest_source_offset(reading, decisions)
    finally:
        await consumer.stop()
    partition.restored()
    check(place, partition.progress.offset, latest, committed)


async def latest_position(place: SourcePartition) -> int:
    """The offset up to which the partition was decided, by the latest state written; -1 where
    nothing ever was. Every transaction ends with it."""
    consumer = make_consumer(place.kafka)
    await consumer.start()
    try:
        tp = TopicPartition(place.name(topics.ESCALATION_STATE), place.partition)
        position, key = -1, f"clock/{place.partition}".encode()
        async for record in _Reading(consumer, "").records(tp, TAIL):
            if record.key == key and record.value is not None:
                position = states.load_progress(record.value).offset
        return position
    finally:
        await consumer.stop()


def check(place: SourcePartition, applied: int, decided: int, committed: int | None) -> None:
    """Compare what was restored. ``applied`` and ``decided`` are source offsets, -1 where there is
    none; ``committed`` is the hint. Errors: ``Inconsistent``."""
    where = f"{place.source.topic}-{place.partition}"
    if decided > applied:
        raise Inconsistent(
            f"{where}: decisions reach source offset {decided}, states only {applied}. A "
            "transaction was torn: restore the state topic from its replicas, or rebuild it"
        )
    if committed is not None and committed > applied + 1:
        group = group_name(place.kafka, topics.DECIDER_GROUP)
        log.warning(
            "hint-ahead", partition=where, committed=committed, read_from=applied + 1,
            what_to_do=f"the states say where to read on; to set the hint back, run "
            f"kafka-consumer-groups.sh --group {group} --topic {place.source.topic}:"
            f"{place.partition} --reset-offsets --to-offset {applied + 1} --execute while no "
            "decider runs",
        )  # fmt: skip


# --- reading ---------------------------------------------------------------------------------


class _Reading:
    """A partition read from some offset to its present end, without the records to skip."""

    def __init__(self, consumer: Any, skip: str) -> None:
        self.consumer = consumer
        self._skip = [one.strip() for one in skip.split(",")]

    async def records(self, tp: TopicPartition, latest: int | None = None) -> AsyncIterator[Any]:
        """All of them, or about the ``latest`` so many."""
        here = f"{tp.topic}-{tp.partition}@"
        skipped = {one.removeprefix(here) for one in self._skip if one.startswith(here)}
        self.consumer.assign([tp])
        end = (await self.consumer.end_offsets([tp]))[tp]
        begin = (await self.consumer.beginning_offsets([tp]))[tp]
        self.consumer.seek(tp, begin if latest is None else max(begin, end - latest))
        while await self.consumer.position(tp) < end:
            found = await self.consumer.getmany(timeout_ms=500, max_records=20_000)
            for record in found.get(tp, ()):
                if skipped and str(record.offset) in skipped:
                    log.warning("foreign-record-skipped", topic=tp.topic, partition=tp.partition,
                                offset=record.offset)  # fmt: skip
                else:
                    yield record


async def _take_states(partition: Partition, reading: _Reading, tp: TopicPartition) -> None:
    number = 0
    async for record in reading.records(tp):
        try:
            states.verify(record.key, record.value, partition.number)
            partition.restore(record.key, record.value)
        except Exception as error:
            raise Foreign(record, f"it is not a state ({what_failed(error)})") from error
        number += 1
        if number % SLICE == 0:
            await asyncio.sleep(0)


async def _latest_source_offset(reading: _Reading, tp: TopicPartition) -> int:
    """What is no decision of ours says nothing about how far we came: it is told, and passed over
    as its readers do."""
    latest = -1
    async for record in reading.records(tp, TAIL):
        found = read_decided(Record(record.key, record.value, record.headers))
        if why := _foreign(record, found):
            log.warning("foreign-record", topic=tp.topic, partition=tp.partition,
                        offset=record.offset, why=why)  # fmt: skip
        elif isinstance(found, Envelope) and found.source_offset is not None:
            latest = max(latest, found.source_offset)
    return latest


def _foreign(record: Any, found: Envelope[Any] | Skipped | Unreadable) -> str:
    """Why a record is no decision of the decider; empty where it is one, of any version."""
    if isinstance(record.value, Unparsed):
        return f"it cannot be parsed ({record.value.why})"
    if isinstance(found, Unreadable):
        return f"it is not a decision ({found.reason})"
    if isinstance(found, Skipped):
        return "" if found.type.startswith("support.escalation.") else "its type is not one of ours"
    return "" if found.source == outgoing.SOURCE else "its source is not the decider"
