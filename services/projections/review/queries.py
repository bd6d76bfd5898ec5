"""What the review asks of Postgres: the public views, and the names of people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg

from infra.runtime.settings import Settings

Row = dict[str, Any]


@asynccontextmanager
async def reader(settings: Settings) -> AsyncIterator[Reader]:
    """A connection that only reads."""
    connection = await asyncpg.connect(
        settings.postgres.dsn, server_settings={"default_transaction_read_only": "on"}
    )
    try:
        yield Reader(connection)
    finally:
        await connection.close()


class Reader:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def _rows(self, sql: str, *values: Any) -> list[Row]:
        return [dict(row) for row in await self._connection.fetch(sql, *values)]

    async def open_escalations(self) -> list[Row]:
        """Escalations that somebody must look after, what is due first."""
        return await self._rows(
            "SELECT s.*, p.name AS owner_name FROM review.escalation_status s "
            "LEFT JOIN projections.people p ON p.person_id = s.owner "
            "WHERE status IN ('awaiting-approval', 'escalated', 'acknowledged', 'monitored') "
            "ORDER BY policy, status = 'monitored', next_due_at NULLS LAST, case_id"
        )

    async def decisions(self, names: list[str], since: datetime, until: datetime) -> list[Row]:
        """Decided events of some kinds within a span."""
        types = [f"support.escalation.{name}.v1" for name in names]
        return await self._rows(
            "SELECT type, subject, case_id, occurred_at, data FROM analytics.fct_case_event "
            "WHERE type = ANY($1) AND occurred_at > $2 AND occurred_at <= $3 "
            "ORDER BY occurred_at", types, since, until,
        )  # fmt: skip

    async def kept_after_all(
        self, since: datetime, until: datetime
    ) -> set[tuple[str, str, datetime]]:
        """Duties that were missed within a span and turned out to have been kept: subject, duty
        and due instant."""
        rows = await self._rows(
            "SELECT subject, duty, due_at FROM review.missed_duties "
            "WHERE outcome = 'kept, reported late' AND due_at > $1 AND due_at <= $2", since, until,
        )  # fmt: skip
        return {(row["subject"], row["duty"], row["due_at"]) for row in rows}

    async def rejections(self, since: datetime, until: datetime) -> list[Row]:
        return await self._rows(
            "SELECT * FROM review.rejections WHERE requested_at > $1 AND requested_at <= $2",
            since, until,
        )  # fmt: skip

    async def timeline(self, subject: str) -> list[Row]:
        """Every event of a case or an account, causes before what they led to."""
        return await self._rows(
            "SELECT event_id, causation_id, type, occurred_at, recorded_at, topic, kafka_offset, "
            "case_seq, data FROM analytics.fct_case_event WHERE subject = $1 "
            "ORDER BY case_seq, type LIKE 'support.escalation.%', kafka_offset", subject,
        )  # fmt: skip

    async def eligibility(self, case_id: str) -> Row | None:
        rows = await self._rows("SELECT * FROM review.eligibility WHERE case_id = $1", case_id)
        return rows[0] if rows else None

    async def escalations_of(self, subject: str) -> list[Row]:
        """The escalations of a case, or of an account (``account/<id>``)."""
        kind, slash, account = subject.partition("/")
        about = "case_id IS NULL AND account_id = $1" if slash else "case_id = $1"
        return await self._rows(
            f"SELECT * FROM review.escalation_status WHERE {about} ORDER BY requested_at",  # noqa: S608
            account if slash else kind,
        )

    async def is_open(self, case_id: str) -> bool | None:
        """Whether a case is open; None where it was never opened."""
        rows = await self._rows(
            "SELECT split_part(type, '.', 3) AS name FROM analytics.fct_case_event "
            "WHERE case_id = $1 AND type = ANY($2) ORDER BY kafka_offset", case_id,
            [f"support.case.{name}.v1" for name in ("opened", "closed", "reopened")],
        )  # fmt: skip
        names = [row["name"] for row in rows]
        if "opened" not in names:
            return None
        return [name for name in names if name != "opened"][-1:] != ["closed"]

    async def turn(self, subject: str) -> str | None:
        """Whose turn it is on a case with an open escalation."""
        rows = await self._rows(
            "SELECT turn FROM review.escalation_status WHERE case_id = $1 "
            "AND status IN ('awaiting-approval', 'escalated', 'acknowledged', 'monitored')",
            subject,
        )
        return rows[0]["turn"] if rows else None

    async def is_known(self, subject: str) -> bool:
        found = "SELECT 1 FROM analytics.fct_case_event WHERE subject = $1 LIMIT 1"
        return bool(await self._rows(found, subject))

    async def freshness(self) -> Row:
        rows = await self._rows(
            "SELECT max(updated_at) AS updated_at, sum(next_offset)::bigint AS applied "
            "FROM analytics.projection_watermark"
        )
        return rows[0]
