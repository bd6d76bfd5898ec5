"""Follow both topics into Postgres: read on from where it stands, apply batch after batch.

Postgres says where to read on. While it is away nothing is read; what a broken connection left
in doubt is settled by reading the offsets again. Any other error ends the process.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from infra.runtime.dead_letter_writing import DeadLetterWriter
from infra.runtime.kafka import topic_name
from infra.runtime.logs import get_logger
from infra.runtime.membership import make_member
from infra.runtime.postgres import POSTGRES_AWAY
from infra.runtime.probes import PROBES
from infra.runtime.settings import Settings
from policies.catalogue import Policies
from policies.file import parsed
from policies.teams import Team
from schemas import topics
from services.projections.metrics import BATCHES, READ, Ages
from services.projections.projector.applying import Applier
from services.projections.projector.batches import LostOwnership, Projector, ReadBatch
from services.projections.projector.policy_tables import write_policies
from services.projections.projector.positions import Assignment, Outages, Positions
from services.projections.projector.reading import ReadRecords, Unusable, read_all
from services.projections.projector.schema import TABLES_MISSING, connect, require_tables
from services.projections.projector.team_tables import write_teams
from services.projections.sql import SQL

SLICE: Final = 100
"""Records read without giving way."""
log = get_logger(__name__)


class Following:
    """Both topics, followed into Postgres over one connection at a time."""

    def __init__(self, settings: Settings, policies: Policies, teams: tuple[Team, ...]) -> None:
        kafka = settings.kafka
        self.settings, self.policies, self.teams = settings, policies, teams
        self.cases = topic_name(kafka, topics.CASE_EVENTS.name)
        self.decides = topic_name(kafka, topics.ESCALATION_EVENTS.name)
        self.dead_letters = DeadLetterWriter(kafka, "projections", "project")
        self.positions, self.outages, self.ages = Positions(), Outages(), Ages()
        self.is_stale = False
        """Whether somebody saw that what we hold of Postgres no longer counts."""
        self.assignment = Assignment()
        self.consumer = self.assignment.consumer = make_member(
            kafka, topics.PROJECTIONS_GROUP, settings.projections.instance_id
        )

    async def set_aside(self, one: Unusable) -> None:
        """Dead-letter what we alone cannot apply, and what is foreign to the escalation topic."""
        await self.dead_letters.put(one.record, one.reason, one.text)

    def learn(self, texts: list[str]) -> None:
        """Take versions of policies that were published meanwhile."""
        self.policies = self.policies.with_versions(parsed(texts, topics.POLICIES.name)[0])

    async def run(self, stop: asyncio.Event) -> None:
        """Until asked to stop. Raises what is no outage."""
        self.consumer.subscribe([self.cases, self.decides], listener=self.assignment)
        await self.consumer.start()
        try:
            while not stop.is_set():
                await self._while_it_lasts(stop)
        finally:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.consumer.stop(), 3)
            await self.dead_letters.close()

    async def _while_it_lasts(self, stop: asyncio.Event) -> None:
        """As long as one connection to Postgres lasts; then a wait before the next one."""
        try:
            async with contextlib.aclosing(Connected(self)) as connected:
                await connected.start()
                await connected.follow(stop)
        except (*TABLES_MISSING, *POSTGRES_AWAY, KafkaError) as error:
            if isinstance(error, KafkaError) and not error.retriable:
                raise
            wait = self.outages.failed(error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait)


class Connected:
    """As long as one connection to Postgres lasts."""

    def __init__(self, following: Following) -> None:
        self.following = following
        self.connection: Any = None
        self.known: Policies | None = None
        self.applying: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.applying.set_result(None)

    async def start(self) -> None:
        """Connect; whatever was read before and not applied is read again."""
        one = self.following
        self.connection = await connect(one.settings.postgres)
        one.outages.postgres.over()
        await require_tables(self.connection)
        one.outages.tables.over()
        one.is_stale, one.assignment.changed = False, True

    async def aclose(self) -> None:
        if self.connection is not None:
            self.connection.terminate()

    async def follow(self, stop: asyncio.Event) -> None:
        """Read and apply until asked to stop, or the connection breaks.

        Postgres works on one batch while the next is read. Batches are applied in the order in
        which they were read, and none is left out: with the connection all of them go.
        """
        one = self.following
        projector = Projector(self.connection, one.decides, one.policies)
        applier = Applier(projector, one.set_aside)
        try:
            while not stop.is_set() and not one.is_stale:
                if one.assignment.changed:
                    await self._settle()
                    await self._seek()
                batches, unusable = await self._read()
                await self._settle()
                await self._tell_policies(projector)
                if batches and not one.assignment.changed:
                    self.applying = asyncio.ensure_future(self._apply(applier, batches, unusable))
            await self._settle()
        finally:
            self.applying.cancel()
            await asyncio.gather(self.applying, return_exceptions=True)

    async def _settle(self) -> None:
        """Wait for the batch that Postgres works on; who lost a partition reads the offsets."""
        try:
            await self.applying
        except LostOwnership as error:
            log.warning("offsets-read-again", why=str(error))
            BATCHES.labels(outcome="lost-ownership").inc()
            self.applying = asyncio.get_running_loop().create_future()
            self.applying.set_result(None)
            self.following.assignment.changed = True

    async def _tell_policies(self, projector: Projector) -> None:
        """What is allowed now depends on the policies, working days on their calendars: the views
        look both up."""
        if self.known is not self.following.policies:
            self.known = projector.policies = self.following.policies
            await write_policies(self.connection, self.known)
            await write_teams(self.connection, self.following.teams, self.known)

    async def _apply(
        self, applier: Applier, batches: dict[TopicPartition, ReadBatch], unusable: list[Unusable]
    ) -> None:
        await applier.apply(batches, unusable)
        one = self.following
        for place, batch in batches.items():
            one.positions.applied[place] = batch.ends
            if batch.found:
                one.ages.applied(max(found.recorded_at for found in batch.found).timestamp())

    async def _read(self) -> tuple[dict[TopicPartition, ReadBatch], list[Unusable]]:
        """The next records of each partition, read in slices: between two of them Postgres is
        given its next statement."""
        one = self.following
        size = one.settings.projections.batch_size
        fetched = await one.consumer.getmany(timeout_ms=200, max_records=size)
        batches: dict[TopicPartition, ReadBatch] = {}
        for tp, records in fetched.items():
            place = TopicPartition(tp.topic, tp.partition)
            if (starts := one.positions.read.get(place)) is not None:
                batches[place] = ReadBatch(starts, records[-1].offset + 1)
                one.positions.read[place] = batches[place].ends
        unusable: list[Unusable] = []
        for place, batch in batches.items():
            records = fetched[TopicPartition(*place)]
            found = ReadRecords()
            for start in range(0, len(records), SLICE):
                read_all(records[start : start + SLICE], one.decides, found)
                await asyncio.sleep(0)
            batch.found, unusable = found.read, unusable + found.unusable
            for (topic, outcome), number in found.outcomes.items():
                READ.labels(topic=topic, outcome=outcome).inc(number)
        return batches, unusable

    async def _seek(self) -> None:
        """Read each partition on from where Postgres says, whatever Kafka remembers."""
        one = self.following
        one.assignment.changed = False
        self.known = None  # whoever put our places back may have taken these tables as well
        owned = sorted(one.consumer.assignment())
        places = [TopicPartition(tp.topic, tp.partition) for tp in owned]
        named = [place.topic for place in places], [place.partition for place in places]
        await self.connection.execute(SQL["claim_offsets"], *named)
        rows = await self.connection.fetch(SQL["read_offsets"], *named)
        at = {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}
        await self._rewind(at, await one.consumer.end_offsets(owned) if owned else {})
        one.positions.start(at)
        try:
            for tp, place in zip(owned, places, strict=True):
                one.consumer.seek(tp, at[place])
                one.consumer.resume(tp)
        except IllegalStateError:  # changed hands meanwhile
            one.assignment.changed = True
        PROBES.set("partitions", not one.assignment.changed)

    async def _rewind(self, at: dict[TopicPartition, int], ends: dict[TopicPartition, int]) -> None:
        """A topic that ends before our place was made anew: it is read from its beginning."""
        for tp, end in ends.items():
            place = TopicPartition(tp.topic, tp.partition)
            if at[place] > end:
                log.warning("topic-read-anew", topic=tp.topic, partition=tp.partition,
                            position=at[place], end=end)  # fmt: skip
                await self.connection.execute(SQL["rewind_offset"], *place)
                at[place] = 0
