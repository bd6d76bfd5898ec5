"""A login that may read the views and nothing else, on a database to be filled by the test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.projections.filling import login_of_a_reader


@pytest.fixture
async def reading(database: str) -> AsyncIterator[str]:
    """The address of the same database for that login."""
    async with login_of_a_reader(database) as dsn:
        yield dsn
