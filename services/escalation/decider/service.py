"""The decider as a process: membership of the group, a loop per owned partition, a watch.

An error ends the process and the supervisor starts it again; membership is static, so that
its successor has its partitions back at once.
"""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from typing import Any, Final

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from infra.runtime.failures import described
from infra.runtime.health import Progress
from infra.runtime.kafka import topic_name
from infra.runtime.membership import make_member
from infra.runtime.probes import PROBES
from infra.runtime.service import Ends
from infra.runtime.settings import Settings
from policies.catalogue import policies_in, shipped
from policies.topic import PolicyTopic
from schemas import topics
from services.escalation.decider.catalogue import PolicyCatalogue
from services.escalation.decider.loop import Shared, decide_partition, supervise
from services.escalation.decider.ticks import Ticker
from services.escalation.decider.transactions import SourcePartition
from services.escalation.decider.watching import KAFKA, PARTITIONS, Watchdog

GOODBYE: Final = 4.0
"""Seconds for the last words to Kafka; what is open then, its transaction's timeout ends."""


class AssignmentListener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Starts a loop for each partition assigned, ends them all when they are revoked."""

    def __init__(self, shared: Shared, watch: Watchdog) -> None:
        self.shared, self.watch = shared, watch
        self.loops: dict[int, asyncio.Task[None]] = {}

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Open transactions are aborted before this returns."""
        for task in self.loops.values():
            task.cancel()
        await asyncio.gather(*self.loops.values(), return_exceptions=True)
        self.loops.clear()
        self.watch.forget()

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Nothing is read before the loop has its states back and has sought."""
        kept = {tp.partition for tp in assigned}
        for gone in self.shared.memory.keys() - kept:
            del self.shared.memory[gone]
        for tp in assigned:
            self.shared.consumer.pause(tp)
            place = SourcePartition(self.shared.settings.kafka, tp.partition)
            self.loops[tp.partition] = asyncio.create_task(decide_partition(place, self.shared))
        self.watch.joined = True


def group_consumer(settings: Settings) -> Any:
    """A static member of the decider's group that reads only what was committed."""
    return make_member(settings.kafka, topics.DECIDER_GROUP, settings.decider.instance_id)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Decide until asked to stop. Raises whatever ended a partition's loop."""
    gc.set_threshold(100_000, 50, 100)
    for condition in (KAFKA, PARTITIONS):
        PROBES.set(condition, False)
    policies = policies_in(
        shipped(), settings.decider.default_policy, settings.decider.policies_folder
    )
    catalogue = PolicyCatalogue(policies, PolicyTopic(settings.kafka))
    try:
        catalogue.learn(await catalogue.topic.poll())
        await _work(settings, catalogue, stop)
    except KafkaError as error:
        raise Ends(f"Kafka does not answer: {described(error)}") from error
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(catalogue.topic.close(), GOODBYE)


async def _work(settings: Settings, catalogue: PolicyCatalogue, stop: asyncio.Event) -> None:
    consumer = group_consumer(settings)
    shared = Shared(settings, catalogue, consumer, Ticker(settings.kafka), Progress())
    name = topic_name(settings.kafka, topics.CASE_EVENTS.name)
    watch = Watchdog(shared, name)
    listener = AssignmentListener(shared, watch)
    consumer.subscribe([name], listener=listener)
    await consumer.start()
    work = [
        asyncio.create_task(supervise(listener.loops)),
        asyncio.create_task(watch.run()),
        asyncio.create_task(watch.hint()),
        asyncio.create_task(shared.ticker.run()),
        asyncio.create_task(catalogue.topic.follow(catalogue.learn)),
        asyncio.create_task(stop.wait()),
    ]
    try:
        done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task
    finally:
        for task in work:
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE):
                await watch.hint_now()
                await listener.on_partitions_revoked([])
                await consumer.stop()
