"""Watch over the decider: whether Kafka answers, how far each partition is behind, what holds it.

Looked at every second or two: for readiness, for metrics, for the group's hints of position, and
to end a process that does not move though it could.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from infra.runtime.logs import get_logger
from infra.runtime.outage import Outage
from infra.runtime.probes import PROBES
from infra.runtime.readable_end import PartitionEnds, ReadableEnds
from infra.runtime.service import Ends
from services.escalation.decider.catalogue import age_of
from services.escalation.decider.loop import Shared
from services.escalation.decider.metrics import AGE, LAG, UNREADABLE

EVERY: Final = 2.0
HINT_EVERY: Final = 1.0
ANSWER_WITHIN: Final = 5.0
"""Seconds until Kafka counts as away."""
PATIENCE: Final = 60.0
"""Seconds without progress, though there is something to read, after which the process ends."""
PARTITIONS: Final = "partitions"
KAFKA: Final = "kafka"

log = get_logger(__name__)


@dataclass
class Watchdog:
    """What was seen of this process's partitions. ``joined`` is set while it is a member of the
    group, with partitions or without."""

    shared: Shared
    topic: str
    joined: bool = False
    outage: Outage = field(default_factory=lambda: Outage(KAFKA, is_condition=True))
    readable: ReadableEnds = field(default_factory=ReadableEnds)
    before: dict[TopicPartition, int] = field(default_factory=dict)
    hinted: dict[TopicPartition, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Look again and again. Errors: ``Ends`` where a partition stands still."""
        while True:
            await self._look()
            await asyncio.sleep(EVERY)

    async def _look(self) -> None:
        ends = await self._ends()
        if ends is None:
            PROBES.set(PARTITIONS, False)
            return
        PROBES.set(PARTITIONS, self._is_caught_up())
        self.before = ends
        self._measure(ends)
        self._end_if_stuck(ends)

    async def _ends(self) -> dict[TopicPartition, int] | None:
        """Up to where our partitions can be read; None where Kafka does not answer. Asks for one
        partition where none is ours."""
        places = sorted(self.shared.consumer.assignment()) or [TopicPartition(self.topic, 0)]
        try:
            asking = self.shared.consumer.end_offsets(places)
            ends: dict[TopicPartition, int] = await asyncio.wait_for(asking, ANSWER_WITHIN)
        except (KafkaError, TimeoutError) as error:
            self.outage.failed(type(error).__name__)
            return None
        self.outage.over()
        return ends

    def _is_caught_up(self) -> bool:
        """Whether what is ours is restored, and all is decided that could be read at the last
        look."""
        at = self.shared.progress.at
        return self.joined and all(
            (position := at(place)) is not None and position >= self.before.get(place, 0)
            for place in self.shared.consumer.assignment()
        )

    def _measure(self, ends: dict[TopicPartition, int]) -> None:
        seen: dict[TopicPartition, PartitionEnds] = {}
        for place in self._places():
            position = self.shared.progress.at(place) or 0
            readable = ends.get(place, position)
            last = max(readable, self.shared.consumer.highwater(place) or 0)
            LAG.labels(partition=place.partition).set(max(0, last - position))
            if position >= readable:
                AGE.labels(partition=place.partition).set(0)
            seen[place] = PartitionEnds(readable, last)
        still = {one.partition: one.seconds for one in self.readable.look(seen)}
        for place in seen:
            UNREADABLE.labels(partition=place.partition).set(still.get(place, 0))

    def _places(self) -> list[TopicPartition]:
        return [one for one in self.shared.progress.partitions() if isinstance(one, TopicPartition)]

    def _end_if_stuck(self, ends: dict[TopicPartition, int]) -> None:
        """The readable end counts, not the last one: an open transaction of a producer is not our
        delay."""
        stuck = self.shared.progress.stuck(dict(ends), PATIENCE)
        if not stuck:
            return
        names = ", ".join(sorted(str(place) for place in stuck))
        behind = age_of(self.shared.catalogue).total_seconds()
        if behind > PATIENCE:
            raise Ends(f"the policies topic was last read {behind:.0f} s ago; {names} waits for it")
        raise Ends(f"no progress for {PATIENCE:.0f} s, though there is something to read: {names}")

    def forget(self) -> None:
        """No partition is ours any more."""
        for place in self._places():
            for gauge in (LAG, AGE, UNREADABLE):
                gauge.labels(partition=place.partition).set(0)
        self.joined = False
        self.before, self.hinted = {}, {}
        PROBES.set(PARTITIONS, False)
        self.shared.progress.forget()
        self.shared.ticker.forget()

    # --- hints of position -------------------------------------------------------------------

    async def hint(self) -> None:
        """Tell the group, for lag tools, how far each partition is decided; for ever."""
        while True:
            await asyncio.sleep(HINT_EVERY)
            await self.hint_now()

    async def hint_now(self) -> None:
        """What cannot be told now is told the next time: nothing depends on it."""
        positions = {place: self.shared.progress.at(place) for place in self._places()}
        moved = {
            place: at for place, at in positions.items() if at and at != self.hinted.get(place)
        }
        if not moved:
            return
        try:
            await asyncio.wait_for(self.shared.consumer.commit(moved), ANSWER_WITHIN)
            self.hinted |= moved
        except (KafkaError, TimeoutError, ValueError) as error:
            log.debug("hint-not-told", why=type(error).__name__)
