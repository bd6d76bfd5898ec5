"""Rows that a visitor may see: chosen by Postgres, so that a limit counts no rows of others."""

from __future__ import annotations

from typing import Any, Final

from services.projections.review.web.people import Visitor

IS_SEEN: Final = """
    ($1::text[] IS NULL OR coalesce(team, 'unassigned') = ANY($1))
    AND ($2::text[] IS NULL OR account_id = ANY($2))
"""
"""Whether a row is any of a visitor's business, by the visitor's teams and accounts."""


async def seen_rows(
    connection: Any, visitor: Visitor, query: str, order: str, most: int | None, *own: Any
) -> tuple[list[dict[str, Any]], int]:
    """The first ``most`` rows of a query, all where it is None, and how many there are in all.

    The query's own parameters begin with ``$4``; its rows have ``team`` and ``account_id``.
    """
    found = await connection.fetch(
        f"SELECT count(*) OVER () AS all_rows, one.* FROM ({query}) AS one "  # noqa: S608 - ours
        f"WHERE {IS_SEEN} ORDER BY {order} LIMIT $3",
        visitor.teams, visitor.accounts, most, *own,
    )  # fmt: skip
    rows = [{name: value for name, value in row.items() if name != "all_rows"} for row in found]
    return rows, found[0]["all_rows"] if found else 0
