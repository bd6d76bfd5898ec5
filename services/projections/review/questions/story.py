"""Everything that happened to one case, in order of time, with what people were told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from policies.catalogue import Policies
from schemas.codes import why_not_told
from services.projections.review.questions.past import data_of
from services.projections.review.questions.queries import Row

LATE: Final = timedelta(minutes=5)
"""An event recorded later than that, behind what happened after it, was reported late."""
MESSAGE: Final = "message"


@dataclass(frozen=True)
class Story:
    """The last events of a case and its messages; ``left_out`` earlier ones are not among them."""

    subject: str
    events: list[Row]
    policies: Policies
    messages: list[Row] = field(default_factory=list)
    left_out: int = 0
    names: Mapping[str, str] = field(default_factory=dict)
    missed: frozenset[tuple[str, datetime]] = frozenset()
    zone: tzinfo = UTC

    def entries(self) -> list[dict[str, Any]]:
        """Events and messages in order of time, for tables and machines alike."""
        found = [self._event(row) for row in self.events]
        messages = [_message(row) for row in self.messages]
        if self.left_out:
            begins = found[0]["occurred_at"]
            messages = [one for one in messages if one["occurred_at"] >= begins]
        found += messages
        return sorted(found, key=lambda one: one["occurred_at"])

    def _event(self, row: Row) -> dict[str, Any]:
        heard = row.get("heard")
        late = (
            not row["decided"]
            and heard is not None
            and heard > row["occurred_at"]
            and row["recorded_at"] - row["occurred_at"] > LATE
        )
        shown = {key: value for key, value in row.items() if key != "heard"}
        return shown | {"data": data_of(row), "reported_late": late}


def _message(row: Row) -> dict[str, Any]:
    """A message as an entry: it happens when it is sent, or given up."""
    at = row["ended_at"] if row["state"] == "sent" else row["settled_at"]
    told = row["state"] == "sent"
    about = {"type": MESSAGE, "name": MESSAGE, "occurred_at": at or row["planned_at"]}
    return (
        row
        | about
        | {
            "told": told,
            "why_not": None if told else why_not_told(row["state"], row.get("reply_code")),
        }
    )
