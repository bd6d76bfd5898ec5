"""The projections as a process: read both topics, apply in batches, until asked to stop.

An error ends the process; the supervisor starts it again and Postgres knows where to go on.
"""

from __future__ import annotations

import asyncio
import gc
from importlib.resources import files
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition

from infra.runtime.kafka import make_consumer, topic_name
from infra.runtime.logs import get_logger
from infra.runtime.settings import Settings
from schemas import topics
from services.escalation.core.policy import policies_in
from services.projections.projector import Projector, connect

log = get_logger(__name__)


class Seeking(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Reads each partition on from where Postgres says, whatever Kafka remembers."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.consumer: Any = None
        self.failure: BaseException | None = None

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Nothing to do: what was applied is committed with its offset."""

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """aiokafka would only log an error here, so it is kept for the loop to raise."""
        try:
            connection = await connect(self.dsn)
            rows = await connection.fetch("SELECT * FROM projections.offsets")
            await connection.close()
            at = {
                TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows
            }
            for tp in assigned:
                self.consumer.seek(tp, at.get(tp, 0))
        except BaseException as error:
            self.failure = error


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Project until asked to stop."""
    gc.set_threshold(100_000, 50, 100)
    kafka, dsn = settings.kafka, settings.postgres.dsn
    names = [topic_name(kafka, one.name) for one in (topics.CASE_EVENTS, topics.ESCALATION_EVENTS)]
    folder = files("services.escalation") / "policies"
    policies = policies_in(folder, settings.decider.default_policy)
    seeking = Seeking(dsn)
    consumer = seeking.consumer = make_consumer(
        kafka,
        group_id=topics.PROJECTIONS_GROUP,
        group_instance_id=f"{topics.PROJECTIONS_GROUP}-{settings.projections.instance_id}",
        session_timeout_ms=10_000,
        max_partition_fetch_bytes=4 << 20,
        fetch_max_wait_ms=50,
    )
    connection = await connect(dsn)
    consumer.subscribe(names, listener=seeking)
    await consumer.start()
    try:
        projector = Projector(connection, names[1], policies)
        while not stop.is_set():
            found = await consumer.getmany(
                timeout_ms=200, max_records=settings.projections.batch_size
            )
            if seeking.failure is not None:
                raise seeking.failure
            if found:
                await projector.apply(
                    {(tp.topic, tp.partition): rows for tp, rows in found.items()}
                )
    finally:
        await consumer.stop()
        await connection.close()
