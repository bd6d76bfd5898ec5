"""What was decided is what managers read, and reading it again changes nothing."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from infra.workbench.demo_day import bad_records, day
from schemas import topics
from tests.world import World, until

RUNNING = ("escalated", "acknowledged")


async def test_the_views_say_what_was_decided_also_after_a_kill_and_a_repeat(world: World) -> None:
    events = [(subject.encode(), value) for subject, value in day(11, 300, datetime.now(UTC))]
    world.start("decider", "projections")
    await world.publish_raw([*events[: len(events) // 2], *bad_records()])
    await world.until_decided()
    world.kill("projections")
    await world.publish_raw([*events[len(events) // 2 :], *events[:50]])
    world.start("projections")
    await world.until_decided()
    await until(lambda: caught_up(world))

    decisions = await world.decisions()
    expected = _statuses(decisions)
    rows = await world.query("SELECT escalation_id, status FROM review.escalation_status")
    assert {row["escalation_id"]: row["status"] for row in rows} == expected
    rejected = Counter(one["type"] for one in decisions)["support.escalation.rejected.v1"]
    (count,) = await world.query("SELECT count(*) AS n FROM review.rejections")
    assert count["n"] == rejected > 10
    (known,) = await world.query(
        "SELECT count(DISTINCT event_id) AS n FROM analytics.fct_case_event"
    )
    sent = {json.loads(value)["id"] for _, value in events}
    assert known["n"] == len(sent) + len({one["id"] for one in decisions})


async def test_who_may_escalate_is_answered_as_the_decider_would(world: World) -> None:
    events = [(subject.encode(), value) for subject, value in day(13, 200, datetime.now(UTC))]
    world.start("decider", "projections")
    await world.publish_raw(events)
    await world.until_decided()
    await until(lambda: caught_up(world))
    decisions = await world.decisions()
    over = {id_ for id_, status in _statuses(decisions).items() if status in ("ended", "declined")}
    spent = {
        one["subject"]
        for one in decisions
        if one["type"].endswith((".accepted.v1", ".approval-requested.v1"))
        and (_is_once_only(one) or one["data"]["escalation_id"] not in over)
    }
    closed = {
        one["case_id"]
        for one in await world.query("SELECT case_id FROM projections.cases WHERE closed")
    }
    rows = await world.query("SELECT * FROM review.eligibility")
    known = {subject.decode() for subject, _ in events}
    assert {row["case_id"] for row in rows} == known - spent - closed
    now = datetime.now(UTC)
    assert all(row["eligible"] == (row["eligible_at"] <= now) for row in rows if row["eligible_at"])


def _is_once_only(one: dict[str, Any]) -> bool:
    return one["data"]["receipt"]["policy"]["name"] in ("time-gated", "comment-phrase")


def _statuses(decisions: list[dict[str, object]]) -> dict[str, str]:
    """The status of each escalation by the last decision that changed it."""
    ends = {
        "accepted": "escalated", "acknowledged": "acknowledged", "de-escalated": "monitored",
        "monitoring-ended": "ended", "voided": "voided", "monitoring-held": "monitored",
        "approval-requested": "awaiting-approval", "declined": "declined",
    }  # fmt: skip
    found: dict[str, str] = {}
    for one in decisions:
        name = str(one["type"]).split(".")[2]
        data = one["data"]
        assert isinstance(data, dict)
        if name in ends:
            found[data["escalation_id"]] = ends[name]
    return found


async def caught_up(world: World) -> bool:
    rows = await world.query(
        "SELECT topic, partition, next_offset FROM analytics.projection_watermark"
    )
    at = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
    for topic in (topics.CASE_EVENTS, topics.ESCALATION_EVENTS):
        ends: dict[tuple[str, int], int] = {}
        for one in await world.records(topic.name):
            ends[(one.topic, one.partition)] = one.offset + 1
        if any(at.get(place, 0) < end for place, end in ends.items()):
            return False
    return True
