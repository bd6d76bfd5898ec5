"""Records into Kafka from the workbench, each acknowledged by the broker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aiokafka.errors import KafkaError

from infra.runtime.kafka import make_producer, topic_name
from infra.runtime.settings import KafkaSettings
from schemas import topics
from schemas.codec import STRUCTURED_HEADERS, Headers


class NotAllSent(Exception):
    """Some records were not taken by the broker; ``missing`` are their numbers, from 0."""

    def __init__(self, sent: int, missing: list[int], why: str) -> None:
        super().__init__(why)
        self.sent = sent
        self.missing = missing


@dataclass(frozen=True)
class Outgoing:
    """A record to publish; ``partition`` None leaves it to the key."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers = STRUCTURED_HEADERS
    partition: int | None = None


def to_case_topic(subject: str, value: bytes) -> Outgoing:
    return Outgoing(topics.CASE_EVENTS.name, subject.encode(), value)


async def publish(kafka: KafkaSettings, records: Iterable[Outgoing]) -> int:
    """Send records and wait until the broker has them all; how many.

    Errors: ``NotAllSent`` where it did not take some of them; ``KafkaError`` where it is not there.
    """
    wanted = list(records)
    producer: Any = make_producer(kafka, linger_ms=5)
    try:
        await producer.start()
        outcomes = await _outcomes(producer, kafka, wanted)
    finally:
        await producer.stop()
    problems = {at: one for at, one in enumerate(outcomes) if isinstance(one, BaseException)}
    if problems:
        why = next(iter(problems.values()))
        sent = len(wanted) - len(problems)
        raise NotAllSent(sent, list(problems), str(why) or type(why).__name__)
    return len(wanted)


async def _outcomes(producer: Any, kafka: KafkaSettings, wanted: list[Outgoing]) -> list[Any]:
    """What the broker said of each; the first that cannot even be handed over ends it."""
    waiting: list[Any] = []
    try:
        for one in wanted:
            waiting.append(await _hand_over(producer, kafka, one))
    except KafkaError as problem:
        rest = len(wanted) - len(waiting)
        return [*await asyncio.gather(*waiting, return_exceptions=True), *[problem] * rest]
    return await asyncio.gather(*waiting, return_exceptions=True)


async def _hand_over(producer: Any, kafka: KafkaSettings, one: Outgoing) -> Any:
    """Put a record into a batch; the answer is awaited for what the broker says."""
    return await producer.send(
        topic_name(kafka, one.topic),
        one.value,
        key=one.key,
        partition=one.partition,
        headers=list(one.headers),
    )
