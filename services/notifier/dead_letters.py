"""Dead letters of the notifier: decisions that it alone cannot read or plan."""

from __future__ import annotations

from typing import Any, Final

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

CONSUMER: Final = "notifier"


class Rejects:
    """Writes dead letters; its producer starts with the first one, for there are rarely any."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._producer: Any = None

    async def put(self, record: Any, reason: Reason, text: str) -> None:
        """Set a record aside, byte for byte; on return the brokers have it."""
        if self._producer is None:
            self._producer = make_producer(self._kafka, max_request_size=LARGEST + 64_000)
            await self._producer.start()
        ours = dead_letter_headers(
            topic=record.topic, partition=record.partition, offset=record.offset,
            stage="plan", reason=reason, text=text,
        )  # fmt: skip
        value, headers = dead_letter_value(record.value, list(record.headers), ours)
        await self._producer.send_and_wait(
            topic_name(self._kafka, dead_letters(CONSUMER).name),
            value, key=record.key, partition=record.partition, headers=headers,
        )  # fmt: skip
        report_dead_letter(
            CONSUMER, topic=record.topic, partition=record.partition, offset=record.offset,
            reason=reason,
        )  # fmt: skip

    async def close(self) -> None:
        if self._producer is not None:
            await self._producer.stop()
