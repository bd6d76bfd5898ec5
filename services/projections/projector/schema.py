"""The connection to Postgres, and whether the tables that this program needs are there."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import asyncpg

from infra.runtime.migrations import NotMigrated, migrations_in
from infra.runtime.settings import PostgresSettings

PATIENCE: Final = 60.0
"""Seconds until a statement, or a connection, counts as lost."""
_NEEDED: Final = [
    (one.version, one.file)
    for one in migrations_in(Path(str(files("services.projections") / "migrations")))
]


TABLES_MISSING: Final = (
    NotMigrated, asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError,
    asyncpg.UndefinedColumnError, asyncpg.UndefinedFunctionError,
    asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError,
)  # fmt: skip
"""Errors that pass once somebody has migrated; the last two say that somebody just did."""


async def connect(postgres: PostgresSettings) -> Any:
    """A connection that never waits for ever."""
    return await asyncpg.connect(
        postgres.dsn, timeout=10, command_timeout=PATIENCE,
        server_settings={"application_name": "escalation-projections"},
    )  # fmt: skip


async def require_tables(connection: Any) -> None:
    """Errors: ``NotMigrated``, or that there is no such schema."""
    rows = await connection.fetch("SELECT version FROM projections.schema_migrations")
    applied = {row["version"] for row in rows}
    missing = [file for version, file in _NEEDED if version not in applied]
    if missing:
        raise NotMigrated(f"{', '.join(missing)} not applied")
