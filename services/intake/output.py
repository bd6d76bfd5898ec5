"""What intake writes: an idempotent producer of our own, bounded in number and time.

Faust's own producer is not idempotent at least once. Inputs are acknowledged only after the
broker has every output of them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from infra.runtime.dead_letters import (
    Headers,
    dead_letter_headers,
    dead_letter_value,
    report_dead_letter,
)
from infra.runtime.isolation import what_failed
from infra.runtime.kafka import make_producer, topic_name
from infra.runtime.settings import KafkaSettings
from schemas import topics
from schemas.codec import STRUCTURED_HEADERS
from schemas.topics import partition_of
from services.intake.metrics import CONSUMER, EVENTS
from services.intake.prepare import Ready
from services.intake.record import Parked

PATIENCE: Final = 8.0
"""Seconds a batch may take to be acknowledged before the process gives up."""
LARGEST_KEY: Final = 64 * 1024
"""Bytes of a vendor's key beyond which a dead letter goes without it."""
UNSENDABLE: Final = (ValueError, TypeError, AssertionError, MessageSizeTooLargeError)
"""What the producer raises for a record that it cannot send at all, whatever the brokers do."""


@dataclass(frozen=True, slots=True)
class _Letter:
    """A dead letter on its way, to be told once the broker has it."""

    message: Any
    why: Parked


class Output:
    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._producer: Any = None
        self._waiting: list[asyncio.Future[Any]] = []
        self._letters: list[_Letter] = []

    async def start(self) -> None:
        """On Faust's loop: a producer belongs to the loop that made it."""
        largest = topics.DEAD_LETTER_BYTES + 64 * 1024
        self._producer = make_producer(self._kafka, linger_ms=5, max_request_size=largest)
        await self._producer.start()

    async def answers(self) -> bool:
        """Whether a broker answers within a few seconds."""
        try:
            await asyncio.wait_for(self._producer.client.fetch_all_metadata(), PATIENCE)
        except (KafkaError, OSError, TimeoutError):
            return False
        return True

    async def report(self, message: Any, events: list[Ready]) -> None:
        """Queue the events of a record for the case topic."""
        headers: Headers = list(STRUCTURED_HEADERS)
        try:
            for ready in events:
                await self._send(topics.CASE_EVENTS.name, ready.key, ready.value, headers)
                EVENTS.labels(type=ready.event.type).inc()
        except UNSENDABLE as error:
            await self.park(message, Parked("processing-failed", what_failed(error)))

    async def park(self, message: Any, why: Parked) -> None:
        """Queue a vendor's record for the dead-letter topic, byte for byte and with its key."""
        self._letters.append(_Letter(message, why))
        ours = dead_letter_headers(
            topic=message.topic, partition=message.partition, offset=message.offset,
            stage="TRANSFORMATION", reason=why.reason, text=why.text,
        )  # fmt: skip
        theirs = _pairs(message.headers)
        key = message.key if len(message.key or b"") <= LARGEST_KEY else None
        value, headers = dead_letter_value(message.value, theirs, ours)
        name = topics.dead_letters(CONSUMER).name
        try:
            await self._send(name, key, value, headers)
        except UNSENDABLE:  # a header that cannot be written again: only what identifies it is kept
            largest = [("", b" " * topics.DEAD_LETTER_BYTES)]
            value, headers = dead_letter_value(message.value, [*largest], ours)
            await self._send(name, key, value, headers)

    async def _send(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers
    ) -> None:
        partition = partition_of(key or b"", topics.PARTITIONS)
        if key is None and value is None:
            key = b""  # Kafka's clients send no record without either
        name = topic_name(self._kafka, topic)
        sending = self._producer.send(name, value, key=key, partition=partition, headers=headers)
        self._waiting.append(await asyncio.wait_for(sending, PATIENCE))

    async def delivered(self) -> None:
        """Wait until the broker has everything queued so far. Errors end the process."""
        waiting, self._waiting = self._waiting, []
        await asyncio.wait_for(asyncio.gather(*waiting), PATIENCE)
        letters, self._letters = self._letters, []
        for one in letters:
            report_dead_letter(
                CONSUMER, topic=one.message.topic, partition=one.message.partition,
                offset=one.message.offset, reason=one.why.reason, why=one.why.text,
            )  # fmt: skip


def _pairs(headers: Any) -> Headers:
    found = headers.items() if isinstance(headers, dict) else headers or ()
    return [(str(name), value) for name, value in found]
