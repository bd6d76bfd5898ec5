"""One site for these tests: Kafka, Postgres, decider, projections and the page, with a day of
support in it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from infra.workbench.demo_day import day
from infra.workbench.parts import free_port
from infra.workbench.workbench import Endpoints
from services.projections.review.web import sessions
from services.projections.review.web.people import PERSONAS, Visitor
from tests.journeys.test_projections import caught_up
from tests.world import World, until, world_on


@dataclass
class Site:
    """The page, and who may sign in to it."""

    world: World
    address: str

    async def client(self, who: str | Visitor = "manager") -> httpx2.AsyncClient:
        """A browser without a screen, signed in by a one-time link."""
        found = httpx2.AsyncClient(base_url=self.address, headers={"origin": self.address})
        answer = await found.post(f"/signin/{await self.secret(who)}")
        assert answer.status_code == 303
        return found

    async def secret(self, who: str | Visitor = "manager") -> str:
        visitor = PERSONAS[who] if isinstance(who, str) else who
        connection = await asyncpg.connect(self.world.dsn)
        try:
            return await sessions.make_link(connection, visitor)
        finally:
            await connection.close()

    async def token(self, accounts: list[str] | None = None) -> str:
        connection = await asyncpg.connect(self.world.dsn)
        try:
            return await sessions.make_token(connection, secrets.token_hex(4), accounts)
        finally:
            await connection.close()

    async def sent(self, subject: str, name: str) -> list[dict[str, Any]]:
        """The reported events of a subject, as the views hold them."""
        return await self.world.query(
            f"SELECT * FROM review.case_events WHERE subject = '{subject}' AND name = '{name}'"
        )


@pytest.fixture(scope="module")
async def site(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder = Path(tmp_path_factory.mktemp("site"))
    async with world_on(servers, folder) as world:
        port = free_port()
        world.more = {"ESCALATION_BOARD__PORT": str(port)}
        world.start("decider", "projections", "board")
        events = [(one.encode(), value) for one, value in day(17, 200, datetime.now(UTC))]
        await world.publish_raw(events)
        await world.until_decided()
        await until(lambda: caught_up(world))
        found = Site(world, f"http://127.0.0.1:{port}")
        await until(lambda: answers(found))
        yield found


async def answers(site: Site) -> bool:
    try:
        async with httpx2.AsyncClient() as client:
            answer = await client.get(f"{site.address}/status")
            return bool(answer.status_code == 200 and answer.json()["state"] == "fresh")
    except httpx2.HTTPError:
        return False
