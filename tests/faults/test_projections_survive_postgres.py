"""Postgres is killed -9 while the projections catch up: they wait, and every row is there once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from infra.workbench.demo_day import day
from infra.workbench.workbench import Endpoints, Workbench
from schemas import topics
from tests.world import World, until, world_on

CASES, KILLS = 2_000, 3


async def test_every_row_is_there_once_though_postgres_was_killed(
    servers: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in servers.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("ESCALATION_POSTGRES__DSN")
    async with (
        Workbench(tmp_path / "postgres") as bench,
        world_on(bench.endpoints, tmp_path) as world,
    ):
        world.more = {"ESCALATION_PROJECTIONS__BATCH_SIZE": "200"}
        world.start("decider", "projections")
        told = [(subject.encode(), value) for subject, value in day(3, CASES, datetime.now(UTC))]
        telling = asyncio.create_task(world.publish_raw(told))
        for number in range(KILLS):
            await until(partial(_holds, world, (number + 1) * 400), 60)
            await bench.kill("postgres")
        await telling
        await world.until_decided()
        ends = {(one.topic, one.partition, one.offset) for one in await _readable(world)}
        await until(partial(_holds, world, len(ends)), 90)
        assert world.processes["projections"].poll() is None, "they should have waited"
        log = (tmp_path / "projections.log").read_text("utf-8")
        assert 1 <= log.count('"postgres-away"') <= KILLS, "one warning an outage"
        rows = await world.query(
            "SELECT topic, kafka_partition, kafka_offset FROM projections.events"
        )
        assert {tuple(row) for row in rows} == ends and len(rows) == len(ends)


async def _readable(world: World) -> list[Any]:
    cases = await world.records(topics.CASE_EVENTS.name)
    return cases + await world.records(topics.ESCALATION_EVENTS.name)


async def _holds(world: World, number: int) -> bool:
    try:
        found = await world.query("SELECT count(*) AS n FROM projections.events")
    except (OSError, asyncpg.PostgresError, asyncpg.InternalClientError):
        return False
    return int(found[0]["n"]) >= number
