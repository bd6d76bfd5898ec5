"""Postgres is killed -9 while the notifier plans and sends: it waits, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from infra.workbench.workbench import Endpoints, Workbench
from tests.faults.test_notifier_is_killed import message_id_of, told_stories
from tests.notifier.stage import Inbox, Stage, inbox
from tests.world import until, world_on

KILLS = 3


async def test_nothing_is_lost_while_postgres_is_killed(
    servers: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with inbox() as box:
        for name, value in (servers.environment() | box.settings()).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("ESCALATION_POSTGRES__DSN")
        async with (
            Workbench(tmp_path / "postgres") as bench,
            world_on(bench.endpoints, tmp_path) as world,
        ):
            world.more = box.settings()
            stage = Stage(world)
            world.start("notifier")
            telling = asyncio.create_task(stage.tell(told_stories(150)))
            for number in range(KILLS):
                await until(partial(_received, box, (number + 1) * 40), 60)
                await bench.kill("postgres")
            await telling
            rows = await until(lambda: _settled(stage), 90)
            assert world.processes["notifier"].poll() is None, "it should have waited"
    planned = {f"<{row['message_id']}@escalation.example>" for row in rows}
    told = Counter(message_id_of(content) for _, _, content in box.received)
    assert set(told) == planned and len(planned) == 450
    assert set(told.values()) == {1}, "what the mail server said is remembered through an outage"


async def _received(box: Inbox, number: int) -> bool:
    return len(box.received) >= number


async def _settled(stage: Stage) -> list[Any]:
    try:
        rows = await stage.rows()
    except (OSError, asyncpg.PostgresError):
        return []
    return rows if len(rows) == 450 and all(row["settled_at"] for row in rows) else []
