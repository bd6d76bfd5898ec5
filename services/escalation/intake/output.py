"""What intake writes: an idempotent producer of our own, bounded in number and time.

Faust's own producer is not idempotent at least once. Inputs are acknowledged only after the
broker has every output of them.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from infra.runtime.dead_letters import dead_letter_headers, dead_letter_value
from infra.runtime.kafka import make_producer, topic_name
from infra.runtime.settings import KafkaSettings
from schemas import topics
from schemas.codec import STRUCTURED_HEADERS
from schemas.topics import partition_of
from services.escalation.intake.prepare import Ready
from services.escalation.intake.record import Parked

PATIENCE: Final = 8.0
"""Seconds a batch may take to be acknowledged before the process gives up."""


class Output:
    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._producer: Any = None
        self._waiting: list[asyncio.Future[Any]] = []

    async def start(self) -> None:
        """On Faust's loop: a producer belongs to the loop that made it."""
        largest = topics.DEAD_LETTER_BYTES + 64 * 1024
        self._producer = make_producer(self._kafka, linger_ms=5, max_request_size=largest)
        await self._producer.start()

    async def stop(self) -> None:
        await asyncio.wait_for(self._producer.stop(), PATIENCE)

    async def report(self, ready: Ready) -> None:
        """Queue an event for the case topic."""
        headers = list(STRUCTURED_HEADERS)
        await self._send(topics.CASE_EVENTS.name, ready.key, ready.value, headers)

    async def park(self, message: Any, why: Parked) -> None:
        """Queue a vendor's record for the dead-letter topic, byte for byte."""
        ours = dead_letter_headers(
            topic=message.topic, partition=message.partition, offset=message.offset,
            stage="TRANSFORMATION", reason=why.reason, text=why.text,
        )  # fmt: skip
        headers = [(name, value) for name, value in _pairs(message.headers)]
        value, headers = dead_letter_value(message.value, headers, ours)
        await self._send(topics.dead_letters("intake").name, message.key, value, headers)

    async def _send(
        self, topic: str, key: bytes | None, value: bytes | None, headers: list[Any]
    ) -> None:
        partition = partition_of(key or b"", topics.PARTITIONS)
        name = topic_name(self._kafka, topic)
        sending = self._producer.send(
            name, value, key=key or b"", partition=partition, headers=headers
        )
        self._waiting.append(await asyncio.wait_for(sending, PATIENCE))

    async def delivered(self) -> None:
        """Wait until the broker has everything queued so far. Errors end the process."""
        waiting, self._waiting = self._waiting, []
        await asyncio.wait_for(asyncio.gather(*waiting), PATIENCE)


def _pairs(headers: Any) -> list[tuple[str, bytes | None]]:
    found = headers.items() if isinstance(headers, dict) else headers or ()
    return [(str(name), value) for name, value in found]
