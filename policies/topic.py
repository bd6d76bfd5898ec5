"""The policies topic: versions published while services run. Texts in, texts out; what they mean
is the core's business."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from infra.runtime.isolation import what_failed
from infra.runtime.kafka import make_consumer, make_producer, topic_name
from infra.runtime.logs import get_logger
from infra.runtime.outage import Outage
from infra.runtime.settings import KafkaSettings
from infra.runtime.tolerant_records import Unparsed
from schemas import topics

LOOK_EVERY: Final = 2.0
"""Seconds between looks at the end of the topic; a version counts ten minutes later at the
earliest."""
LARGEST: Final = topics.LARGEST_EVENT_BYTES
HEADERS: Final = [("content-type", b"application/yaml; charset=UTF-8")]

log = get_logger(__name__)


class PolicyTopic:
    """Reads the topic from its beginning. ``caught_up_at`` is when it was last read to its end."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._place = TopicPartition(topic_name(kafka, topics.POLICIES.name), 0)
        self._kafka = kafka
        self._consumer: Any = None
        self.caught_up_at = datetime.min.replace(tzinfo=UTC)
        self._moved = asyncio.Condition()

    async def poll(self) -> list[str]:
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
                found += [text for record in records if (text := _text(record)) is not None]
        async with self._moved:
            self.caught_up_at = looked_at
            self._moved.notify_all()
        return found

    async def until_caught_up_at(self, instant: datetime) -> None:
        """Wait until everything published before this instant is known."""
        async with self._moved:
            await self._moved.wait_for(lambda: self.caught_up_at >= instant)

    async def follow(self, learn: Callable[[list[str]], None]) -> None:
        """Hand over what is published, for ever; an outage is waited out, and a text that
        ``learn`` fails on is said and forgotten."""
        outage = Outage("policies-topic")
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                found = await self.poll()
                outage.over()
            except KafkaError as error:
                outage.failed(error)
                continue
            if found:
                _learnt(learn, found)

    async def close(self) -> None:
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None


def _text(record: Any) -> str | None:
    """What was published; None, and a warning, where it cannot be a policy."""
    value = record.value
    why = None
    if value is None:
        why = "it has no value"
    elif isinstance(value, Unparsed):
        why = f"the batch cannot be parsed: {value.why}"
    elif len(value) > LARGEST:
        why = f"it has {len(value)} bytes, and at most {LARGEST} are read"
    else:
        try:
            return str(value.decode("utf-8"))
        except UnicodeDecodeError:
            why = "it is not UTF-8"
    log.warning("policy-refused", topic=record.topic, offset=record.offset, why=why)
    return None


def _learnt(learn: Callable[[list[str]], None], texts: list[str]) -> None:
    try:
        learn(texts)
    except Exception as error:
        log.error("policies-not-learnt", failed=what_failed(error))


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
        return await topic.poll()
    finally:
        await topic.close()
