"""``review.board``: the rows of any moment, as a replay of what was known then gives them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas import decided, lifecycle
from services.projections.review.questions import past
from services.projections.review.questions.queries import ReviewQueries, Until
from tests.benchmarks.peers import shipped_policies
from tests.projections.consumed import Consumed
from tests.projections.filling import connected, fill
from tests.projections.review.test_the_past import ENDS, HOUR, late_history

MOMENTS = [ENDS - hours * HOUR for hours in (90, 61.3, 50, 30, 12.1, 3, 0, -48)]
OF_CASES = ("title", "severity", "tier")


async def replayed(ask: ReviewQueries, until: Until) -> dict[str, dict[str, Any]]:
    """The rows that the views' own folds give for a moment."""
    rows = past.all_rows(await ask.decisions(until), until.moment)
    subjects = {row["case_id"] for row in rows if row["case_id"]}
    facts = await ask.facts(subjects, past.CASE_FACTS, until)
    cases = past.case_rows(facts, shipped_policies())
    words = {one["subject"]: past.turn(one) for one in await ask.last_words(subjects, until)}
    found = {}
    for row in rows:
        case = cases.get(row["case_id"]) or {}
        found[row["escalation_id"]] = row | {name: case.get(name) for name in OF_CASES} | {
            "account_id": row["account_id"] or case.get("account_id"),
            "team": row["team"] or case.get("team"),
            "turn": words.get(row["case_id"]),
        }  # fmt: skip
    return found


async def board(connection: Any, as_of: datetime, known_at: datetime | None) -> dict[str, Any]:
    rows = await connection.fetch("SELECT * FROM review.board($1, $2)", as_of, known_at)
    return {row["escalation_id"]: dict(row) for row in rows}


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Where two sets of rows say something else, column by column of those that both have."""
    found: dict[str, Any] = dict.fromkeys(ours.keys() ^ theirs.keys(), "only in one")  # fmt: skip
    for id_ in ours.keys() & theirs.keys():
        one, other = ours[id_], theirs[id_]
        wrong = {
            name: (one[name], other[name]) for name in one.keys() & other.keys()
            if one[name] != other[name]
        }  # fmt: skip
        if wrong:
            found[id_] = wrong
    return found


@pytest.mark.parametrize("seed", [3, 11])
async def test_the_board_of_any_moment_is_a_replay_of_what_was_known(
    database: str, seed: int
) -> None:
    await fill(database, late_history(seed, 250))
    open_rows = 0
    async with connected(database) as connection:
        ask = ReviewQueries(connection)
        for moment in MOMENTS:
            found = await board(connection, moment, moment)
            assert differences(found, await replayed(ask, Until(moment, True))) == {}
            open_rows += sum(row["status"] in lifecycle.OPEN for row in found.values())
    assert open_rows > 100


@pytest.mark.parametrize("seed", [4])
async def test_the_board_of_now_is_the_view(database: str, seed: int) -> None:
    await fill(database, late_history(seed, 250))
    async with connected(database) as connection:
        now = await connection.fetchval("SELECT now()")
        view = await connection.fetch("SELECT * FROM review.escalation_status")
        found = await board(connection, now, None)
        assert differences(found, {row["escalation_id"]: dict(row) for row in view}) == {}
        assert list(next(iter(found.values()))) == list(view[0].keys())
    assert len(found) > 20


async def test_what_was_recorded_later_is_known_later(database: str) -> None:
    """With ``known_at`` null everything counts that had happened, whenever it was recorded."""
    every: list[Consumed] = late_history(3, 250)
    await fill(database, every)
    moment = MOMENTS[3]
    async with connected(database) as connection:
        then, since = await board(connection, moment, moment), await board(connection, moment, None)
        later = await board(connection, moment, moment + timedelta(days=9))
    assert since == later
    assert then.keys() < since.keys()


async def test_the_statuses_of_sql_are_those_of_the_life_cycle(database: str) -> None:
    async with connected(database) as connection:
        for decision in decided.DECISIONS:
            said = await connection.fetchval("SELECT projections.status_after($1)", decision.name)
            assert said == lifecycle.STATUS_AFTER.get(decision), decision.name


@pytest.mark.parametrize("seed", [3, 11])
async def test_what_was_open_then_is_found_without_folding_everything(
    database: str, seed: int
) -> None:
    await fill(database, late_history(seed, 250))
    async with connected(database) as connection:
        for moment in MOMENTS:
            rows = await connection.fetch(
                "SELECT * FROM review.open_escalations_at($1, $1)", moment
            )
            every = await board(connection, moment, moment)
            expected = {id_: row for id_, row in every.items() if row["status"] in lifecycle.OPEN}
            found = {row["escalation_id"]: dict(row) for row in rows}
            assert differences(found, expected) == {}
