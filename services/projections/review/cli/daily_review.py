"""The daily review for people: what burns first, then what is due, watched, new, refused, untold.

Narrow screens get fewer columns, never cut words. What it shows, ``machine.py`` gives as JSON.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from rich.console import Console
from rich.text import Text

from infra.runtime.plain_text import PlainTable, visible
from schemas.codes import why_not_told
from services.projections.review.questions.changes import KINDS, OF_DUTIES
from services.projections.review.questions.daily_review import Board
from services.projections.review.questions.queries import Row
from services.projections.review.times import instant
from services.projections.review.words.cells import (
    kind_of,
    last_update,
    next_words,
    severity,
    status,
    told_to,
    what,
)
from services.projections.review.words.wording import because

COLUMNS: Final = (
    (160, ("case", "what", "severity", "status", "who owes it", "next", "whose turn",
           "last update", "policy")),
    (120, ("case", "what", "severity", "status", "who owes it", "next", "whose turn",
           "last update")),
    (76, ("case", "severity, status", "who owes it", "next")),
    (0, ("case", "severity, status", "next")),
)  # fmt: skip
"""From how many columns of the screen on which columns are shown."""
WIDTHS: Final = {
    "case": 12, "severity": 8, "severity, status": 14, "status": 13, "who owes it": 14,
    "whose turn": 8, "last update": 12, "policy": 16,
}  # fmt: skip
"""Room for the longest word of each, so that none is cut."""
REST: Final = {"what": 1, "next": 2}
REST_OF_A_NARROW_SCREEN: Final = {"case": 3, "next": 4}
BELOW: Final = {
    "case": ("what",), "severity, status": ("status",), "next": ("who owes it", "last update"),
}  # fmt: skip
"""What a column says too where the screen has no room for one of its own."""
LISTED: Final = 40
"""Ids in one cell; ``--json`` has all of them."""


def show(board: Board, console: Console) -> None:
    """Print the review."""
    _headline(board, console)
    sections = (
        ("Overdue", board.overdue, "Nothing is overdue."),
        ("Running, due next first", board.running, "Nothing else is running."),
        ("Calmed down and still watched", board.watched, "Nothing is only watched."),
    )
    for title, rows, nothing in sections:
        _section(console, _escalations(title, rows, board, console.width), nothing)
    _section(console, _by_person(board), "Nobody owes anything.")
    since = f"since {instant(board.scope.period.since, board.scope.period.zone)}"
    _section(console, _changes(board, since), f"Nothing is new {since}.")
    _section(console, _rejections(board, since), f"No request was rejected {since}.")
    _section(console, _not_told(board, since), f"Everybody could be told {since}.")


def _section(console: Console, table: PlainTable, nothing: str) -> None:
    if table.row_count:
        console.print()
        console.print(table)
    else:
        console.print(nothing)


def _headline(board: Board, console: Console) -> None:
    period, counts = board.scope.period, board.counts
    of = f" of team {board.scope.team}" if board.scope.team else ""
    title = f"Escalation review{of}, up to {instant(period.until, period.zone)}"
    console.rule(visible(title), align="left")
    console.print(
        f"{counts['escalated']} escalated, {counts['acknowledged']} acknowledged, "
        f"{counts['awaiting_approval']} awaiting approval; "
        f"{counts['monitored']} calmed down and still watched."
    )
    console.print(
        f"{counts['overdue']} of them overdue, {counts['due_within_24_hours']} more due within "
        f"24 hours; {counts['silent']} silent for a day or longer; "
        f"{counts['improvement_owed']} held until an improvement is named."
    )
    if board.data_as_of is None:
        console.print("No event has been read so far.")
    else:
        console.print(f"Data as of {instant(board.data_as_of, period.zone)}.")


# --- escalations -----------------------------------------------------------------------------


def _escalations(title: str, rows: Sequence[Row], board: Board, width: int) -> PlainTable:
    columns = next(columns for least, columns in COLUMNS if width >= least)
    table = PlainTable(*columns, title=f"{title}: {len(rows)}")
    is_narrow = "what" not in columns
    table.fit(width, WIDTHS, REST_OF_A_NARROW_SCREEN if is_narrow else REST)
    for row in rows:
        cells = _cells(row, board)
        style = "bold red" if row["overdue"] else None
        table.add_row(*(_cell(cells, column, columns) for column in columns), style=style)
    return table


def _cells(row: Row, board: Board) -> dict[str, str]:
    zone = board.scope.period.zone
    return {
        "case": row["subject"],
        "what": what(row),
        "severity": severity(row),
        "severity, status": severity(row),
        "status": status(row),
        "who owes it": row["owed_by"],
        "next": next_words(row, board.now, zone),
        "whose turn": row["turn"] or "",
        "last update": last_update(row, board.now),
        "policy": row["policy"] or "",
    }


def _cell(cells: dict[str, str], column: str, columns: Sequence[str]) -> Text:
    """A cell, and below it what has no column of its own on this screen."""
    below = [one for one in BELOW.get(column, ()) if one not in columns]
    return Text("\n".join(visible(text) for one in (column, *below) if (text := cells[one])))


def _by_person(board: Board) -> PlainTable:
    entries = board.by_person()
    columns = ("who", "overdue", "due within 24 hours", "later", "cases")
    table = PlainTable(*columns, title="Who owes what is next, counted in escalations")
    for one in entries:
        table.add_row(
            one["who"], str(one["overdue"]), str(one["due_within_24_hours"]), str(one["later"]),
            _listed(one["cases"]), style="bold red" if one["overdue"] else None,
        )  # fmt: skip
    return table


# --- what is new -----------------------------------------------------------------------------


def _changes(board: Board, since: str) -> PlainTable:
    table = PlainTable("what", "how many", "about", title=f"New {since}")
    for kind, found in board.changes.items():
        if not found:
            continue
        subjects = sorted({one.subject for one in found})
        number = _many(len(found), "duty", "duties") if kind in OF_DUTIES else str(len(found))
        if kind in OF_DUTIES or len(found) > len(subjects):
            number = f"{number} of {_many(len(subjects), 'case')}"
        table.add_row(KINDS[kind], number, _listed(subjects))
    return table


def _rejections(board: Board, since: str) -> PlainTable:
    zone = board.scope.period.zone
    number = _many(len(board.rejections), "request")
    reasons = Counter(code for row in board.rejections for code in row["codes"])
    by_code = ", ".join(f"{code} {count}" for code, count in reasons.most_common())
    table = PlainTable(
        "case", "asked", "why not", "by time possible",
        title=f"{number} rejected {since}; by reason (some have several): {by_code}",
    )  # fmt: skip
    for row in board.rejections:
        from_ = instant(row["eligible_at"], zone)
        if row["eligible_at"] and row["eligible_at"] <= board.now:
            from_ = f"since {from_}"
        if "tier-not-covered" in row["codes"]:
            from_ = "never under this tier"
        why = because(row["codes"], row["once_only"])
        table.add_row(row["subject"], instant(row["at"], zone), why, from_ or "no waiting time")
    return table


def _not_told(board: Board, since: str) -> PlainTable:
    table = PlainTable(
        "about", "who", "of what", "why not",
        title=f"{_many(len(board.not_told), 'message')} could not be told {since}",
    )  # fmt: skip
    for row in board.not_told:
        table.add_row(
            row["subject"],
            told_to(row["audience"]),
            kind_of(row["template"]),
            why_not_told(row["state"], row.get("reply_code")),
        )
    return table


def _listed(subjects: Iterable[str]) -> str:
    every = list(subjects)
    shown = ", ".join(islice(every, LISTED))
    left = len(every) - LISTED
    return f"{shown} and {left} more (--json has all)" if left > 0 else shown


def _many(number: int, one: str, more: str | None = None) -> str:
    return f"{number} {one}" if number == 1 else f"{number} {more or one + 's'}"
