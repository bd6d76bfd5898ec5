"""Salesforce's changes reach the case topic: all of them, once in effect, whatever happens."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from infra.workbench.demo_day import salesforce
from schemas import topics
from services.escalation.intake.mapping_file import load_mapping
from services.escalation.intake.record import Parked
from services.escalation.intake.salesforce import translate
from tests.world import World, until

MAPPING = load_mapping(None)
CHANGES = [*salesforce(3, 1_500, datetime(2026, 11, 20, tzinfo=UTC)), b"garbage", b"{}"]


async def test_nothing_is_lost_when_it_is_killed_and_everything_means_the_same(
    world: World,
) -> None:
    expected = {
        event.id
        for change in CHANGES
        if not isinstance(found := translate(change, MAPPING), Parked)
        for event in found
    }
    world.start("intake")
    half = len(CHANGES) // 2
    await world.publish_raw(((None, one) for one in CHANGES[:half]), topics.SALESFORCE, ())
    await until(lambda: _some(world, 50))
    world.kill("intake")
    await world.publish_raw(((None, one) for one in CHANGES[half:]), topics.SALESFORCE, ())
    world.start("intake")
    await until(lambda: _all(world, expected), 90)
    letters = await until(lambda: _letters(world), 30)
    assert {dict(one.headers)["__connect.errors.exception.class.name"] for one in letters} == {
        b"gap-event", b"not-json", b"not-an-envelope",
    }  # fmt: skip
    assert world.stop("intake") < 10


async def _some(world: World, number: int) -> bool:
    return len(await world.records(topics.CASE_EVENTS.name)) >= number


async def _all(world: World, expected: set[str]) -> bool:
    records = await world.records(topics.CASE_EVENTS.name)
    return {json.loads(one.value)["id"] for one in records} == expected


async def _letters(world: World) -> list[Any]:
    letters = await world.records(topics.dead_letters("intake").name)
    return letters if len(letters) >= 3 else []
