"""What stands in the state topic without being the decider's ends it, with a place and a way on;
what stands among the decisions, or a group offset that is wrong, changes nothing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from infra.runtime.kafka import make_consumer, topic_name
from infra.runtime.service import Exit
from infra.workbench.demo_day import day
from schemas import topics
from tests.faults.test_decider_is_killed import replayed
from tests.world import World, until

STATE = (b"ZENDESK/1", b'{"ticket": 1}')
DECISION = (b"ACME-1", b"\xff\x00 nobody's JSON")


async def publish_day(world: World, seed: int) -> None:
    await world.publish_raw(
        (subject.encode(), value) for subject, value in day(seed, 60, datetime.now(UTC))
    )


async def is_decided_as_replayed(world: World, but: tuple[bytes, bytes] | None = None) -> bool:
    """Whether there is, beside what is foreign, exactly what one process would have decided."""
    decided = await world.records(topics.ESCALATION_EVENTS.name)
    expected = replayed(await world.records(topics.CASE_EVENTS.name))
    return expected == {
        number: [
            (one.key, one.value)
            for one in decided
            if one.partition == number and (one.key, one.value) != but
        ]
        for number in expected
    }


def said(world: World, event: str) -> list[dict[str, Any]]:
    return [one for one in world.logged("decider") if one.get("event") == event]


async def test_a_foreign_state_ends_the_decider_for_a_person_to_look(world: World) -> None:
    topic = topics.ESCALATION_STATE.name
    world.start("decider")
    await publish_day(world, 1)
    await world.until_decided()
    world.stop("decider")
    await world.publish_raw([STATE], topic=topic)

    world.start("decider")
    ended = world.processes["decider"]
    await until(lambda: asyncio.to_thread(lambda: ended.poll() is not None), 60)
    assert ended.poll() == Exit.FOREIGN_RECORDS
    (line,) = said(world, "foreign-record")
    (foreign,) = [one for one in await world.records(topic) if (one.key, one.value) == STATE]
    place = f"{foreign.topic}-{foreign.partition}@{foreign.offset}"
    assert f"ESCALATION_DECIDER__SKIP_FOREIGN={place}" in line["why"]
    assert "ticket" not in str(line)

    world.start_as("decider", "decider", ESCALATION_DECIDER__SKIP_FOREIGN=place)
    await publish_day(world, 2)
    await world.until_decided()
    assert await is_decided_as_replayed(world)


async def test_a_foreign_decision_is_told_and_stops_nothing(world: World) -> None:
    world.start("decider")
    await publish_day(world, 1)
    await world.until_decided()
    world.stop("decider")
    await world.publish_raw([DECISION], topic=topics.ESCALATION_EVENTS.name)

    world.start("decider")
    await publish_day(world, 2)
    await world.until_decided()
    assert await is_decided_as_replayed(world, but=DECISION)
    (line,) = said(world, "foreign-record")
    assert line["level"] == "warning" and "nobody" not in str(line)


async def test_a_group_offset_that_is_wrong_is_said_and_decides_nothing(world: World) -> None:
    world.start("decider")
    await publish_day(world, 3)
    await world.until_decided()
    world.stop("decider")
    await publish_day(world, 4)
    await set_group_offsets(world, beyond=5)

    world.start("decider")
    await until(lambda: is_decided_as_replayed(world))
    warned = said(world, "hint-ahead")
    assert warned and all(
        f"--reset-offsets --to-offset {one['read_from']} --execute" in one["what_to_do"]
        for one in warned
    )


async def is_committed(tool: Any, offsets: dict[TopicPartition, int]) -> bool:
    """Kafka refuses it while the group still counts the decider as a member."""
    try:
        await tool.commit(offsets)
    except KafkaError:
        return False
    return True


async def set_group_offsets(world: World, beyond: int) -> None:
    """As somebody's tool might: the end of each partition, and more."""
    name = topic_name(world.kafka, topics.CASE_EVENTS.name)
    places = [TopicPartition(name, number) for number in range(topics.PARTITIONS)]
    tool = make_consumer(world.kafka, group_id=topics.DECIDER_GROUP)
    await tool.start()
    try:
        tool.assign(places)
        ends = await tool.end_offsets(places)
        wrong = {place: end + beyond for place, end in ends.items()}
        await until(lambda: is_committed(tool, wrong))
    finally:
        await tool.stop()
