"""Notice a readable end that stands still behind somebody's open transaction.

Who reads committed records alone reads up to the first record of the oldest open transaction, the
last stable offset. A producer that hangs in the middle of one holds every reader back, by Kafka's
default for up to 15 minutes; nothing of ours is open for more than 10 seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiokafka import TopicPartition

from infra.runtime.logs import get_logger

PATIENCE: Final = 15.0
"""Seconds for which a readable end must have stood still while there is more behind it."""
REMEDY: Final = (
    "somebody's transaction is open there: find the producer with kafka-transactions.sh "
    "find-hanging and end it with kafka-transactions.sh abort"
)
log = get_logger(__name__)


@dataclass(frozen=True)
class PartitionEnds:
    """Up to where a partition can be read, and where it ends."""

    readable: int
    last: int


@dataclass(frozen=True)
class Standstill:
    """Records of a partition that are written and cannot be read, and for how long already."""

    partition: TopicPartition
    readable: int
    waiting: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.partition.topic}-{self.partition.partition} cannot be read beyond offset "
            f"{self.readable}, and {self.waiting} records stand behind it: {REMEDY}"
        )


class ReadableEnds:
    """What is seen of the ends of some partitions, look by look; says once what stands still."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: dict[TopicPartition, tuple[int, float]] = {}
        self._said: set[TopicPartition] = set()

    def look(self, ends: Mapping[TopicPartition, PartitionEnds]) -> list[Standstill]:
        """Everything that stands still now; what is new of it is logged, and what is over."""
        now = self._clock()
        found = []
        for place, end in ends.items():
            if end.readable >= end.last:
                self._since.pop(place, None)
                continue
            readable, since = self._since.get(place, (-1, now))
            if end.readable != readable:
                self._since[place] = (end.readable, now)
            elif now - since >= PATIENCE:
                waiting = end.last - end.readable
                found.append(Standstill(place, end.readable, waiting, now - since))
        self._say(found)
        return found

    def _say(self, found: list[Standstill]) -> None:
        still = {one.partition for one in found}
        for one in found:
            if one.partition not in self._said:
                log.warning("readable-end-stands-still", topic=one.partition.topic,
                            partition=one.partition.partition, offset=one.readable,
                            waiting=one.waiting, what_to_do=REMEDY)  # fmt: skip
        for place in self._said - still:
            log.info("readable-end-moves", topic=place.topic, partition=place.partition)
        self._said = still
