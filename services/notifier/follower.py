"""Follow both topics: membership of the group, positions from Postgres, batch after batch.

Kafka's committed offsets are a hint for people who watch lag; where to read on stands in
Postgres. After an outage of Postgres, or when somebody else moved a position, everything in
memory is dropped and the positions are read again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from infra.runtime.health import Progress, Stuck
from infra.runtime.kafka import topic_name
from infra.runtime.logs import get_logger
from infra.runtime.outage import Outage
from infra.runtime.postgres import POSTGRES_AWAY
from infra.runtime.probes import PROBES
from infra.runtime.settings import Settings
from schemas import topics
from services.notifier.assignment import AssignmentListener, group_consumer
from services.notifier.metrics import BEHIND, LAG, READ, STEPPED_BACK
from services.notifier.planner import DecisionBatch, Overtaken, Planner
from services.notifier.reading import (
    PartitionBuffer,
    PendingDecision,
    TopicPosition,
    UnreadableDecision,
    read_case,
    read_decision,
)
from services.notifier.sql import SQL

LARGEST_BATCH: Final = 2_000
WAIT_MS: Final = 100
HINT_EVERY: Final = 5.0
STUCK_AFTER: Final = 120.0
FRESH: Final = 2.0
"""Seconds: records older than this when they are read are a backlog."""
ANSWER_WITHIN: Final = 10.0

log = get_logger(__name__)


@dataclass
class Follower:
    """The loop. ``wake`` tells senders that something was planned."""

    settings: Settings
    planner: Planner
    wake: Callable[[], None]
    stop: asyncio.Event
    buffers: dict[int, PartitionBuffer] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    hinted_at: float = 0.0
    behind: set[TopicPartition] = field(default_factory=set)
    kafka: Outage = field(default_factory=lambda: Outage("kafka", is_condition=True))
    postgres: Outage = field(default_factory=lambda: Outage("postgres", is_condition=True))

    def __post_init__(self) -> None:
        kafka = self.settings.kafka
        self.cases = topic_name(kafka, topics.CASE_EVENTS.name)
        self.decisions = topic_name(kafka, topics.ESCALATION_EVENTS.name)

    async def run(self) -> None:
        """Until asked to stop. Raises what is neither an outage nor a change of owners."""
        self.consumer = group_consumer(self.settings)
        self.seats = AssignmentListener(self.consumer)
        self.consumer.subscribe([self.cases, self.decisions], listener=self.seats)
        await self.consumer.start()
        try:
            await self._follow()
        finally:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.consumer.stop(), 3)

    async def _follow(self) -> None:
        while not self.stop.is_set():
            try:
                if self.seats.changed:
                    await self._seek_assigned()
                await self._step()
            except (Overtaken, IllegalStateError) as error:
                log.warning("reading-interrupted", why=type(error).__name__)
                await self._pause(0.1)
            except KafkaError as error:
                await self._pause(self.kafka.failed(type(error).__name__))
            except POSTGRES_AWAY as error:
                await self._pause(self.postgres.failed(type(error).__name__))

    async def _pause(self, seconds: float) -> None:
        """Wait, and then read the positions anew: what is in memory may be ahead of Postgres."""
        self.seats.changed = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), seconds)

    def backlog(self) -> list[int]:
        """Partitions of which old records are being read: what they say may be outdated soon."""
        return sorted({tp.partition for tp in self.behind})

    # --- where to read -------------------------------------------------------------------------

    async def _seek_assigned(self) -> None:
        """Read the positions of what we own now, and go there."""
        self.seats.changed = False
        self.progress.forget()
        self.behind.clear()
        owned = sorted(self.consumer.assignment())
        self.buffers = {tp.partition: PartitionBuffer() for tp in owned}
        rows = await self.planner.pool.fetch(
            SQL["offset_of"], [tp.topic for tp in owned], [tp.partition for tp in owned]
        )
        at = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
        self.postgres.over()
        beginnings = await self.consumer.beginning_offsets(owned) if owned else {}
        ends = await self.consumer.end_offsets(owned) if owned else {}
        self.kafka.over()
        PROBES.set("partitions", True)
        for tp in owned:
            position = at[tp.topic, tp.partition]
            if position > ends[tp]:
                log.warning("topic-read-anew", topic=tp.topic, partition=tp.partition,
                            position=position, end=ends[tp])  # fmt: skip
                await self.planner.pool.execute(SQL["rewind"], tp.topic, tp.partition, 0)
                position = 0
            self._place(tp, position, beginnings[tp])

    def _place(self, tp: TopicPartition, position: int, beginning: int) -> None:
        """What has aged out of the case topic counts as read: waiting for it would be for ever."""
        buffer = self.buffers[tp.partition]
        if tp.topic == self.cases:
            buffer.case_next, buffer.case_from = max(position, beginning), position
        else:
            buffer.decided_next = position
        self.consumer.seek(tp, max(position, beginning))
        self.consumer.resume(tp)

    # --- one batch -----------------------------------------------------------------------------

    async def _step(self) -> None:
        found = await self.consumer.getmany(timeout_ms=self._patience(), max_records=LARGEST_BATCH)
        if self.seats.changed:
            return
        batch = DecisionBatch()
        self._note_age(found)
        for tp, records in found.items():
            if tp.topic == self.cases:
                self._learn_facts(tp.partition, records, batch)
            else:
                self._queue(tp, records)
        self._pick(batch)
        if batch.moves:
            await self._store(batch)
        await self._every_while()

    def _note_age(self, found: dict[TopicPartition, list[Any]]) -> None:
        now = time.time()
        for tp in self.consumer.assignment():
            records = found.get(tp)
            age = 0.0 if not records else now - records[-1].timestamp / 1000
            LAG.labels(topic=tp.topic, partition=tp.partition).set(max(age, 0.0))
            if age > FRESH:
                self.behind.add(tp)
            else:
                self.behind.discard(tp)

    def _patience(self) -> int:
        """Do not wait for records while decisions are ready to be planned."""
        return 0 if any(buffer.ready(1) for buffer in self.buffers.values()) else WAIT_MS

    def _learn_facts(self, partition: int, records: list[Any], batch: DecisionBatch) -> None:
        buffer = self.buffers[partition]
        outcomes: Counter[str] = Counter()
        for record in records:
            if record.offset < buffer.case_next:
                continue
            match read_case(record, topics.PARTITIONS):
                case str(outcome):
                    outcomes[outcome] += 1
                case UnreadableDecision() as broken:
                    outcomes["failed"] += 1
                    batch.broken.append(broken)
                case said:
                    outcomes["read"] += 1
                    batch.said.append(said)
        for outcome, number in outcomes.items():
            READ.labels(topic="case", outcome=outcome).inc(number)
        next_ = max(buffer.case_next, records[-1].offset + 1)
        batch.moves[TopicPosition(self.cases, partition)] = (buffer.case_from, next_)
        buffer.case_next = buffer.case_from = next_

    def _queue(self, tp: TopicPartition, records: list[Any]) -> None:
        buffer = self.buffers[tp.partition]
        seen = buffer.waiting[-1].offset if buffer.waiting else buffer.decided_next - 1
        for record in records:
            if record.offset > seen:
                buffer.waiting.append(one := read_decision(record))
                self._watch_order(buffer, one)
        if buffer.is_full:
            self.consumer.pause(tp)

    def _watch_order(self, buffer: PartitionBuffer, one: PendingDecision) -> None:
        """The decider promises that causes never go back; if they do, somebody must know."""
        cause = one.event.source_offset if one.event else None
        if cause is None:
            return
        if cause < buffer.cause_seen:
            STEPPED_BACK.inc()
            log.error("cause-stepped-back", offset=one.offset, cause=cause, seen=buffer.cause_seen)
        buffer.cause_seen = max(buffer.cause_seen, cause)

    def _pick(self, batch: DecisionBatch) -> None:
        """Move what is ready from the buffers into the batch."""
        for partition, buffer in self.buffers.items():
            ready = buffer.ready(LARGEST_BATCH - len(batch.decisions))
            if not ready:
                continue
            was_full = buffer.is_full
            for _ in ready:
                buffer.waiting.popleft()
            next_ = ready[-1].offset + 1
            batch.decisions += ready
            batch.moves[TopicPosition(self.decisions, partition)] = (buffer.decided_next, next_)
            buffer.decided_next = next_
            if was_full and not buffer.is_full:
                self.consumer.resume(TopicPartition(self.decisions, partition))

    async def _store(self, batch: DecisionBatch) -> None:
        planned = await self.planner.take(batch)
        self.postgres.over()
        READ.labels(topic="escalation", outcome="read").inc(len(batch.decisions))
        if planned:
            self.wake()

    async def _every_while(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self.hinted_at >= HINT_EVERY:
            self.hinted_at = now
            await self._hint()
            await self._watchdog()

    async def _hint(self) -> None:
        """Tell Kafka how far we are, for those who watch lag."""
        places = {}
        for tp in self.consumer.assignment():
            if (buffer := self.buffers.get(tp.partition)) is not None:
                places[tp] = buffer.case_next if tp.topic == self.cases else buffer.decided_next
        if places:
            with contextlib.suppress(KafkaError):
                await self.consumer.commit(places)

    async def _watchdog(self) -> None:
        """Errors: ``Stuck``. What is paused waits for a reason and is not looked at."""
        reading = self.consumer.assignment() - self.consumer.paused()
        if not reading:
            return
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                ends = await self.consumer.end_offsets(list(reading))
        except (KafkaError, TimeoutError) as error:
            self.kafka.failed(type(error).__name__)
            return
        self.kafka.over()
        for tp in reading:
            self.progress.moved(tp, at := await self.consumer.position(tp))
            BEHIND.labels(topic=tp.topic, partition=tp.partition).set(max(ends[tp] - at, 0))
        if stuck := self.progress.stuck(ends, STUCK_AFTER):
            raise Stuck(f"{len(stuck)} partitions have not moved for {STUCK_AFTER:.0f} s")
