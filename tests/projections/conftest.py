"""A real Postgres, alone: what is tested here needs no broker."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from infra.workbench.migrating import migrate_all
from infra.workbench.up import discard
from infra.workbench.workbench import Workbench

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
