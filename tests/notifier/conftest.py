"""A migrated database without topics, on the session's servers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from infra.workbench.migrating import migrate_all
from infra.workbench.workbench import Endpoints


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
