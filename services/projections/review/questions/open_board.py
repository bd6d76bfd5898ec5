"""The board: open escalations in the order of attention, filtered, counted and paged.

One value says what is asked for; the page, its exports and the API pass it on, so that all of them
show the same rows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from schemas.codes import in_words
from services.projections.review.questions import attention
from services.projections.review.questions.queries import Row

LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""Where what has no due instant stands."""
PAGE: Final = 100
MOST: Final = 20_000
"""Rows of an export."""
FILTERS: Final = ("team", "owner", "severity", "status", "account", "band", "q")
_WHERE: Final = """
WHERE ($2::text[] IS NULL OR coalesce(team, 'unassigned') = ANY($2))
  AND ($3::text[] IS NULL OR account_id = ANY($3))
  AND ($4::text IS NULL OR coalesce(team, 'unassigned') = $4)
  AND ($5::text IS NULL OR coalesce(owner, '') = $5)
  AND ($6::text IS NULL OR severity = $6)
  AND ($7::text IS NULL OR status = $7)
  AND ($8::text IS NULL OR account_id = $8)
  AND ($9::text IS NULL OR band = $9)
  AND ($10::text IS NULL OR position(lower($10) IN
       lower(concat_ws(' ', case_id, account_id, title, escalation_id))) > 0)
"""
_PAGE: Final = """
WITH found AS MATERIALIZED ({query}),
numbers AS (
    SELECT coalesce(jsonb_object_agg(band, number), '{{}}') AS by_band
    FROM (SELECT band, count(*) AS number FROM found GROUP BY band) AS one
), page AS (
    SELECT * FROM found
    WHERE $11::integer IS NULL
       OR (band_rank, -score, coalesce(next_due_at, '9000-01-01Z'), escalation_id)
          > ($11, -$12::integer, $13::timestamptz, $14::text)
    ORDER BY band_rank, score DESC, next_due_at NULLS LAST, escalation_id LIMIT $15
)
SELECT numbers.by_band, page.* FROM numbers LEFT JOIN page ON true
ORDER BY band_rank, score DESC, next_due_at NULLS LAST, escalation_id
"""


@dataclass(frozen=True)
class Cursor:
    """The last row of a page, and the instant of the whole sequence of pages."""

    at: datetime
    band_rank: int
    score: int
    due: str
    escalation_id: str


@dataclass(frozen=True)
class Asked:
    """What is asked for. ``teams`` and ``accounts`` are what the reader may see at all; None: all.
    ``as_of`` None is now. A filter that is None lets everything through."""

    teams: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None
    as_of: datetime | None = None
    filters: dict[str, str] = field(default_factory=dict)
    cursor: Cursor | None = None
    limit: int = PAGE
    case_id: str | None = None
    """Only this case."""

    def whole(self) -> Asked:
        """The same without pages, for exports."""
        return replace(self, cursor=None, limit=MOST)


@dataclass(frozen=True)
class Answer:
    """The rows of one page, how many there are of each band in all, and as of when."""

    at: datetime
    rows: list[Row]
    by_band: dict[str, int]
    names: dict[str, str]

    @property
    def total(self) -> int:
        return sum(self.by_band.values())

    def next_cursor(self, limit: int) -> Cursor | None:
        """Where the next page begins; None on the last one."""
        if len(self.rows) < limit or not self.rows:
            return None
        last = self.rows[-1]
        due = last["next_due_at"]
        return Cursor(
            self.at, last["band_rank"], last["score"],
            "infinity" if due is None else due.isoformat(), last["escalation_id"],
        )  # fmt: skip


async def board(connection: Any, asked: Asked) -> Answer:
    """Answer it with two queries and the instant, however many rows there are."""
    if (at := asked.as_of) is None:
        at = asked.cursor.at if asked.cursor else await connection.fetchval("SELECT now()")
    query = attention.THEN if asked.as_of is not None else attention.NOW
    if asked.case_id is not None and asked.as_of is None:
        query = attention.ONE
    wanted = [asked.teams, asked.accounts, *(asked.filters.get(name) for name in FILTERS)]
    wanted_rows = f"SELECT * FROM ({query}) AS one {_WHERE}"  # noqa: S608 - parts of this file
    found = await connection.fetch(
        _PAGE.format(query=wanted_rows), at, *wanted, *_after(asked.cursor), asked.limit,
        *([] if asked.case_id is None else [asked.case_id]),
    )  # fmt: skip
    rows = [_row(one) for one in found if one["escalation_id"] is not None]
    ids = {row[name] for row in rows for name in ("owner", "agent_id", "manager_id")} - {None}
    names = await connection.fetch(
        "SELECT person_id, name FROM review.people WHERE person_id = ANY($1)", list(ids)
    )
    by_band = json.loads(found[0]["by_band"])
    return Answer(
        at, rows, {band.code: by_band.get(band.code, 0) for band in attention.BANDS},
        {one["person_id"]: one["name"] for one in names if one["name"]},
    )  # fmt: skip


def _after(cursor: Cursor | None) -> tuple[Any, ...]:
    if cursor is None:
        return None, None, None, None
    due = LATEST if cursor.due == "infinity" else datetime.fromisoformat(cursor.due)
    return cursor.band_rank, cursor.score, due, cursor.escalation_id


def _row(found: Any) -> Row:
    row = dict(found)
    del row["by_band"]
    for name in ("open_duties", "parts"):
        row[name] = json.loads(row[name]) if isinstance(row[name], str) else row[name]
    row["subject"] = row["case_id"] or f"account/{row['account_id']}"
    return row


def why(row: Row) -> str:
    """The parts of a row's score in words, the largest first."""
    names = {part.code: part.name for part in attention.PARTS}
    parts = sorted(row["parts"].items(), key=lambda one: (-abs(one[1]), one[0]))
    return ", ".join(f"{names.get(code, in_words(code))} {points}" for code, points in parts)
