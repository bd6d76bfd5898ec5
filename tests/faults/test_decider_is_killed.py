"""kill -9 of the decider, again and again: what it decided is what a pure replay decides."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime

from infra.workbench.demo_day import bad_records, day
from schemas import topics
from services.escalation.decider.batch import Incoming
from services.escalation.decider.partition import Partition
from tests.spec import POLICIES
from tests.world import World

EVENTS = 50_000
KILLS = 10


async def test_nothing_is_lost_doubled_or_different_after_ten_kills(world: World) -> None:
    events = [
        (subject.encode(), value) for subject, value in day(7, EVENTS // 5, datetime.now(UTC))
    ]
    redelivered = random.Random(7).sample(events, 500)
    feeding = asyncio.create_task(_feed(world, events + redelivered))
    for _ in range(KILLS):
        world.start("decider")
        await asyncio.sleep(random.Random(_).uniform(2.5, 4.0))
        world.kill("decider")
    await feeding
    world.start("decider")
    await world.until_decided(180)

    read = await world.records(topics.CASE_EVENTS.name)
    decided = await world.records(topics.ESCALATION_EVENTS.name)
    letters = await world.records(topics.dead_letters("decider").name)
    assert len(read) >= EVENTS * 0.9
    expected = replayed(read)
    for number, decisions in expected.items():
        found = [(one.key, one.value) for one in decided if one.partition == number]
        assert found == decisions, f"partition {number} differs from its replay"
    assert max(Counter(one.value for one in decided).values()) == 1
    assert len(letters) == len(bad_records())


async def _feed(world: World, events: list[tuple[bytes, bytes]]) -> None:
    """While it is killed: a slice, a pause, a slice; bad records among them."""
    await world.publish_raw(bad_records())
    size = len(events) // 12
    for start in range(0, len(events), size):
        await world.publish_raw(events[start : start + size])
        await asyncio.sleep(1.5)


def replayed(records: list[object]) -> dict[int, list[tuple[bytes, bytes]]]:
    """Every decision that the case topic leads to, by partition: the oracle."""
    partitions = {
        number: Partition(number, topics.PARTITIONS, POLICIES)
        for number in range(topics.PARTITIONS)
    }
    for one in records:
        record = Incoming(one.offset, one.timestamp, one.key, one.value, one.headers)  # type: ignore[attr-defined]
        partitions[one.partition].take(record)  # type: ignore[attr-defined]
    return {number: partition.flush().decisions for number, partition in partitions.items()}
