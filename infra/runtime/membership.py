"""Notice that another process uses our instance id, and leave the group to it.

Kafka gives a static member's partitions to whoever joined last under its id. The client library
takes them back at once, so two processes with one id would fight for ever. The one that was
replaced ends instead, with an exit code of its own.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any, Final

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from infra.runtime.kafka import group_name, make_admin, make_consumer
from infra.runtime.logs import get_logger
from infra.runtime.settings import KafkaSettings

TAKEN: Final = 4
"""The exit code: ``service.Exit.INSTANCE_TAKEN``."""
WITHIN: Final = 3.0
"""Seconds for the broker to say who holds our place."""
UUID_LENGTH: Final = 36
log = get_logger(__name__)


def make_member(kafka: KafkaSettings, group: str, instance: str, **overrides: Any) -> Any:
    """A consumer that is a static member of a group: who dies comes back to its own partitions.

    It ends the process when another one takes its place.
    """
    options: dict[str, Any] = {
        "session_timeout_ms": 6_000,
        "heartbeat_interval_ms": 1_500,
        "rebalance_timeout_ms": 20_000,
        "max_poll_interval_ms": 300_000,
        "fetch_max_wait_ms": 50,
        "max_partition_fetch_bytes": 4 << 20,
        "retry_backoff_ms": 20,
    }
    consumer = make_consumer(
        kafka, group_id=group, group_instance_id=f"{group}-{instance}", **(options | overrides)
    )
    return guard(consumer, kafka, group, instance)


class Seat:
    """Our place in a group: the member id that the broker gave us under our instance id."""

    def __init__(self, kafka: KafkaSettings, group: str, instance: str) -> None:
        self._kafka, self._group, self._instance = kafka, group, instance
        self._ours: str | None = None

    def taken(self, member_id: str) -> None:
        """We are this member now."""
        self._ours = member_id or self._ours

    async def is_lost(self) -> bool:
        """Whether another process has our place. Where the broker does not answer: no."""
        if self._ours is None:
            return False  # a predecessor that died may still be listed
        try:
            async with asyncio.timeout(WITHIN):
                holders = await self._holders()
        except (KafkaError, OSError, TimeoutError):
            return False
        return bool(holders) and self._ours not in holders

    async def _holders(self) -> list[str]:
        admin = make_admin(self._kafka)
        await admin.start()
        try:
            answers = await admin.describe_consumer_groups([group_name(self._kafka, self._group)])
        finally:
            await admin.close()
        ids = [str(member[0]) for one in answers for entry in one.groups for member in entry[5]]
        own = f"{self._group}-{self._instance}-"
        return [one for one in ids if one.startswith(own) and len(one) == len(own) + UUID_LENGTH]

    def leave(self) -> None:
        """Say why, and end the process: nothing may be read or written any more."""
        service = self._group.removeprefix("escalation-")
        setting = f"ESCALATION_{service.upper()}__INSTANCE_ID"
        log.error(
            "instance-id-taken", service=service, instance_id=self._instance,
            why=f"another process uses instance id {self._instance} and has taken over its "
            f"partitions: give each process its own {setting}",
        )  # fmt: skip
        sys.stderr.flush()
        os._exit(TAKEN)


class Guarded(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Asks before each rejoining whether our place is still ours; then the listener's own work."""

    def __init__(self, seat: Seat, consumer: Any, listener: Any) -> None:
        self._seat, self._consumer, self._listener = seat, consumer, listener

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        if await self._seat.is_lost():
            self._seat.leave()
        if self._listener is not None:
            await _done(self._listener.on_partitions_revoked(revoked))

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        self._seat.taken(self._consumer._coordinator.member_id)
        if self._listener is not None:
            await _done(self._listener.on_partitions_assigned(assigned))


async def _done(result: Any) -> None:
    """A listener's methods may be coroutines or plain functions."""
    if asyncio.iscoroutine(result):
        await result


def guard(consumer: Any, kafka: KafkaSettings, group: str, instance: str) -> Any:
    """Watch over the place of this consumer, a static member that has not subscribed yet."""
    seat = Seat(kafka, group, instance)
    SEATS.append(seat)
    subscribe = consumer.subscribe

    def guarded(topics: Any = (), pattern: str | None = None, listener: Any = None) -> None:
        subscribe(topics=topics, pattern=pattern, listener=Guarded(seat, consumer, listener))

    consumer.subscribe = guarded
    return consumer


SEATS: Final[list[Seat]] = []
"""This process's places."""


async def leave_if_replaced() -> None:
    """After an error that ends the process: it may be that another took our place."""
    for seat in SEATS:
        if await seat.is_lost():
            seat.leave()
