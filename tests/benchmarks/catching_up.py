"""How fast the projections catch up, and how fast Postgres alone takes the same rows."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import asyncpg


async def seconds(dsn: str) -> tuple[int, float]:
    """Rows, and seconds from the first to the last that arrived."""
    connection = await asyncpg.connect(dsn)
    count = "SELECT coalesce(sum(next_offset), 0)::bigint FROM projections.offsets"
    first = last = time.perf_counter()
    started = before = 0
    while time.perf_counter() - last < 5 or not started:
        rows = await connection.fetchval(count)
        if rows != before:
            last, before = time.perf_counter(), rows
            if not started:
                first, started = last, rows
        await asyncio.sleep(0.05)
    await connection.close()
    return before - started, last - first


async def bare_copy(dsn: str) -> float:
    """Rows a second that COPY alone puts into a table of the same columns."""
    connection = await asyncpg.connect(dsn)
    rows: list[Any] = await connection.fetch("SELECT * FROM projections.events LIMIT 200000")
    await connection.execute("CREATE TABLE bare (LIKE projections.events INCLUDING DEFAULTS)")
    began = time.perf_counter()
    for start in range(0, len(rows), 5_000):
        batch = [tuple(row) for row in rows[start : start + 5_000]]
        await connection.copy_records_to_table("bare", records=batch)
    seconds = time.perf_counter() - began
    await connection.close()
    return len(rows) / seconds
