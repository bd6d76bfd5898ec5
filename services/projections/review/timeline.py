"""Everything that happened to one case, in order of time, with what people were told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from rich.console import Console

from infra.runtime.plain_text import PlainTable
from policies.catalogue import Policies
from schemas.codes import in_words
from services.projections.review.cells import kind_of, told_to, why_not_told
from services.projections.review.happened import DECIDED, REPORTED, Reading, gist
from services.projections.review.past import data_of
from services.projections.review.queries import Row
from services.projections.review.times import instant
from services.projections.review.wording import EXPIRED

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
    return row | about | {"told": told, "why_not": None if told else why_not_told(row)}


def show_timeline(story: Story, console: Console) -> None:
    """Every entry in order; what was decided stands indented below what caused it."""
    number = f", the last {len(story.events)} events" if story.left_out else ""
    table = PlainTable("when", "what", "details", title=f"Timeline of {story.subject}{number}")
    reading = Reading(story.subject, story.names, story.zone, story.policies, story.missed)
    for one in story.entries():
        table.add_row(*_cells(one, reading))
    console.print(table)
    if story.left_out:
        console.print(f"{story.left_out} earlier events are left out: --last 0 shows all of them.")


def _cells(one: dict[str, Any], reading: Reading) -> tuple[str, str, str]:
    at = instant(one["occurred_at"], reading.zone)
    if one["name"] == MESSAGE:
        whom = told_to(one["audience"])
        what = f"{'told' if one['told'] else 'NOT told'}: {whom}"
        why = "" if one["told"] else f": {one['why_not']}"
        return at, what, f"{kind_of(one['template'])}{why}"
    known = DECIDED if one["decided"] else REPORTED
    name = known.get(one["name"], in_words(one["name"]))
    if one["reported_late"]:
        name = f"{name} (reported {instant(one['recorded_at'], reading.zone)})"
    details = EXPIRED if one["text_expired"] else gist(one, reading)
    return at, f"└▶ {name}" if one["decided"] else name, details
