"""Let time pass on a quiet partition: write ``time-passed`` when a deadline is due.

The log is the only clock, so a duty fires when a record stamped at or after it is read. Where
nobody writes one, the decider does, and repeats it, at most every 100 ms, until the broker's
time has reached the due instant. The process's own watch only decides when to write.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from infra.runtime.kafka import make_producer, topic_name
from infra.runtime.settings import KafkaSettings
from schemas import reported, topics
from schemas.codec import STRUCTURED_HEADERS, write
from schemas.envelope import Envelope

PAUSE: Final = 0.1
SOURCE: Final = "/escalation/decider"


class Ticker:
    """Knows the next deadline of each partition of this process."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._topic = topic_name(kafka, topics.CASE_EVENTS.name)
        self._producer: Any = make_producer(kafka, linger_ms=0)
        self._due: dict[int, datetime] = {}

    def watch(self, partition: int, due_at: datetime | None) -> None:
        """From now on this is the partition's next deadline; None where there is none."""
        if due_at is None:
            self._due.pop(partition, None)
        else:
            self._due[partition] = due_at

    def forget(self) -> None:
        self._due.clear()

    async def run(self) -> None:
        """Write what is due, for ever."""
        await self._producer.start()
        try:
            while True:
                await self._write_due(datetime.now(UTC))
                await asyncio.sleep(PAUSE)
        finally:
            await self._producer.stop()

    async def _write_due(self, now: datetime) -> None:
        due = [partition for partition, at in self._due.items() if at <= now]
        for partition in due:
            event = tick(partition, now)
            sent = await self._producer.send(
                self._topic, write(event), key=event.key, partition=partition,
                headers=list(STRUCTURED_HEADERS),
            )  # fmt: skip
            await sent


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
