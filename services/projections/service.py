"""The projections as a process: read both topics, apply in batches, until asked to stop.

Postgres says where to read on. While it is away nothing is read; what a broken connection left
in doubt is settled by reading the offsets again. Any other error ends the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from typing import Any, Final

from aiokafka import ConsumerRebalanceListener, TopicPartition

from infra.runtime.kafka import make_member, topic_name
from infra.runtime.logs import get_logger
from infra.runtime.policy_topic import PolicyTopic
from infra.runtime.postgres import POSTGRES_AWAY
from infra.runtime.probes import PROBES
from infra.runtime.settings import Settings
from schemas import topics
from services.escalation.core.policies import Policies, policies_in, shipped
from services.escalation.core.policy_file import parsed
from services.projections.projector import Batch, Place, Projector, connect
from services.projections.reading import read_all

LONGEST_WAIT: Final = 5.0
SLICE: Final = 100
"""Records read without giving way."""
log = get_logger(__name__)


class Seats(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Notices that partitions changed hands; nothing of them is read before offsets were."""

    def __init__(self) -> None:
        self.consumer: Any = None
        self.changed = False

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Nothing to do: what was applied is committed with its offset."""

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        self.consumer.pause(*assigned)
        self.changed = True


class Following:
    """Both topics, followed into Postgres over one connection at a time."""

    def __init__(self, settings: Settings, policies: Policies) -> None:
        kafka = settings.kafka
        self.settings, self.policies = settings, policies
        self.names = [
            topic_name(kafka, one.name) for one in (topics.CASE_EVENTS, topics.ESCALATION_EVENTS)
        ]
        self.seats = Seats()
        self.consumer = self.seats.consumer = make_member(
            kafka, topics.PROJECTIONS_GROUP, settings.projections.instance_id
        )

    def learn(self, texts: list[str]) -> None:
        """Take versions of policies that were published meanwhile."""
        self.policies = self.policies.with_versions(parsed(texts, topics.POLICIES.name)[0])

    async def run(self, stop: asyncio.Event) -> None:
        """Until asked to stop. Raises what is no outage of Postgres."""
        self.consumer.subscribe(self.names, listener=self.seats)
        await self.consumer.start()
        wait = 0.1
        try:
            while not stop.is_set():
                try:
                    async with contextlib.aclosing(Connected(self)) as connected:
                        await connected.start()
                        wait = 0.1
                        await connected.follow(stop)
                except POSTGRES_AWAY as error:
                    log.warning("postgres-away", why=repr(error)[:200], next_try_seconds=wait)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), wait)
                    wait = min(wait * 2, LONGEST_WAIT)
        finally:
            await self.consumer.stop()


class Connected:
    """As long as one connection to Postgres lasts."""

    def __init__(self, following: Following) -> None:
        self.following = following
        self.connection: Any = None
        self.applying: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.applying.set_result(None)

    async def start(self) -> None:
        """Connect; whatever was read before and not applied is read again."""
        self.connection = await connect(self.following.settings.postgres.dsn)
        self.following.seats.changed = True

    async def aclose(self) -> None:
        if self.connection is not None:
            self.connection.terminate()

    async def follow(self, stop: asyncio.Event) -> None:
        """Read and apply until asked to stop, or the connection breaks.

        Postgres works on one batch while the next is read. Batches are applied in the order in
        which they were read, and none is left out: with the connection all of them go.
        """
        one = self.following
        projector = Projector(self.connection, one.names[1], one.policies)
        try:
            while not stop.is_set():
                if one.seats.changed:
                    await self.applying
                    await self._seek()
                batches = await self._read()
                await self.applying
                projector.policies = one.policies
                if batches and not one.seats.changed:
                    self.applying = asyncio.ensure_future(projector.apply(batches))
            await self.applying
        finally:
            self.applying.cancel()
            await asyncio.gather(self.applying, return_exceptions=True)

    async def _read(self) -> dict[Place, Batch]:
        """The next records of each partition, read in slices: between two of them Postgres is
        given its next statement."""
        one = self.following
        size = one.settings.projections.batch_size
        found: dict[Place, Batch] = {}
        for tp, rows in (await one.consumer.getmany(timeout_ms=200, max_records=size)).items():
            batch = found[tp.topic, tp.partition] = Batch([], rows[-1].offset + 1)
            for start in range(0, len(rows), SLICE):
                batch.found += read_all(rows[start : start + SLICE], one.names[1])
                await asyncio.sleep(0)
        return found

    async def _seek(self) -> None:
        """Read each partition on from where Postgres says, whatever Kafka remembers."""
        one = self.following
        one.seats.changed = False
        rows = await self.connection.fetch("SELECT * FROM projections.offsets")
        at = {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}
        owned = one.consumer.assignment()
        for tp in owned:
            one.consumer.seek(tp, at.get(tp, 0))
            one.consumer.resume(tp)
        PROBES.set("partitions", bool(owned))


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Project until asked to stop."""
    gc.set_threshold(100_000, 50, 100)
    policies = policies_in(
        shipped(), settings.decider.default_policy, settings.decider.policies_folder
    )
    following, topic = Following(settings, policies), PolicyTopic(settings.kafka)
    following.learn(await topic.news())
    learning = asyncio.create_task(topic.follow(following.learn))
    try:
        await following.run(stop)
    finally:
        learning.cancel()
        await topic.close()
