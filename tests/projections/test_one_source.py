"""What the database says twice is compared with what the code says once."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any, get_args

from schemas.lifecycle import OPEN, OVER, WITHOUT_DUTIES
from schemas.vocabulary import Status
from services.projections.projector.tables import TABLES
from tests.projections.filling import connected

COLUMNS = """
    SELECT column_name, is_nullable FROM information_schema.columns
    WHERE table_schema = 'projections' AND table_name = $1
"""
KEY = """
    SELECT array_agg(a.attname::text ORDER BY k.place) FROM pg_index i
    JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, place) ON true
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = to_regclass('projections.' || $1) AND i.indisprimary
"""
VIEWS = """
    SELECT c.oid::regclass::text AS name, pg_get_viewdef(c.oid) AS text FROM pg_class c
    WHERE c.relkind = 'v' AND c.relnamespace::regnamespace::text IN ('review', 'analytics')
"""

ALWAYS_SET = {"cases": {"recorded_at"}}
"""None only in the row that no event has reached yet."""


async def test_a_table_has_the_columns_and_the_key_of_its_row_class(database: str) -> None:
    async with connected(database) as owner:
        for table in TABLES:
            found = {row["column_name"]: row for row in await owner.fetch(COLUMNS, table.name)}
            assert set(table.columns) == set(found), table.name
            assert set(await owner.fetchval(KEY, table.name)) == set(table.key), table.name
            row_class: Any = table.row
            optional = {one.name for one in fields(row_class) if "None" in str(one.type)}
            optional -= ALWAYS_SET.get(table.name, set())
            required = {name for name, row in found.items() if row["is_nullable"] == "NO"}
            assert not optional & required, f"{table.name}: null is allowed in the class alone"


async def test_views_that_name_statuses_name_those_of_the_life_cycle(database: str) -> None:
    async with connected(database) as owner:
        views = {row["name"]: row["text"] for row in await owner.fetch(VIEWS)}
    lists = {
        name: set(re.findall(r"'([a-z-]+)'", found))
        for name, text in views.items()
        for found in re.findall(r"status[^=]*= ANY \(ARRAY\[([^\]]+)\]", text)
    }
    assert lists, "a view tells an escalation that is over from one that is not"
    known = {"review.duties": WITHOUT_DUTIES, "review.open_escalations": OPEN}
    for name, statuses in lists.items():
        assert statuses == set(known.get(name, OVER)), name
    assert set(OVER) < set(get_args(Status))
