"""A database with a day of support in it, and a login that may read the views and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.projections.filling import connected


@pytest.fixture
async def reading(database: str) -> AsyncIterator[str]:
    """The address of the same database for a login that has role escalation_reader alone."""
    name = f"manager_{uuid4().hex[:8]}"
    async with connected(database) as owner:
        await owner.execute(f"CREATE ROLE {name} LOGIN IN ROLE escalation_reader")
    server = urlsplit(database)
    yield server._replace(netloc=f"{name}@{server.hostname}:{server.port}").geturl()
    async with connected(database) as owner:
        await owner.execute(f"DROP ROLE {name}")
