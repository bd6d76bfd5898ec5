"""Membership of the group: who reads which partitions, and when that changed."""

from __future__ import annotations

from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from infra.runtime.membership import make_member
from infra.runtime.settings import Settings
from schemas import topics


class AssignmentListener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Notices that partitions changed hands; nothing is read before positions were."""

    def __init__(self, consumer: Any) -> None:
        self.consumer = consumer
        self.changed = False

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        self.changed = True

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        self.consumer.pause(*assigned)
        self.changed = True


def group_consumer(settings: Settings) -> Any:
    """A static member; the range assignor gives a partition of both topics to the same one."""
    return make_member(
        settings.kafka,
        topics.NOTIFIER_GROUP,
        settings.notifier.instance_id,
        partition_assignment_strategy=(RangePartitionAssignor,),
        max_partition_fetch_bytes=2 << 20,
    )
