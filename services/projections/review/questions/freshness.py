"""Can the figures be trusted: how far what is shown lies behind what happened. Pure but for the
query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

BEHIND: Final = timedelta(seconds=30)
STOPPED: Final = timedelta(minutes=2)
_QUERY: Final = """
    SELECT CASE WHEN bool_and(seen_at IS NOT NULL) THEN min(seen_at) END AS seen_at,
           sum(behind)::bigint AS behind, now() AS at
    FROM review.freshness
"""


@dataclass(frozen=True)
class Freshness:
    """``seen_at`` is when the slowest partition was last known to be read to its end; None: no
    event was ever read."""

    at: datetime
    seen_at: datetime | None
    behind: int

    @property
    def state(self) -> str:
        """``fresh``, ``behind`` or ``stopped``; ``empty`` where nothing was ever read."""
        if self.seen_at is None:
            return "empty"
        age = self.at - self.seen_at
        return "stopped" if age > STOPPED else "behind" if age > BEHIND else "fresh"


async def freshness(connection: Any) -> Freshness:
    """Of the slowest partition of all."""
    row = await connection.fetchrow(_QUERY)
    return Freshness(row["at"], row["seen_at"], row["behind"] or 0)
