"""Dead letters of the projections: what they alone cannot apply, and what is foreign to the
escalation topic."""

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
from schemas.topics import dead_letters
from services.projections.projector.reading import PROCESSING_FAILED, Unusable

CONSUMER: Final = "projections"


class Rejects:
    """Writes dead letters; its producer starts with the first one, for there are rarely any."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._producer: Any = None

    async def put(self, one: Unusable) -> None:
        """Set a record aside, byte for byte; on return the brokers have it.

        Errors: ``KafkaError``.
        """
        record = one.record
        producer = await self._started()
        ours = dead_letter_headers(
            topic=record.topic, partition=record.partition, offset=record.offset,
            stage="project", reason=one.reason, text=one.text,
        )  # fmt: skip
        value, headers = dead_letter_value(record.value, list(record.headers), ours)
        await producer.send_and_wait(
            topic_name(self._kafka, dead_letters(CONSUMER).name),
            value, key=record.key, partition=record.partition, headers=headers,
        )  # fmt: skip
        failed = {"failed": one.text} if one.reason == PROCESSING_FAILED else {}
        report_dead_letter(
            CONSUMER, topic=record.topic, partition=record.partition, offset=record.offset,
            reason=one.reason, **failed,
        )  # fmt: skip

    async def _started(self) -> Any:
        if self._producer is None:
            producer = make_producer(self._kafka, max_request_size=LARGEST + 64_000)
            await producer.start()
            self._producer = producer
        return self._producer

    async def close(self) -> None:
        if self._producer is not None:
            await self._producer.stop()
