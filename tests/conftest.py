"""Real servers for every test that needs one: what the environment names, else containers where
asked for, else the embedded ones. Each world has topics and a database of its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.workbench.up import discard
from infra.workbench.workbench import Endpoints, Workbench
from tests.world import World, new_world


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoints]:
    """Kafka, Postgres and a mail sink, shared by the session."""
    if os.environ.get("ESCALATION_TESTS") == "docker":
        from tests.containers import started

        async with started() as endpoints:
            yield endpoints
        return
    data = Path(tmp_path_factory.mktemp("servers"))
    async with Workbench(data) as bench:
        yield bench.endpoints
    discard(data)


@pytest.fixture
async def world(servers: Endpoints, tmp_path: Path) -> AsyncIterator[World]:
    """A cluster of its own, as far as anybody in it can tell."""
    world = await new_world(servers, tmp_path)
    try:
        yield world
    finally:
        await world.end()
