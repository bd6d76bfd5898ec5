"""The deadline of a row in words: what is due, how far away, and the instant. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from schemas.codes import in_words
from services.projections.review.questions.queries import Row
from services.projections.review.times import instant

NARROW: Final = "\N{NO-BREAK SPACE}"
MINUTE: Final = timedelta(minutes=1)
STRONG: Final = timedelta(minutes=30)
SOON: Final = timedelta(hours=4)


@dataclass(frozen=True)
class Deadline:
    """``state`` picks the sign and the colour; ``words`` say the same, and ``detail`` what it is
    about and when."""

    state: str
    words: str
    detail: str


def distance(length: timedelta) -> str:
    """At most two units, rounded down: nobody is promised more time than there is."""
    minutes = int(abs(length).total_seconds()) // 60
    days, hours, left = minutes // 1440, minutes // 60 % 24, minutes % 60
    units = [(days, "d"), (hours, "h"), (left, "min")]
    while units and not units[0][0]:
        units.pop(0)
    kept = [f"{number}{NARROW}{unit}" for number, unit in units[:2] if number]
    return " ".join(kept) if kept else f"0{NARROW}min"


def deadline(row: Row, at: datetime, zone: tzinfo) -> Deadline:
    """What a row owes; the first rule that fits."""
    duties: list[dict[str, Any]] = [_parsed(one) for one in row["open_duties"]]
    late = [one for one in duties if (one["since"] or at) < at]
    if late:
        worst = min(late, key=lambda one: (one["kind"] != "promise", one["since"]))
        return _overdue(worst, at, zone)
    due = [one for one in duties if one["due_at"] is not None]
    if due:
        return _due(min(due, key=lambda one: (one["due_at"], one["duty"])), at, zone)
    if duties:
        return Deadline("paused", "Paused", f"{in_words(duties[0]['duty'])}, waiting for an answer")
    if row["status"] == "monitored":
        return Deadline("none", "No deadline", "watched until its end")
    return Deadline("none", "No deadline", "its policy asks for nothing more")


def _parsed(one: dict[str, Any]) -> dict[str, Any]:
    due, missed = (_at(one.get(name)) for name in ("due_at", "missed_since"))
    return one | {"due_at": due, "since": min((x for x in (due, missed) if x), default=None)}


def _at(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _overdue(one: dict[str, Any], at: datetime, zone: tzinfo) -> Deadline:
    long, name = distance(at - one["since"]), in_words(one["duty"])
    when = instant(one["since"], zone)
    if one["due_at"] is None:
        return Deadline("overdue", f"Overdue by {long}, clock paused", f"{name}, was due {when}")
    if one["kind"] == "promise":
        return Deadline("overdue", f"Overdue by {long}", f"{name}, was due {when}")
    return Deadline("soon", f"Expected {long} ago", f"{name}, was expected {when}")


def _due(one: dict[str, Any], at: datetime, zone: tzinfo) -> Deadline:
    left = one["due_at"] - at
    verb = "Due" if one["kind"] == "promise" else "Expected"
    detail = f"{in_words(one['duty'])}, {instant(one['due_at'], zone)}"
    if left < MINUTE:
        return Deadline("strong", f"{verb} now", detail)
    state = "strong" if left < STRONG else "soon" if left < SOON else "later"
    return Deadline(state, f"{verb} in {distance(left)}", detail)
