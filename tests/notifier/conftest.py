"""A notifier that mails to the test, and a migrated database without topics."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from infra.workbench.migrating import migrate_all
from infra.workbench.workbench import Endpoints
from tests.notifier.stage import Inbox, Stage, inbox
from tests.world import World


@pytest.fixture
async def database(servers: Endpoints) -> AsyncIterator[str]:
    """The address of a database of its own."""
    name = f"n{uuid4().hex[:10]}"
    admin = await asyncpg.connect(servers.postgres)
    await admin.execute(f"CREATE DATABASE {name}")
    dsn = f"{servers.postgres.rpartition('/')[0]}/{name}"
    await migrate_all(dsn)
    yield dsn
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def box() -> AsyncIterator[Inbox]:
    async with inbox() as box:
        yield box


@pytest.fixture
async def stage(world: World, box: Inbox) -> Stage:
    """A notifier that runs and hands its mails to ``box``."""
    world.more = box.settings() | {"ESCALATION_NOTIFIER__RETRY_FIRST": "PT0.2S"}
    world.start("notifier")
    return Stage(world)
