"""The decider as a process: membership of the group, a loop per owned partition, a watchdog.

Any error ends the process and the supervisor starts it again; membership is static, so that
its successor has its partitions back at once.
"""

from __future__ import annotations

import asyncio
import gc
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition

from infra.runtime.health import Progress
from infra.runtime.kafka import topic_name
from infra.runtime.logs import get_logger
from infra.runtime.membership import make_member
from infra.runtime.settings import Settings
from policies.catalogue import policies_in, shipped
from policies.topic import PolicyTopic
from schemas import topics
from services.escalation.decider.loop import Library, Shared, own, supervise, watch
from services.escalation.decider.ticks import Ticker
from services.escalation.decider.transactions import Place

log = get_logger(__name__)


class Ownership(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Starts a loop for each partition assigned, ends them all when they are revoked."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.loops: dict[int, asyncio.Task[None]] = {}

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Open transactions are aborted before this returns."""
        for task in self.loops.values():
            task.cancel()
        await asyncio.gather(*self.loops.values(), return_exceptions=True)
        self.loops.clear()
        self.shared.ticker.forget()
        self.shared.progress.forget()

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Nothing is read before the loop has restored and sought."""
        for tp in assigned:
            self.shared.consumer.pause(tp)
            place = Place(self.shared.settings.kafka, tp.partition)
            self.loops[tp.partition] = asyncio.create_task(own(place, self.shared))


def group_consumer(settings: Settings) -> Any:
    """A static member of the decider's group that reads only what was committed."""
    return make_member(settings.kafka, topics.DECIDER_GROUP, settings.decider.instance_id)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Decide until asked to stop. Raises whatever ended a partition's loop."""
    gc.set_threshold(100_000, 50, 100)
    policies = policies_in(
        shipped(), settings.decider.default_policy, settings.decider.policies_folder
    )
    library = Library(policies, PolicyTopic(settings.kafka))
    library.learn(await library.topic.news())
    consumer = group_consumer(settings)
    shared = Shared(settings, library, consumer, Ticker(settings.kafka), Progress())
    ownership = Ownership(shared)
    consumer.subscribe([topic_name(settings.kafka, topics.CASE_EVENTS.name)], listener=ownership)
    await consumer.start()
    work = [
        asyncio.create_task(supervise(ownership.loops)),
        asyncio.create_task(watch(shared)),
        asyncio.create_task(shared.ticker.run()),
        asyncio.create_task(library.topic.follow(library.learn)),
        asyncio.create_task(stop.wait()),
    ]
    try:
        done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task
    finally:
        for task in work:
            task.cancel()
        await ownership.on_partitions_revoked([])
        await consumer.stop()
        await library.topic.close()
