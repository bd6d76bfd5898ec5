"""A case's story as a table: what was decided stands indented below what caused it."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from infra.runtime.plain_text import PlainTable
from schemas.codes import in_words
from services.projections.review.questions.story import MESSAGE, Story
from services.projections.review.times import instant
from services.projections.review.words.cells import kind_of, told_to
from services.projections.review.words.event_gist import DECIDED, REPORTED, Reading, gist
from services.projections.review.words.wording import EXPIRED


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
