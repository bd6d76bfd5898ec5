"""The order of attention: bands and points for any instant, each the sum of its parts."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from services.projections.review.questions import attention
from tests.projections.filling import connected, fill
from tests.projections.review.test_the_past import ENDS, HOUR, late_history

RANK = {band.code: rank for rank, band in enumerate(attention.BANDS)}


async def at(connection: Any, query: str, moment: Any) -> list[dict[str, Any]]:
    rows = await connection.fetch(query, moment)
    return [dict(row) | {"parts": json.loads(row["parts"])} for row in rows]


async def test_the_parts_add_up_and_the_order_is_that_of_bands_and_points(database: str) -> None:
    await fill(database, late_history(3, 300))
    seen: set[str] = set()
    codes = {part.code for part in attention.PARTS}
    async with connected(database) as connection:
        for hours in (-48, -3, 0, 12, 50, 90):
            rows = await at(connection, attention.THEN, ENDS - hours * HOUR)
            for row in rows:
                assert row["score"] == sum(row["parts"].values())
                assert row["parts"].keys() <= codes
            keys = [(RANK[row["band"]], -row["score"]) for row in rows]
            assert keys == sorted(keys)
            seen |= {row["band"] for row in rows}
    assert seen >= {"broken", "at-risk", "on-track", "watched"}


async def test_more_time_past_due_never_lowers_a_row(database: str) -> None:
    await fill(database, late_history(4, 300))
    async with connected(database) as connection:
        before: dict[str, tuple[int, int]] = {}
        for hours in range(0, 80, 5):
            moment = ENDS + timedelta(hours=hours, days=1)
            rows = await at(connection, attention.NOW, moment)
            found = {row["escalation_id"]: (-RANK[row["band"]], row["score"]) for row in rows}
            for id_, (band, score) in found.items():
                was = before.get(id_, (band, score))
                assert (band, score) >= was, f"{id_} fell from {was} to {(band, score)}"
            before = found
    assert before


async def test_the_order_of_now_is_that_of_the_moment(database: str) -> None:
    await fill(database, late_history(5, 200))
    async with connected(database) as connection:
        moment = await connection.fetchval("SELECT now()")
        now = await at(connection, attention.NOW, moment)
        then = await at(connection, attention.THEN, moment)
    compared = ("escalation_id", "band", "score", "parts", "title", "overdue")
    assert [{name: row[name] for name in compared} for row in now] == [
        {name: row[name] for name in compared} for row in then
    ]
    assert len(now) > 10
