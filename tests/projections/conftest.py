"""A real Postgres, alone: what is tested here needs no broker."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from infra.workbench.migrating import migrate_all
from infra.workbench.up import discard
from infra.workbench.workbench import Workbench
from tests.projections.consumed import a_day, examples, placed
from tests.projections.filling import connected, fill, login_of_a_reader

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
A_MESSAGE = """
    INSERT INTO notifier.message (message_id, event_id, audience, channel, template, event_type,
        event_time, subject, escalation_id, brief, said_at, due_at, state)
    VALUES (gen_random_uuid(), 'event-1', 'requester', 'mail', 'accepted',
        'support.escalation.accepted.v1', now(), 'account/north', 'one', '{}', now(), now(),
        'no-address')
"""
ELSEWHERE = {
    "ESCALATION_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "ESCALATION_SMTP__HOST": "127.0.0.1",
    "ESCALATION_SMTP__PORT": "1",
}
"""What the environment names, the workbench does not start."""


@pytest.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of the server that the environment names, else of an embedded one."""
    if named := os.environ.get("ESCALATION_POSTGRES__DSN"):
        yield named
        return
    data = Path(tmp_path_factory.mktemp("postgres"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ELSEWHERE.items():
            patch.setenv(name, value)
        bench = Workbench(data)
        await bench.start()
    yield bench.endpoints.postgres
    await bench.stop()
    discard(data)


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[str]:
    """The address of a migrated database of its own."""
    name = f"p{uuid4().hex[:10]}"
    admin = await asyncpg.connect(postgres)
    await admin.execute(f"CREATE DATABASE {name}")
    dsn = f"{postgres.rpartition('/')[0]}/{name}"
    await migrate_all(dsn)
    yield dsn
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def filled(database: str) -> str:
    """A database in which every view has rows."""
    records = a_day(60, NOW)
    await fill(database, records)
    await fill(database, placed(examples(int(NOW.timestamp() * 1000)), records))
    async with connected(database) as owner:
        await owner.execute(A_MESSAGE)
    return database


@pytest.fixture
async def login(filled: str) -> AsyncIterator[str]:
    """The address for a login that has the role and nothing more."""
    async with login_of_a_reader(filled) as dsn:
        yield dsn
