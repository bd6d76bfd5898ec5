"""Bring a partition back: its states to the end of the log, and where to read on.

Order matters: the caller has fenced first, so nobody can write a later state or offset while
this reads. Transactions are not trusted blindly: states, the tail of the decisions and the
committed offset must tell the same story. What can be proven is repaired, anything else stops
the process with a message.
"""

from __future__ import annotations

from typing import Any, Final

from aiokafka import TopicPartition

from infra.runtime.kafka import make_consumer
from infra.runtime.logs import get_logger
from schemas import topics
from schemas.codec import Record, read_decided
from schemas.envelope import Envelope
from services.escalation.decider.partition import Partition
from services.escalation.decider.transactions import Place

TAIL: Final = 64
"""How many of the latest decisions are compared with the states."""

log = get_logger(__name__)


class Inconsistent(RuntimeError):
    """States, decisions and offset of a partition contradict one another."""


async def restore(place: Place, partition: Partition, committed: int | None) -> int:
    """Fill the partition from the state topic and return the offset to read from.

    Errors: ``Inconsistent`` where the second guard finds what it cannot repair.
    """
    consumer = make_consumer(
        place.kafka, fetch_max_bytes=32 << 20, max_partition_fetch_bytes=16 << 20
    )
    await consumer.start()
    try:
        state = TopicPartition(place.name(topics.ESCALATION_STATE), place.partition)
        await _read_to_end(consumer, state, partition.restore)
        decisions = TopicPartition(place.name(topics.ESCALATION_EVENTS), place.partition)
        latest = await _latest_source_offset(consumer, decisions)
    finally:
        await consumer.stop()
    partition.restored()
    return check(place, partition.progress.offset, latest, committed)


def check(place: Place, applied: int, decided: int, committed: int | None) -> int:
    """Where to read on. ``applied`` and ``decided`` are source offsets, -1 where there is none."""
    where = f"{place.source.topic}-{place.partition}"
    if decided > applied:
        raise Inconsistent(
            f"{where}: decisions reach source offset {decided}, states only {applied}. A "
            "transaction was torn: restore the state topic from its replicas, or rebuild it"
        )
    following = applied + 1
    if committed is not None and committed > following:
        raise Inconsistent(
            f"{where}: offset {committed} is committed, but states end before {following}. The "
            "state topic lost records: restore it from its replicas, or rebuild it"
        )
    if committed != following and applied >= 0:
        log.warning("offset-repaired", partition=where, committed=committed, read_from=following)
    return following


async def _read_to_end(consumer: Any, tp: TopicPartition, take: Any) -> None:
    consumer.assign([tp])
    end = (await consumer.end_offsets([tp]))[tp]
    await consumer.seek_to_beginning(tp)
    while await consumer.position(tp) < end:
        for records in (await consumer.getmany(timeout_ms=500, max_records=20_000)).values():
            for record in records:
                take(record.key, record.value)


async def _latest_source_offset(consumer: Any, tp: TopicPartition) -> int:
    consumer.assign([tp])
    end = (await consumer.end_offsets([tp]))[tp]
    begin = (await consumer.beginning_offsets([tp]))[tp]
    consumer.seek(tp, max(begin, end - TAIL))
    latest = -1
    while await consumer.position(tp) < end:
        for records in (await consumer.getmany(timeout_ms=500)).values():
            for record in records:
                found = read_decided(Record(record.key, record.value, record.headers))
                if isinstance(found, Envelope) and found.source_offset is not None:
                    latest = max(latest, found.source_offset)
    return latest
