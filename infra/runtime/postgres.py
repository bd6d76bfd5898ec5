"""Connections to Postgres."""

from __future__ import annotations

import asyncpg

from infra.runtime.settings import PostgresSettings


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
