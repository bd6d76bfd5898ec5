"""``review.missed_duties``: what was missed, who owed it, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from schemas import decided, topics
from schemas.codec import Decided, write
from tests.notifier.decisions import NOON, accepted, awaiting, decision, missed
from tests.projections.consumed import CASES, DECISIONS, Consumed, consumed, placed
from tests.projections.filling import applied, connected
from tests.stories import opened

HOUR = timedelta(hours=1)
ONE = "escalation-1"
NUMBER = topics.partition_of(b"case-1", topics.PARTITIONS)
NOON_MS = int(NOON.timestamp() * 1000)


def stored(*events: Decided) -> list[Consumed]:
    case = opened(NOON - 30 * HOUR, support_manager={"id": "manager", "name": "Mo"}, team="red")
    records = [consumed(CASES, (NUMBER, 0), case.key, write(case), NOON_MS)]
    records += [consumed(DECISIONS, (NUMBER, 0), one.key, write(one), NOON_MS) for one in events]
    return placed(records)


async def rows(dsn: str, *events: Decided) -> list[dict[str, Any]]:
    letters = await applied(dsn, stored(*events))
    assert letters.found == []
    async with connected(dsn) as reader:
        found = await reader.fetch("SELECT * FROM review.missed_duties ORDER BY due_at")
    return [dict(row) for row in found]


def update(at: Any, due_at: Any) -> Decided:
    done = {"duty": "next-update", "due_at": due_at, "at": at, "kept": at <= due_at}
    return decision(decided.UpdateGiven, at, escalation_id=ONE, audience="customer",
                    fulfilled=[done])  # fmt: skip


@pytest.mark.rule("003-21")
async def test_who_owed_what_was_missed_and_which_period_was_kept_after_all(
    database: str,
) -> None:
    due = [NOON + number * 8 * HOUR for number in range(4)]
    misses = [
        missed(at, escalation_id=ONE, duty="next-update", due_at=at,
               duties=[{"duty": "next-update", "due_at": at + 8 * HOUR, "clock": "elapsed"}])
        for at in due[:2]
    ]  # fmt: skip
    first, second = await rows(
        database, accepted(policy="engineer-led", team="red"), *misses,
        update(due[1] - HOUR, due[1]),
    )  # fmt: skip
    assert (first["outcome"], second["outcome"]) == ("missed", "kept, reported late")
    for row in (first, second):
        assert (row["owed_by"], row["owed_by_id"], row["kind"]) == (
            "handling-agent", "agent", "promise",
        )  # fmt: skip
        assert (row["policy"], row["severity"], row["team"]) == ("engineer-led", "S1", "red")
    async with connected(database) as reader:
        (status,) = await reader.fetch("SELECT * FROM review.escalation_status")
    assert (status["missed_times"], status["missed_since"]) == (0, None)
    assert status["next_due_at"] == due[2], "the open period stays open"


async def test_an_answer_that_comes_late_ends_the_missed_approval(database: str) -> None:
    waiting = awaiting()
    assert isinstance(waiting.data, decided.ApprovalRequested)
    due = waiting.data.due_at
    done = {"duty": "approval", "due_at": due, "at": due + HOUR, "kept": False}
    (row,) = await rows(
        database, waiting, missed(due, escalation_id=ONE, duty="approval", due_at=due),
        accepted(due + HOUR, policy="templated", fulfilled=[done]),
    )  # fmt: skip
    assert (row["outcome"], row["owed_by"], row["done_at"]) == (
        "done late", "approvers", due + HOUR,
    )  # fmt: skip
