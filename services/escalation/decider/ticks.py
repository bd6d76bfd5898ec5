"""Let time pass on a quiet partition: write ``time-passed`` when a deadline is due.

The log is the only clock, so a duty fires when a record stamped at or after it is read. Where
nobody writes one, the decider does. A partition in which there is something to read needs no
tick: what is read lets time pass. So a tick is written only where everything that can be read is
decided, and another only after the one before has been read; the broker's time may not have
reached the due instant with the first. The process's own watch only decides when to write.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from aiokafka.errors import KafkaError

from infra.runtime.kafka import make_producer, topic_name
from infra.runtime.outage import Outage
from infra.runtime.settings import KafkaSettings
from schemas import reported, topics
from schemas.codec import STRUCTURED_HEADERS, write
from schemas.envelope import Envelope

PAUSE: Final = 0.1
"""Seconds between looks: at most one tick of a partition in that time."""
SOURCE: Final = "/escalation/decider"


@dataclass
class _Watched:
    """A partition: its next deadline, None where it has none or is not quiet; the position up to
    which it is decided, and the offset of the latest tick."""

    due_at: datetime | None = None
    position: int = -1
    ticked: int = -1
    writing: asyncio.Task[None] | None = None


class Ticker:
    """Knows the next deadline of each partition of this process."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._topic = topic_name(kafka, topics.CASE_EVENTS.name)
        self._producer: Any = make_producer(kafka, linger_ms=0)
        self._watched: dict[int, _Watched] = {}
        self._outage = Outage("ticks")

    def watch(
        self, partition: int, due_at: datetime | None, position: int, readable: int | None
    ) -> None:
        """From now on this is the partition's next deadline; None where there is none.

        ``position`` is the offset to be read next, ``readable`` the end of what can be read; None
        where that is not known yet.
        """
        watched = self._watched.setdefault(partition, _Watched())
        is_quiet = readable is not None and position >= readable
        watched.due_at = due_at if is_quiet else None
        watched.position = position

    def forget(self) -> None:
        """No partition is ours any more."""
        for watched in self._watched.values():
            if watched.writing is not None:
                watched.writing.cancel()
        self._watched.clear()

    def due(self, now: datetime) -> list[int]:
        """The partitions to which a tick must be written."""
        return [
            partition
            for partition, one in self._watched.items()
            if one.due_at is not None
            and one.due_at <= now
            and one.position > one.ticked
            and one.writing is None
        ]

    async def run(self) -> None:
        """Write what is due, for ever."""
        await self._producer.start()
        try:
            while True:
                now = datetime.now(UTC)
                for partition in self.due(now):
                    watched = self._watched[partition]
                    watched.writing = asyncio.create_task(self._write(partition, watched, now))
                await asyncio.sleep(PAUSE)
        finally:
            self.forget()
            await self._producer.stop()

    async def _write(self, partition: int, watched: _Watched, now: datetime) -> None:
        event = tick(partition, now)
        try:
            sent = await self._producer.send(
                self._topic, write(event), key=event.key, partition=partition,
                headers=list(STRUCTURED_HEADERS),
            )  # fmt: skip
            watched.ticked = (await sent).offset
            self._outage.over()
        except KafkaError as error:
            await asyncio.sleep(self._outage.failed(error))
        finally:
            watched.writing = None


def tick(partition: int, now: datetime) -> Envelope[reported.TimePassed]:
    """A record whose broker timestamp is all it says."""
    return Envelope(
        id=str(uuid4()),
        source=SOURCE,
        type=reported.type_of(reported.TimePassed),
        subject=f"clock/{partition}",
        time=now,
        data=reported.TimePassed(),
    )
