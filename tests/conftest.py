"""Real servers for every test that needs one. Each world has topics and a database of its own.

In this order: what the environment names, containers where a Docker engine answers, else the
embedded servers. ``ESCALATION_TESTS=embedded`` or ``=docker`` settles it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra.workbench.up import discard
from infra.workbench.workbench import Endpoints, Workbench
from tests import containers
from tests.world import World, world_on

NAMED = {"ESCALATION_KAFKA__BOOTSTRAP_SERVERS", "ESCALATION_POSTGRES__DSN"}


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Endpoints]:
    """Kafka, Postgres and a mail sink, shared by the session."""
    data = Path(tmp_path_factory.mktemp("servers"))
    try:
        async with _started(data) as endpoints:
            yield endpoints
    finally:
        discard(data)


@asynccontextmanager
async def _started(data: Path) -> AsyncIterator[Endpoints]:
    if not _on_containers():
        async with Workbench(data) as bench:
            yield bench.endpoints
        return
    async with containers.started() as named:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in named.items():
                patch.setenv(name, value)
            async with Workbench(data) as bench:  # only the mail sink is left to start
                for name in named:
                    patch.delenv(name)
                yield bench.endpoints


def _on_containers() -> bool:
    wanted = os.environ.get("ESCALATION_TESTS", "")
    if wanted == "docker":
        if not containers.engine_answers():
            pytest.fail("ESCALATION_TESTS=docker, but no Docker engine has the images")
        return True
    return not wanted and not NAMED & os.environ.keys() and containers.engine_answers()


@pytest.fixture
async def world(servers: Endpoints, tmp_path: Path) -> AsyncIterator[World]:
    """A cluster of its own, as far as anybody in it can tell."""
    async with world_on(servers, tmp_path) as world:
        yield world
