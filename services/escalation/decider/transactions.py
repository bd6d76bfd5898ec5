"""One batch of a partition into Kafka, all or nothing: decisions, states, dead letters, position.

The position is a state like any other, `clock/<partition>`: to send the group's offset in the
transaction would cost two more round trips and half of the latency (ADR 0001).

Records go out as whole producer batches: a future per record would cost more than deciding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition

from infra.runtime.dead_letters import dead_letter_headers, dead_letter_value
from infra.runtime.kafka import group_name, make_producer, topic_name
from infra.runtime.settings import KafkaSettings
from schemas import topics
from schemas.codec import STRUCTURED_HEADERS
from services.escalation.decider.batch import DecidedBatch

TRANSACTION_TIMEOUT_MS: Final = 10_000
Headers = Iterable[tuple[str, bytes | None]]
Row = tuple[bytes | None, bytes | None, Headers]


@dataclass(frozen=True)
class SourcePartition:
    """A partition of the case topic, and the names of what belongs to it."""

    kafka: KafkaSettings
    partition: int

    def name(self, topic: topics.Topic) -> str:
        return topic_name(self.kafka, topic.name)

    @property
    def source(self) -> TopicPartition:
        return TopicPartition(self.name(topics.CASE_EVENTS), self.partition)

    @property
    def transactional_id(self) -> str:
        return f"{group_name(self.kafka, topics.DECIDER_GROUP)}-{self.partition}"


def fenced_producer(place: SourcePartition) -> AIOKafkaProducer:
    """A producer whose start ends whatever a former owner of the partition left open."""
    return make_producer(
        place.kafka,
        transactional_id=place.transactional_id,
        transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        # aiokafka waits this long between the steps of a transaction: its default of 100 ms
        # more than doubles the time to a decision.
        retry_backoff_ms=5,
        linger_ms=0,
        max_batch_size=512 * 1024,
        max_request_size=topics.DEAD_LETTER_BYTES + 64 * 1024,
    )


async def commit(producer: Any, place: SourcePartition, batch: DecidedBatch) -> None:
    """Write a batch in one transaction; the position is among its states."""
    number = place.partition
    async with producer.transaction():
        events = [(key, value, STRUCTURED_HEADERS) for key, value in batch.decisions]
        await _send(producer, place.name(topics.ESCALATION_EVENTS), number, events)
        states = [(key, value, ()) for key, value in batch.states]
        await _send(producer, place.name(topics.ESCALATION_STATE), number, states)
        for subject, event in batch.links:
            await producer.send(
                place.name(topics.CASE_EVENTS), event, key=subject,
                partition=topics.partition_of(subject, topics.PARTITIONS),
                headers=list(STRUCTURED_HEADERS),
            )  # fmt: skip
        for letter in _letters(place, batch):
            key, value, headers = letter
            await producer.send(
                place.name(topics.dead_letters("decider")),
                value, key=key, partition=number, headers=list(headers),
            )  # fmt: skip


async def _send(producer: Any, topic: str, partition: int, rows: Sequence[Row]) -> None:
    builder = producer.create_batch()
    for key, value, headers in rows:
        if _appended(builder, key, value, headers):
            continue
        await producer.send_batch(builder, topic, partition=partition)
        builder = producer.create_batch()
        if not _appended(builder, key, value, headers):
            raise ValueError(f"a record of {len(value or b'')} bytes does not fit into a batch")
    if builder.record_count():
        await producer.send_batch(builder, topic, partition=partition)


def _appended(builder: Any, key: bytes | None, value: bytes | None, headers: Headers) -> bool:
    done = builder.append(key=key, value=value, timestamp=None, headers=list(headers))
    return done is not None


def _letters(place: SourcePartition, batch: DecidedBatch) -> Iterable[Row]:
    for record, why in batch.dead_letters:
        headers = dead_letter_headers(
            topic=place.source.topic,
            partition=place.partition,
            offset=record.offset,
            stage="VALUE_CONVERTER",
            reason=why.reason,
            text=why.text,
        )
        value, headers = dead_letter_value(record.value, list(record.headers), headers)
        yield record.key, value, headers
