"""Every service works under the role with the least rights, and that role can do nothing else."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from infra.workbench import postgres_server
from infra.workbench.demo_day import day
from infra.workbench.migrating import migrate_all
from infra.workbench.parts import free_port
from tests.board.conftest import Site, answers
from tests.world import World, until

ROLES = Path(__file__).parents[2] / "infra" / "roles.sql"
OF_ROLES = ("escalation_owner", "escalation_service", "escalation_analyst")


@asynccontextmanager
async def roles(admin: str) -> AsyncIterator[dict[str, str]]:
    """The roles and their database, as the guide says; a DSN of each."""
    psql = postgres_server._binaries() / "psql"
    words = ("owner_password", "service_password", "reader_password", "board_password")
    given = [part for word in words for part in ("-v", f"{word}=s3cretpw")]
    command = [str(psql), "-d", admin, "-v", "ON_ERROR_STOP=1", *given, "-f", str(ROLES)]
    try:
        await asyncio.to_thread(lambda: subprocess.run(command, check=True, capture_output=True))
        at = urlsplit(admin)
        host = f"{at.hostname}:{at.port}"
        yield {
            role: f"postgresql://{role}:s3cretpw@{host}/escalation"
            for role in (*OF_ROLES, "escalation_board")
        }
    finally:
        await _removed(admin)


async def _removed(admin: str) -> None:
    connection = await asyncpg.connect(admin)
    await connection.execute("DROP DATABASE IF EXISTS escalation WITH (FORCE)")
    for role in OF_ROLES:
        if await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
            await connection.execute(f"DROP OWNED BY {role}")
    for role in reversed(OF_ROLES):
        await connection.execute(f"DROP ROLE IF EXISTS {role}")
    await connection.close()


async def test_services_work_under_the_least_rights(world: World) -> None:
    async with roles(world.servers.postgres) as dsn_of:
        await migrate_all(dsn_of["escalation_owner"])
        world.dsn = dsn_of["escalation_service"]
        world.start("decider", "projections", "notifier")
        await world.publish_raw((key.encode(), value) for key, value in day(5, 60, _now()))
        await world.until_decided()
        decided = len(await world.decisions())
        await until(lambda: _projected(world, decided), 60)
        await until(lambda: _told(world), 60)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.query("CREATE TABLE projections.mine (a int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.query("DROP TABLE projections.events")
        world.dsn = dsn_of["escalation_analyst"]
        assert await world.query("SELECT * FROM review.escalation_status")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.query("SELECT * FROM notifier.message")
        world.dsn = dsn_of["escalation_board"]
        await _page_works(world)
        await world.end()


async def _page_works(world: World) -> None:
    port = free_port()
    world.start_as("board", "board", ESCALATION_BOARD__PORT=str(port))
    site = Site(world, f"http://127.0.0.1:{port}")
    await until(lambda: answers(site))
    client = await site.client()
    for path in ("/review/all", "/board", "/order", "/submissions", "/api/v1/duties"):
        assert (await client.get(path)).status_code == 200, path
    await client.aclose()
    for table in ("projections.events", "notifier.message"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.query(f"SELECT * FROM {table}")


def _now() -> datetime:
    return datetime.now(UTC)


async def _projected(world: World, number: int) -> bool:
    (row,) = await world.query(
        "SELECT count(*) AS n FROM analytics.fct_case_event WHERE type LIKE 'support.escalation.%'"
    )
    return int(row["n"]) >= number > 0


async def _told(world: World) -> bool:
    (row,) = await world.query(
        "SELECT count(*) AS n FROM notifier.message WHERE settled_at IS NOT NULL"
    )
    return int(row["n"]) > 0
