"""Run a service's migrations: numbered SQL files in dbmate's format, each in one transaction.

The SQL stays with its owner; here is only the runner. An advisory lock lets several start at
once, and a file that changed after it was applied is an error, not a surprise.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import asyncpg

LOCK: Final = 0x65736361
_UP: Final = re.compile(r"^-- migrate:up.*?$(?P<up>.*?)(?:^-- migrate:down|\Z)", re.M | re.S)


class NotMigrated(RuntimeError):
    """Tables that a service needs are missing or old; says which migrations."""


class MigrationProblem(RuntimeError):
    """Which file cannot be applied, why, and what to do."""


@dataclass(frozen=True)
class Migration:
    version: str
    file: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations_in(folder: Path) -> list[Migration]:
    """The files of a folder in order. Errors: ``MigrationProblem`` for one without an up part,
    and for two of one number."""
    found = []
    for file in sorted(folder.glob("*.sql")):
        up = _UP.search(file.read_text("utf-8"))
        if up is None:
            raise MigrationProblem(f"{file.name}: the line '-- migrate:up' is missing")
        found.append(Migration(file.name.partition("_")[0], file.name, up["up"].strip()))
    for one, next_ in pairwise(found):
        if one.version == next_.version:
            raise MigrationProblem(
                f"{one.file} and {next_.file} have the same number: give one the next free number"
            )
    return found


async def migrate(dsn: str, owner: str, folder: Path) -> list[str]:
    """Apply what is missing; the names of the files applied. ``owner`` is the schema."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        applied = await _applied(connection, owner)
        done = []
        for migration in migrations_in(folder):
            known = applied.get(migration.version)
            if known is None:
                await _apply(connection, owner, migration)
                done.append(migration.file)
            elif known != migration.checksum:
                raise MigrationProblem(
                    f"{migration.file} was changed after it had been applied: put it back and "
                    "write a new migration"
                )
        return done
    finally:
        await connection.close()


async def pending(dsn: str, owner: str, folder: Path) -> list[str]:
    """The names of files not yet applied. Writes nothing, so that a reader may ask too."""
    connection = await asyncpg.connect(dsn)
    try:
        exists = await connection.fetchval(
            "SELECT to_regclass($1) IS NOT NULL", f"{owner}.schema_migrations"
        )
        applied = await _versions(connection, owner) if exists else {}
        return [one.file for one in migrations_in(folder) if one.version not in applied]
    finally:
        await connection.close()


async def _applied(connection: asyncpg.Connection, owner: str) -> dict[str, str]:
    await connection.execute(
        f"CREATE SCHEMA IF NOT EXISTS {owner};"
        f"CREATE TABLE IF NOT EXISTS {owner}.schema_migrations ("
        "version text PRIMARY KEY, checksum text NOT NULL, "
        "applied_at timestamptz NOT NULL DEFAULT now())"
    )
    return await _versions(connection, owner)


async def _versions(connection: asyncpg.Connection, owner: str) -> dict[str, str]:
    rows = await connection.fetch(f"SELECT version, checksum FROM {owner}.schema_migrations")  # noqa: S608 - our own names
    return {row["version"]: row["checksum"] for row in rows}


async def _apply(connection: asyncpg.Connection, owner: str, migration: Migration) -> None:
    async with connection.transaction():
        try:
            await connection.execute(migration.sql)
        except asyncpg.PostgresError as error:
            raise MigrationProblem(f"{migration.file}: {error}") from error
        await connection.execute(
            f"INSERT INTO {owner}.schema_migrations (version, checksum) VALUES ($1, $2)",  # noqa: S608 - our own names
            migration.version,
            migration.checksum,
        )
