"""Watch over the projections: what waits, whether both servers answer, whether anything moves.

Looks over a connection of its own, so that a hanging statement is noticed. What it finds goes into
metrics and readiness; Kafka is told how far we are, for those who watch the group's lag.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from infra.runtime.health import Progress, Stuck
from infra.runtime.logs import get_logger
from infra.runtime.postgres import POSTGRES_AWAY
from infra.runtime.probes import PROBES
from services.projections.metrics import LAG
from services.projections.projector.following import Following
from services.projections.projector.schema import TABLES_MISSING, connect
from services.projections.sql import SQL

LOOK_EVERY: Final = 2.0
PATIENCE: Final = 5.0
"""Seconds until a server that does not answer counts as away."""
BEHIND_FOR: Final = 30.0
"""Seconds behind after which we are no longer ready."""
STUCK_AFTER: Final = 120.0
CONDITIONS: Final = ("partitions", "caught-up", "postgres", "kafka", "read-models")

log = get_logger(__name__)


class Watchdog:
    """One look after the other, for as long as the service runs."""

    def __init__(self, following: Following) -> None:
        self._following = following
        self._connection: Any = None
        self._progress = Progress()
        self._seen: dict[TopicPartition, int] = {}
        self._caught_up_at: float | None = None
        for name in CONDITIONS:
            PROBES.set(name, False)

    async def run(self) -> None:
        """For ever. Errors: ``Stuck``."""
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY)
                await self._look_at_postgres()
                await self._look_at_kafka()
        finally:
            if self._connection is not None:
                self._connection.terminate()

    # --- Postgres ------------------------------------------------------------------------------

    async def _look_at_postgres(self) -> None:
        """Whether it answers, and whether our places are still there."""
        one = self._following
        applied = dict(one.positions.applied)
        try:
            async with asyncio.timeout(PATIENCE):
                at = await self._offsets(list(applied))
        except (*TABLES_MISSING, *POSTGRES_AWAY) as error:
            one.outages.failed(error)
            one.is_stale = isinstance(error, TABLES_MISSING)
            if self._connection is not None:
                self._connection.terminate()
                self._connection = None
            return
        one.outages.postgres.over()
        if any(at.get(place, 0) < there for place, there in applied.items()):
            log.warning("offsets-read-again", why="Postgres stands further back than we left it")
            one.assignment.changed = True

    async def _offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        if self._connection is None:
            self._connection = await connect(self._following.settings.postgres)
        rows = await self._connection.fetch(
            SQL["read_offsets"], [one.topic for one in places], [one.partition for one in places]
        )
        return {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}

    # --- Kafka ---------------------------------------------------------------------------------

    async def _look_at_kafka(self) -> None:
        one = self._following
        owned = list(one.consumer.assignment())
        try:
            async with asyncio.timeout(PATIENCE):
                ends = await one.consumer.end_offsets(owned) if owned else {}
                at = {tp: await self._applied(tp) for tp in owned}
        except IllegalStateError:  # a partition changed hands during the look
            return
        except (KafkaError, TimeoutError) as error:
            one.outages.kafka.failed(type(error).__name__)
            return
        one.outages.kafka.over()
        await self._hint(at)
        await self._note(at, ends)
        self._tell(at, ends)
        self._stop_if_stuck(at, ends)

    async def _note(self, at: dict[TopicPartition, int], ends: dict[TopicPartition, int]) -> None:
        """Write down for readers how fresh each partition is; on failure the next look does."""
        if self._connection is None or not at:
            return
        rows = [(tp.topic, tp.partition, ends[tp], self._is_caught_up(tp, at, ends)) for tp in at]
        with contextlib.suppress(*TABLES_MISSING, *POSTGRES_AWAY):
            async with asyncio.timeout(PATIENCE):
                await self._connection.execute(
                    SQL["note_ends"], *map(list, zip(*rows, strict=True))
                )

    def _is_caught_up(
        self, tp: TopicPartition, at: dict[TopicPartition, int], ends: dict[TopicPartition, int]
    ) -> bool:
        """Whether all that stood there at the last look is applied: under load the end runs on."""
        return at[tp] >= min(self._seen.get(tp, ends[tp]), ends[tp])

    async def _hint(self, at: dict[TopicPartition, int]) -> None:
        """Tell Kafka how far we are, for who watches lag; who lost a partition need not."""
        if at:
            with contextlib.suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._following.consumer.commit(at)

    async def _applied(self, tp: TopicPartition) -> int:
        """How far a partition is in Postgres; the marks of transactions count as applied."""
        positions, place = self._following.positions, TopicPartition(tp.topic, tp.partition)
        at = positions.applied.get(place, 0)
        if not positions.is_idle(place):
            return at
        return max(at, int(await self._following.consumer.position(tp)))

    def _tell(self, at: dict[TopicPartition, int], ends: dict[TopicPartition, int]) -> None:
        one = self._following
        lag = {one.cases: 0, one.decides: 0}
        for tp, end in ends.items():
            lag[tp.topic] += max(0, end - at[tp])
        LAG.labels(topic="case").set(lag[one.cases])
        LAG.labels(topic="escalation").set(lag[one.decides])
        now = time.monotonic()
        is_caught_up = all(self._is_caught_up(tp, at, ends) for tp in ends)
        self._seen = ends
        one.ages.looked(is_caught_up)
        if is_caught_up:
            self._caught_up_at = now
        since = self._caught_up_at
        PROBES.set("caught-up", since is not None and now - since < BEHIND_FOR)

    def _stop_if_stuck(
        self, at: dict[TopicPartition, int], ends: dict[TopicPartition, int]
    ) -> None:
        """While Postgres is away nothing can move, and that is known already."""
        one = self._following
        if one.outages.postgres.failures or one.outages.tables.failures:
            self._progress.forget()
            return
        for tp, position in at.items():
            self._progress.moved(tp, position)
        if stuck := self._progress.stuck(dict(ends), STUCK_AFTER):
            raise Stuck(f"{len(stuck)} partitions have not moved for {STUCK_AFTER:.0f} s")
