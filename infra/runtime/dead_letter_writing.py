"""Writes the dead letters of one consumer, each with an acknowledgement of the brokers."""

from __future__ import annotations

from typing import Any

from infra.runtime.dead_letters import (
    LARGEST,
    dead_letter_headers,
    dead_letter_value,
    report_dead_letter,
)
from infra.runtime.kafka import make_producer, topic_name
from infra.runtime.settings import KafkaSettings
from schemas.codec import Reason
from schemas.topics import dead_letters


class DeadLetterWriter:
    """Of ``consumer``, whose records fail at ``stage``. Its producer starts with the first dead
    letter, for there are rarely any."""

    def __init__(self, kafka: KafkaSettings, consumer: str, stage: str) -> None:
        self._kafka = kafka
        self._consumer = consumer
        self._stage = stage
        self._producer: Any = None

    async def put(self, record: Any, reason: Reason, text: str) -> None:
        """Set a record aside, byte for byte; on return the brokers have it.

        Errors: ``KafkaError``.
        """
        producer = await self._started()
        place: dict[str, Any] = {
            "topic": record.topic, "partition": record.partition, "offset": record.offset,
        }  # fmt: skip
        ours = dead_letter_headers(**place, stage=self._stage, reason=reason, text=text)
        value, headers = dead_letter_value(record.value, list(record.headers), ours)
        await producer.send_and_wait(
            topic_name(self._kafka, dead_letters(self._consumer).name),
            value, key=record.key, partition=record.partition, headers=headers,
        )  # fmt: skip
        if reason == "processing-failed":
            place["failed"] = text
        report_dead_letter(self._consumer, reason=reason, **place)

    async def _started(self) -> Any:
        if self._producer is None:
            producer = make_producer(self._kafka, max_request_size=LARGEST + 64_000)
            await producer.start()
            self._producer = producer
        return self._producer

    async def close(self) -> None:
        if self._producer is not None:
            await self._producer.stop()
