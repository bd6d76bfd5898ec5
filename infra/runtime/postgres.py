"""Connections to Postgres."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from infra.runtime.settings import PostgresSettings

POSTGRES_AWAY: Final = (
    OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError, asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError, asyncpg.LockNotAvailableError, asyncpg.InternalClientError,
)  # fmt: skip
"""Errors that pass when Postgres is back. The last one is how asyncpg at times sees a connection
that broke in the middle of a query."""


async def open_pool(
    postgres: PostgresSettings, min_size: int = 1, max_size: int = 4
) -> asyncpg.Pool:
    """A pool whose sessions name us and never wait for ever."""
    return await asyncpg.create_pool(
        postgres.dsn,
        min_size=min_size,
        max_size=max_size,
        command_timeout=120,
        server_settings={"application_name": "escalation", "lock_timeout": "30s"},
    )


@asynccontextmanager
async def connection_to(postgres: PostgresSettings) -> AsyncIterator[Any]:
    """One connection for a moment."""
    connection = await asyncpg.connect(postgres.dsn, timeout=10, command_timeout=30)
    try:
        yield connection
    finally:
        await connection.close()
