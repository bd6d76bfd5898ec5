"""Put consumed records into a database the way the service does, without a broker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
from aiokafka import TopicPartition

from infra.runtime.dead_letters import dead_letter_headers
from services.projections.projector.applying import Applier
from services.projections.projector.batches import Projector, ReadBatch
from services.projections.projector.policy_tables import write_policies
from services.projections.projector.reading import Unusable, read_all
from tests.benchmarks.peers import shipped_policies
from tests.projections.consumed import DECISIONS, Consumed


def batches(records: Iterable[Consumed]) -> tuple[dict[TopicPartition, ReadBatch], list[Unusable]]:
    """What was read of each partition, and what of it is for the dead letters."""
    found: dict[TopicPartition, ReadBatch] = {}
    unusable: list[Unusable] = []
    by_place: dict[TopicPartition, list[Consumed]] = {}
    for one in records:
        by_place.setdefault(TopicPartition(one.topic, one.partition), []).append(one)
    for place, own in by_place.items():
        said = read_all(own, DECISIONS)
        found[place] = ReadBatch(own[0].offset, own[-1].offset + 1, said.read)
        unusable += said.unusable
    return found, unusable


async def fill(dsn: str, records: Iterable[Consumed]) -> None:
    """Apply the records."""
    async with connected(dsn) as connection:
        await write_policies(connection, shipped_policies())
        found, unusable = batches(records)
        assert unusable == []
        await Projector(connection, DECISIONS, shipped_policies()).apply(found)


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


class Letters:
    """The dead letters that would be written: what stands there, and the headers of each."""

    def __init__(self) -> None:
        self.found: list[Unusable] = []

    async def put(self, one: Unusable) -> None:
        record = one.record
        dead_letter_headers(
            topic=record.topic, partition=record.partition, offset=record.offset, stage="project",
            reason=one.reason, text=one.text,
        )  # fmt: skip
        self.found.append(one)

    @property
    def places(self) -> set[tuple[str, int, int]]:
        return {(one.record.topic, one.record.partition, one.record.offset) for one in self.found}


async def applied(dsn: str, records: Iterable[Consumed]) -> Letters:
    """Apply records as one batch; what went to the dead letters."""
    letters = Letters()
    async with connected(dsn) as connection:
        projector = Projector(connection, DECISIONS, shipped_policies())
        await write_policies(connection, shipped_policies())
        await Applier(projector, letters.put).apply(*batches(records))
    return letters


@asynccontextmanager
async def login_of_a_reader(dsn: str) -> AsyncIterator[str]:
    """The address of a database for a login that has role escalation_reader and nothing more."""
    name = f"reader_{uuid4().hex[:8]}"
    async with connected(dsn) as owner:
        await owner.execute(f"CREATE ROLE {name} LOGIN IN ROLE escalation_reader")
    server = urlsplit(dsn)
    yield server._replace(netloc=f"{name}@{server.hostname}:{server.port}").geturl()
    async with connected(dsn) as owner:
        await owner.execute(f"DROP ROLE {name}")
