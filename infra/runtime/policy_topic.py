"""The policies topic: versions published while services run. Texts in, texts out; what they mean
is the core's business."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from infra.runtime.kafka import make_consumer, make_producer, topic_name
from infra.runtime.logs import get_logger
from infra.runtime.settings import KafkaSettings
from schemas import topics

LOOK_EVERY: Final = 2.0
"""Seconds between looks at the end of the topic; a version counts ten minutes later at the
earliest."""
HEADERS: Final = [("content-type", b"application/yaml; charset=UTF-8")]

log = get_logger(__name__)


class PolicyTopic:
    """Reads the topic from its beginning. ``stood_at`` is when it was last read to its end."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._place = TopicPartition(topic_name(kafka, topics.POLICIES.name), 0)
        self._kafka = kafka
        self._consumer: Any = None
        self.stood_at = datetime.min.replace(tzinfo=UTC)
        self._moved = asyncio.Condition()

    async def news(self) -> list[str]:
        """What was published since the last time. Errors: ``KafkaError``."""
        if self._consumer is None:
            consumer = make_consumer(self._kafka)
            await consumer.start()
            consumer.assign([self._place])
            self._consumer = consumer
        looked_at = datetime.now(UTC)
        end = (await self._consumer.end_offsets([self._place]))[self._place]
        found: list[str] = []
        while await self._consumer.position(self._place) < end:
            for records in (await self._consumer.getmany(timeout_ms=200)).values():
                found += [(record.value or b"").decode("utf-8", "replace") for record in records]
        async with self._moved:
            self.stood_at = looked_at
            self._moved.notify_all()
        return found

    async def until_stood_at(self, instant: datetime) -> None:
        """Wait until everything published before this instant is known."""
        async with self._moved:
            await self._moved.wait_for(lambda: self.stood_at >= instant)

    async def follow(self, learn: Callable[[list[str]], None]) -> None:
        """Hand over what is published, for ever; an outage is waited out."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                if found := await self.news():
                    learn(found)
            except KafkaError as error:
                log.warning("policies-unread", why=repr(error)[:200])

    async def close(self) -> None:
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None


async def publish_policy(kafka: KafkaSettings, name: str, text: str) -> None:
    """Append one version to the policies topic; the key is the policy's name."""
    producer = make_producer(kafka)
    await producer.start()
    try:
        await producer.send_and_wait(
            topic_name(kafka, topics.POLICIES.name), text.encode(), key=name.encode(),
            headers=HEADERS,
        )  # fmt: skip
    finally:
        await producer.stop()


async def published_policies(kafka: KafkaSettings) -> list[str]:
    """Everything on the topic, read once."""
    topic = PolicyTopic(kafka)
    try:
        return await topic.news()
    finally:
        await topic.close()
