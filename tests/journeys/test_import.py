"""A year of old cases, replayed through Kafka today; and whose turn it is afterwards."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas import reported
from schemas.codec import Reported
from tests.journeys.test_manager_asks import ask
from tests.journeys.test_projections import caught_up
from tests.stories import commented, did, event, opened, person, requested
from tests.world import World, until

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime.now(UTC).replace(microsecond=0)
ANN = person("ann", email="ann@customer.example")
FORM: dict[str, Any] = {
    "subject": "x", "description": "x", "business_impact": "major", "reason": "x",
    "requested_by": ANN,
}  # fmt: skip


def on(case: str, *told: Reported) -> list[Reported]:
    return [event(one.data, one.time, subject=case) for one in told]


def by_agent(at: datetime) -> Reported:
    return commented("Day by day", at, author=person("agent"), author_role="agent")


def old_case(number: int) -> list[Reported]:
    """Asked for a while ago, acknowledged in time, kept informed every day, closed and learnt."""
    case, begun = f"old-{number}", NOW - (10 + number * 8) * DAY
    days = [begun + day * DAY for day in range(1, 6)]
    return on(
        case, opened(begun - DAY, program="resolutions-desk"),
        requested(begun, **FORM, case_number=case),
        did(reported.EscalationAcknowledged, begun + HOUR),
        *(by_agent(day) for day in days), *(did(reported.UpdateGiven, day) for day in days),
        did(reported.ImprovementWaived, days[-1], reason="none"),
        did(reported.Closed, days[-1] + HOUR, resolution="fixed"),
    )  # fmt: skip


@pytest.mark.rule("002-17", "002-18")
async def test_history_is_decided_as_of_then_and_nobody_is_mailed_or_blamed(world: World) -> None:
    world.start("decider", "notifier", "projections")
    cases = [old_case(number) for number in range(40)]
    told = sorted((one for case in cases for one in case), key=lambda one: one.time)
    await world.publish(told)
    await world.until_decided()
    await until(lambda: caught_up(world))
    names = [one["type"].split(".")[2] for one in await world.decisions()]
    assert names.count("accepted") == names.count("monitoring-ended") == 40
    assert "deadline-missed" not in names and "rejected" not in names
    kept = [
        fulfilled["kept"]
        for one in await world.decisions()
        for fulfilled in one["data"].get("fulfilled", ())
    ]
    assert len(kept) >= 40 * 6 and all(kept)

    async def planned() -> list[Any]:
        rows = await world.query("SELECT state FROM notifier.message")
        return rows if len(rows) >= 80 else []

    rows = await until(planned)
    assert {row["state"] for row in rows} <= {"suppressed", "no-address"}


@pytest.mark.rule("002-13")
async def test_whose_turn_it_is_is_shown_and_paused_clocks_say_so(world: World) -> None:
    world.start("decider", "projections")
    desk = opened(NOW - DAY, program="resolutions-desk")
    question = did(reported.InformationRequested, NOW - 2 * HOUR)
    answer = commented("Here it is", NOW - HOUR)
    internal = commented("hm", NOW, author_role="agent", visibility="internal")
    for case, told in {
        "quiet": [], "answered": [question, answer, internal], "asked": [question],
        "agent-wrote": [by_agent(NOW - HOUR)],
    }.items():  # fmt: skip
        begun = [desk, requested(NOW - 3 * HOUR, **FORM, case_number=case)]
        await world.publish(on(case, *begun, *told))
    await world.until_decided()
    await until(lambda: caught_up(world))
    rows = await world.query("SELECT case_id, turn, paused FROM review.escalation_status")
    assert {row["case_id"]: (row["turn"], row["paused"]) for row in rows} == {
        "quiet": ("agent", False), "answered": ("agent", False), "asked": ("customer", True),
        "agent-wrote": ("customer", False),
    }  # fmt: skip
    review = json.loads(ask(world, "review", "--json").stdout)
    assert {row["case_id"]: row["turn"] for row in review["open"]}["asked"] == "customer"
    assert "It is the customer's turn." in ask(world, "timeline", "asked").stdout
    asked = ask(world, "review").stdout
    assert "waits" in asked and "customer" in asked
