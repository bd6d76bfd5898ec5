"""Put consumed records into a database the way the service does, without a broker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from services.projections.projector import Batch, Place, Projector
from services.projections.reading import read_all
from tests.benchmarks.peers import shipped_policies
from tests.projections.consumed import DECISIONS, Consumed


def batches(records: Iterable[Consumed]) -> dict[Place, Batch]:
    """What was read of each partition."""
    found: dict[Place, list[Consumed]] = {}
    for one in records:
        found.setdefault((one.topic, one.partition), []).append(one)
    return {
        place: Batch(read_all(own, DECISIONS), own[-1].offset + 1) for place, own in found.items()
    }


async def fill(dsn: str, records: Iterable[Consumed]) -> None:
    """Apply the records."""
    async with connected(dsn) as connection:
        await Projector(connection, DECISIONS, shipped_policies()).apply(batches(records))


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()
