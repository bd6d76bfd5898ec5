"""What managers and analysts may read: every view in full under their role, nothing else.

What there is to read comes from the catalogue, so that a view added later is asked too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.projections.filling import connected

ROOT = Path(__file__).parents[2]
PUBLIC = ["review", "analytics"]
VIEWS = """
    SELECT table_schema || '.' || quote_ident(table_name) AS name FROM information_schema.tables
    WHERE table_schema = ANY($1) ORDER BY 1
"""
COLUMNS = """
    SELECT format('%I.%I', table_schema, table_name) AS view, column_name AS column,
           col_description(format('%I.%I', table_schema, table_name)::regclass, ordinal_position)
               AS comment
    FROM information_schema.columns WHERE table_schema = ANY($1)
"""
FUNCTIONS = """
    SELECT p.oid::regprocedure::text AS name, p.prosecdef, p.proconfig,
           obj_description(p.oid, 'pg_proc') AS comment
    FROM pg_proc p WHERE p.pronamespace = ANY($1::regnamespace[])
"""
FOREIGN = """
    SELECT c.oid::regclass::text AS name FROM pg_class c
    WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S')
      AND c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      AND c.relnamespace::regnamespace::text <> ALL($1)
"""


async def test_every_view_reads_in_full_under_a_login_that_has_the_role(login: str) -> None:
    async with connected(login) as reader:
        views = [row["name"] for row in await reader.fetch(VIEWS, PUBLIC)]
        assert "review.escalation_status" in views and "analytics.fct_case_event" in views
        for view in views:
            assert await reader.fetch(f"SELECT * FROM {view}"), f"{view} has no row to read"


async def test_every_view_reads_in_full_after_set_role(filled: str) -> None:
    async with connected(filled) as owner:
        views = [row["name"] for row in await owner.fetch(VIEWS, PUBLIC)]
        await owner.execute("SET ROLE escalation_reader")
        for view in views:
            await owner.fetch(f"SELECT * FROM {view}")


async def test_what_the_role_may_not_read_it_cannot_read_nor_write(login: str, filled: str) -> None:
    async with connected(filled) as owner:
        await owner.execute("CREATE TABLE public.somebody_elses (a int)")
        foreign = [row["name"] for row in await owner.fetch(FOREIGN, PUBLIC)]
        views = [row["name"] for row in await owner.fetch(VIEWS, PUBLIC)]
    assert {"projections.events", "notifier.message"} <= set(foreign)
    async with connected(login) as reader:
        for name in foreign:
            await _is_refused(reader, f"SELECT * FROM {name}")
            await _is_refused(reader, f"TRUNCATE {name}")
        for name in views:
            await _is_refused(reader, f"DELETE FROM {name}")
        for schema in (*PUBLIC, "projections", "notifier"):
            await _is_refused(reader, f"CREATE TABLE {schema}.mine (a int)")
        await _is_refused(reader, "SELECT projections.expire(now())")


async def _is_refused(reader: Any, statement: str) -> None:
    refused = (
        asyncpg.InsufficientPrivilegeError, asyncpg.ObjectNotInPrerequisiteStateError,
        asyncpg.WrongObjectTypeError, asyncpg.FeatureNotSupportedError,
    )  # fmt: skip
    with pytest.raises(refused):
        await reader.execute(statement)


async def test_every_schema_view_column_and_function_has_a_comment(database: str) -> None:
    async with connected(database) as owner:
        columns = await owner.fetch(COLUMNS, PUBLIC)
        assert len(columns) > 90
        assert [f"{row['view']}.{row['column']}" for row in columns if not row["comment"]] == []
        views = await owner.fetch(
            f"SELECT name, obj_description(name::regclass) AS comment FROM ({VIEWS}) AS v", PUBLIC
        )
        assert [row["name"] for row in views if not row["comment"]] == []
        for schema in PUBLIC:
            told = "SELECT obj_description($1::regnamespace, 'pg_namespace')"
            assert await owner.fetchval(told, schema), f"schema {schema} has no comment"
        functions = await owner.fetch(FUNCTIONS, PUBLIC)
        assert [row["name"] for row in functions if not row["comment"]] == []


async def test_a_case_id_is_null_for_everything_that_is_no_case(filled: str) -> None:
    async with connected(filled) as owner:
        for row in await owner.fetch(COLUMNS, PUBLIC):
            if row["column"] == "case_id":
                odd = f"SELECT case_id FROM {row['view']} WHERE case_id LIKE '%/%'"
                assert await owner.fetch(odd) == [], row["view"]


async def test_the_docs_list_every_view_with_what_it_holds(database: str) -> None:
    page = (ROOT / "docs/consuming.md").read_text("utf-8")
    async with connected(database) as owner:
        views = await owner.fetch(
            f"SELECT name, obj_description(name::regclass) AS comment FROM ({VIEWS}) AS v", PUBLIC
        )
    listed = {
        line for line in page.splitlines() if line.startswith(("| `review.", "| `analytics."))
    }
    assert listed == {f"| `{row['name']}` | {row['comment'].rstrip('.')}. |" for row in views}
