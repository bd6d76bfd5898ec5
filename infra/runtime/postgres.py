"""Connections to Postgres."""

from __future__ import annotations

from typing import Final

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
