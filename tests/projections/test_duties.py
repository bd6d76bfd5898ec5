"""``review.duties``: every period of every duty, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from schemas import decided
from tests.notifier.decisions import NOON, accepted, decision, missed
from tests.projections.filling import applied, connected, fill
from tests.projections.review.test_the_past import late_history
from tests.projections.test_missed_duties import HOUR, ONE, stored, update

OUTCOMES = {"kept, reported late": "kept-reported-late", "done late": "missed", "missed": "missed"}


async def duties(dsn: str, *events: Any) -> list[dict[str, Any]]:
    letters = await applied(dsn, stored(*events))
    assert letters.found == []
    async with connected(dsn) as reader:
        found = await reader.fetch(
            "SELECT * FROM review.duties WHERE duty = 'next-update' ORDER BY number"
        )
    return [dict(row) for row in found]


def owed(at: Any) -> dict[str, Any]:
    return {"duty": "next-update", "due_at": at, "clock": "elapsed"}


def missed_at(at: Any) -> Any:
    return missed(
        at, escalation_id=ONE, duty="next-update", due_at=at, duties=[owed(at + 8 * HOUR)]
    )


def plan() -> Any:
    return decision(
        decided.CommunicationPlanSet,
        NOON,
        escalation_id=ONE,
        mode="email",
        frequency="PT8H",
        attendee_ids=["a"],
        duties=[owed(NOON + 8 * HOUR)],
    )


@pytest.mark.rule("003-21")
async def test_each_period_has_its_own_outcome(database: str) -> None:
    due = [NOON + number * 8 * HOUR for number in range(1, 4)]
    first, second, third = await duties(
        database,
        accepted(policy="engineer-led", team="red"),
        plan(),
        missed_at(due[0]),
        missed_at(due[1]),
        update(due[1] - HOUR, due[1]),
    )
    assert [row["outcome"] for row in (first, second)] == ["missed", "kept-reported-late"]
    assert (first["set_at"], first["due_at"], first["fulfilled_at"]) == (NOON, due[0], None)
    assert (second["set_at"], second["due_at"]) == (due[0], due[1])
    assert (second["fulfilled_at"], second["lateness"]) == (due[1] - HOUR, None)
    assert (third["due_at"], third["fulfilled_at"]) == (due[2], None)
    for row in (first, second, third):
        assert (row["kind"], row["owed_by"], row["owner"], row["team"]) == (
            "promise",
            "handling-agent",
            "agent",
            "red",
        )


async def test_a_pause_a_new_plan_and_an_end_are_told(database: str) -> None:
    due = NOON + 8 * HOUR
    pause = decision(
        decided.DutyReplanned,
        NOON + HOUR,
        escalation_id=ONE,
        duty="next-update",
        was_due_at=due,
        due_at=None,
        why="paused",
        left=timedelta(hours=7),
    )
    begun = accepted(policy="engineer-led", team="red"), plan()
    (row,) = await duties(database, *begun, pause)
    assert (row["outcome"], row["paused"], row["due_at"], row["planned_anew"]) == (
        "open",
        True,
        None,
        1,
    )
    over = decision(decided.MonitoringEnded, NOON + 2 * HOUR, escalation_id=ONE, why="closed")
    async with connected(database) as owner:
        await owner.execute(
            "TRUNCATE projections.events, projections.offsets, "
            "projections.escalations, projections.cases, projections.rights"
        )
    (row,) = await duties(database, *begun, pause, over)
    assert (row["outcome"], row["paused"], row["lateness"]) == ("dropped", False, None)


@pytest.mark.parametrize("seed", [3, 7])
async def test_the_ledger_agrees_with_the_board_and_with_every_miss(
    database: str, seed: int
) -> None:
    await fill(database, late_history(seed, 300))
    async with connected(database) as reader:
        rows = await reader.fetch("SELECT * FROM review.duties")
        status = await reader.fetch(
            "SELECT escalation_id, next_due_at, paused FROM review.escalation_status "
            "WHERE status IN ('awaiting-approval', 'escalated', 'acknowledged')"
        )
        every_miss = await reader.fetch("SELECT * FROM review.missed_duties")
    last = {(row["escalation_id"], row["duty"]): row for row in sorted(rows, key=_number)}
    for one in status:
        left = [
            row
            for (id_, _), row in last.items()
            if id_ == one["escalation_id"]
            and row["fulfilled_at"] is None
            and row["outcome"] != "dropped"
        ]
        due = min((row["due_at"] for row in left if row["due_at"]), default=None)
        assert due == one["next_due_at"], left
        assert any(row["paused"] for row in left) == one["paused"]
    ledger = {(row["escalation_id"], row["duty"], row["due_at"]): row for row in rows}
    for miss in every_miss:
        row = ledger[miss["escalation_id"], miss["duty"], miss["due_at"]]
        assert (row["outcome"], row["fulfilled_at"]) == (OUTCOMES[miss["outcome"]], miss["done_at"])
    outcomes = {row["outcome"] for row in rows}
    assert len(every_miss) > 20 and outcomes >= {"open", "kept", "missed"}


def _number(row: Any) -> int:
    return int(row["number"])
