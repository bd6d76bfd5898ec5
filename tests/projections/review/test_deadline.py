"""The deadline of a row in words: the first rule that fits, at most two units, rounded down."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest

from schemas.zones import zone
from services.projections.review.questions.freshness import Freshness
from services.projections.review.web.deadline import deadline, distance

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def row(*duties: tuple[timedelta | None, str], status: str = "escalated", **more: Any) -> Any:
    open_duties = [
        {"duty": "next-update", "kind": kind, "missed_since": None,
         "due_at": None if due is None else (AT + due).isoformat()} | more
        for due, kind in duties
    ]  # fmt: skip
    return {"open_duties": open_duties, "status": status}


@pytest.mark.parametrize(
    ("asked", "state", "words"),
    [
        (row((-26 * HOUR, "promise")), "overdue", "Overdue by 1 d 2 h"),
        (row((-3 * HOUR, "expectation")), "soon", "Expected 3 h ago"),
        (row((timedelta(seconds=30), "promise")), "strong", "Due now"),
        (row((24 * MINUTE, "promise")), "strong", "Due in 24 min"),
        (row((190 * MINUTE, "promise")), "soon", "Due in 3 h 10 min"),
        (row((63 * HOUR, "promise")), "later", "Due in 2 d 15 h"),
        (row((None, "promise")), "paused", "Paused"),
        (row(), "none", "No deadline"),
        (row(status="monitored"), "none", "No deadline"),
        (row((-HOUR, "expectation"), (-2 * MINUTE, "promise")), "overdue", "Overdue by 2 min"),
        (row((None, "promise"), missed_since=(AT - 2 * HOUR).isoformat()), "overdue",
         "Overdue by 2 h, clock paused"),
    ],
)  # fmt: skip
def test_the_first_rule_that_fits(asked: Any, state: str, words: str) -> None:
    found = deadline(asked, AT, zone("Asia/Kolkata"))
    assert (found.state, found.words.replace("\u00a0", " ")) == (state, words)


def test_the_instant_is_told_in_the_zone_of_the_page() -> None:
    found = deadline(row((HOUR, "promise")), AT, zone("Asia/Kolkata"))
    assert found.detail == "next update, Wed 25 Nov 15:30 IST"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(59, "0 min"), (60, "1 min"), (3_599, "59 min"), (3_660, "1 h 1 min"), (86_399, "23 h 59 min"),
     (86_400, "1 d"), (90_061, "1 d 1 h")],
)  # fmt: skip
def test_a_distance_has_at_most_two_units(seconds: int, said: str) -> None:
    assert distance(timedelta(seconds=seconds)).replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (None, "empty"),
        (0, "fresh"),
        (30, "fresh"),
        (31, "behind"),
        (120, "behind"),
        (121, "stopped"),
    ],
)
def test_freshness_has_three_states_and_says_where_nothing_ever_came(
    age: int | None, state: str
) -> None:
    seen = None if age is None else AT - timedelta(seconds=age)
    assert Freshness(AT, seen, 0).state == state


def _luminance(colour: str) -> float:
    text = colour.lstrip("#")
    text = "".join(one * 2 for one in text) if len(text) == 3 else text
    parts = [int(text[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    lin = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * lin[0] + 0.7152 * lin[1] + 0.0722 * lin[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_every_colour_can_be_read_on_its_ground() -> None:
    sheet = (files("services.projections.review.web") / "static" / "board.css").read_text("utf-8")
    schemes = [dict(re.findall(r"--([a-z-]+):(#[0-9a-f]+)", one))
               for one in re.findall(r":root\{([^}]*--page:[^}]*)\}", sheet)][:2]  # fmt: skip
    for colours in schemes:
        for text, ground in (
            ("text", "page"), ("text", "raised"), ("quiet", "page"), ("quiet", "raised"),
            ("link", "page"), ("link", "raised"), ("broken", "broken-fill"), ("risk", "risk-fill"),
            ("note", "note-fill"), ("paused", "paused-fill"), ("broken", "page"), ("risk", "page"),
        ):  # fmt: skip
            assert _contrast(colours[text], colours[ground]) >= 4.5, f"{text} on {ground}"
        assert _contrast(colours["border"], colours["page"]) >= 3
    assert len(schemes) == 2
