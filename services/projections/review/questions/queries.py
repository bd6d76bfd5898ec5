"""What managers' commands ask of Postgres; the statements are in ``statements.sql``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from infra.runtime.settings import Settings
from infra.runtime.sql_files import statements
from schemas.lifecycle import OPEN
from services.projections.review.questions.connection import connected

QUESTIONS: Final = statements(__package__ or "", "statements.sql")
Row = dict[str, Any]
Kept = frozenset[tuple[str, str, datetime]]
"""Duties: subject, duty and due instant."""
IMPROVING: Final = ("monitoring-held", "improvement-identified", "improvement-waived")
"""Decisions that tell whether an improvement is owed."""
FATES: Final = (
    "accepted", "rejected", "approval-requested", "declined", "acknowledged", "voided",
    "de-escalated", "monitoring-held", "monitoring-ended",
)  # fmt: skip
"""Decisions on a request, and those that tell what became of it."""
ALWAYS: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Later than anything that is due."""


@dataclass(frozen=True)
class Until:
    """The moment as of which something is asked. A past one also leaves out what was recorded
    after it."""

    moment: datetime
    is_past: bool = False


@asynccontextmanager
async def reader(settings: Settings) -> AsyncIterator[ReviewQueries]:
    """A reader of the views. Errors: ``CannotRead``."""
    async with connected(settings.postgres.dsn) as connection:
        yield ReviewQueries(connection)


class ReviewQueries:
    """Each question by name."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def _rows(self, question: str, *values: Any) -> list[Row]:
        return [dict(row) for row in await self._connection.fetch(QUESTIONS[question], *values)]

    # --- how things stand now ----------------------------------------------------------------

    async def open_escalations(self) -> list[Row]:
        """Escalations that somebody must look after."""
        return await self._rows("open_escalations", sorted(OPEN))

    async def open_of_case(self, case_id: str) -> list[Row]:
        return await self._rows("open_of_case", sorted(OPEN), case_id)

    async def cases(self, case_ids: Iterable[str]) -> list[Row]:
        return await self._rows("cases", list(case_ids))

    async def names(self, ids: Iterable[str]) -> dict[str, str]:
        """The names of some people by id, of those whose name is known."""
        rows = await self._rows("names", list(ids))
        return {row["person_id"]: row["name"] for row in rows}

    async def improvements(self, case_ids: Iterable[str]) -> list[Row]:
        """What tells whether an improvement is owed now."""
        return await self._rows("improvements", list(case_ids), list(IMPROVING))

    async def freshness(self) -> datetime | None:
        """When the views last moved; None where nothing was ever read."""
        at: datetime | None = (await self._rows("freshness"))[0]["at"]
        return at

    async def is_known(self, subject: str) -> bool:
        return bool(await self._rows("is_known", subject))

    # --- as of a moment ----------------------------------------------------------------------

    async def decisions(self, until: Until, subject: str | None = None) -> list[Row]:
        """Every decision, about all or one, in the order in which it is folded."""
        return await self._rows("decisions", until.moment, until.is_past, subject)

    async def decisions_between(
        self, since: datetime, until: Until, names: Iterable[str]
    ) -> list[Row]:
        """Decisions of some kinds of what happened after ``since``, in order of time."""
        types = [f"support.escalation.{name}.v1" for name in names]
        return await self._rows("decisions_between", until.moment, until.is_past, types, since)

    async def kept(self, subjects: Iterable[str], until: Until) -> Kept:
        """Duties of these subjects that were kept."""
        rows = await self._rows("kept", until.moment, until.is_past, list(subjects))
        return frozenset((row["subject"], row["duty"], row["due_at"]) for row in rows)

    async def facts(self, subjects: Iterable[str], names: Iterable[str], until: Until) -> list[Row]:
        """Reported events of some kinds about some subjects, in order."""
        return await self._rows("facts", until.moment, until.is_past, list(subjects), list(names))

    async def last_words(self, case_ids: Iterable[str], until: Until) -> list[Row]:
        """The last public word or question on each case, or its opening."""
        return await self._rows("last_words", until.moment, until.is_past, list(case_ids))

    # --- messages ----------------------------------------------------------------------------

    async def not_told(self, since: datetime, until: Until) -> list[Row]:
        """Messages that reached nobody."""
        return await self._rows("not_told", since, until.moment)

    async def messages(self, subject: str) -> list[Row]:
        """Each message about a case or account, with its last attempt."""
        return await self._rows("messages", subject)

    # --- one case ----------------------------------------------------------------------------

    async def timeline(self, subject: str, last: int | None) -> tuple[list[Row], int]:
        """The last events in order of time, and how many there are in all.

        ``heard`` is the latest time of what had been recorded before: an event older than that
        was reported late.
        """
        rows = await self._rows("timeline", subject, last)
        every = rows[0]["every"] if rows else 0
        return [{k: v for k, v in row.items() if k != "every"} for row in reversed(rows)], every

    async def missed(self, subject: str) -> frozenset[tuple[str, datetime]]:
        """Duties of a subject that were missed: duty and due instant."""
        return frozenset(
            (row["duty"], row["due_at"]) for row in await self._rows("missed", subject)
        )

    async def judged(self, subject: str) -> list[Row]:
        """Decisions on requests of a subject and what became of them, in order."""
        return await self._rows("judged", subject, list(FATES))

    async def causes(self, subject: str, ids: Iterable[str]) -> dict[str, Row]:
        """Reported events of a subject by their ids."""
        return {row["event_id"]: row for row in await self._rows("causes", subject, list(ids))}
