"""Where the projections stand: which partitions are theirs, how far each is, what is away."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from infra.runtime.outage import Outage
from services.projections.projector.schema import TABLES_MISSING


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Notices that partitions changed hands; nothing of them is read before offsets were."""

    def __init__(self) -> None:
        self.consumer: Any = None
        self.changed = False

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Nothing to do: what was applied is committed with its offset."""

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        self.consumer.pause(*assigned)
        self.changed = True


@dataclass
class Positions:
    """How far each partition was read, and how far of that is in Postgres."""

    read: dict[TopicPartition, int] = field(default_factory=dict)
    applied: dict[TopicPartition, int] = field(default_factory=dict)

    def start(self, at: dict[TopicPartition, int]) -> None:
        self.read, self.applied = dict(at), dict(at)

    def is_idle(self, place: TopicPartition) -> bool:
        """Whether everything that was read is in Postgres."""
        return self.read.get(place) == self.applied.get(place)


@dataclass
class Outages:
    """What the projections cannot work without, and whether it is there."""

    postgres: Outage = field(default_factory=lambda: Outage("postgres", is_condition=True))
    tables: Outage = field(default_factory=lambda: Outage("read-models", is_condition=True))
    kafka: Outage = field(default_factory=lambda: Outage("kafka", is_condition=True))

    def failed(self, error: BaseException) -> float:
        """Note what is away; seconds to wait."""
        if isinstance(error, TABLES_MISSING):
            self.postgres.over()
            return self.tables.failed(f"{error}: run escalation db migrate")
        if isinstance(error, KafkaError):
            return self.kafka.failed(type(error).__name__)
        return self.postgres.failed(type(error).__name__)
