"""Several deciders share the partitions, and each takes over what another leaves."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from infra.workbench.demo_day import day
from infra.workbench.parts import free_port
from schemas import topics
from tests.faults.test_decider_is_killed import replayed
from tests.world import World, answered, until

NAME = "ESCALATION_DECIDER__INSTANCE_ID"


def events(seed: int, cases: int) -> list[tuple[bytes, bytes]]:
    return [(subject.encode(), value) for subject, value in day(seed, cases, datetime.now(UTC))]


def owned(world: World, label: str) -> set[int]:
    """The partitions that a process has taken over at some time."""
    return {
        one["partition"] for one in world.logged(label) if one.get("event") == "partition-owned"
    }


async def is_decided_once(world: World) -> None:
    """Every decision is there, once, and is what one process would have decided."""
    decided = await world.records(topics.ESCALATION_EVENTS.name)
    expected = replayed(await world.records(topics.CASE_EVENTS.name))
    for number, decisions in expected.items():
        assert [(one.key, one.value) for one in decided if one.partition == number] == decisions
    assert max(Counter(one.value for one in decided).values()) == 1


async def metrics(port: int) -> dict[str, float]:
    """The samples of ``/metrics``."""
    lines = (await answered(port, "/metrics"))[1].splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


async def until_ready(port: int) -> None:
    async def is_ready() -> bool:
        return (await answered(port, "/readyz"))[0] == 200

    await until(is_ready)


@pytest.mark.long
async def test_two_deciders_share_the_partitions_and_each_takes_over_the_others(
    world: World,
) -> None:
    ports = {label: free_port() for label in ("one", "two")}

    def start(label: str) -> None:
        more = {NAME: label, "ESCALATION_HEALTH__PORT": str(ports[label])}
        world.start_as(label, "decider", **more)

    first, second, third = (events(seed, 150) for seed in (1, 2, 3))
    start("one")
    await world.publish_raw(first)
    await until_ready(ports["one"])
    assert owned(world, "one") == set(range(topics.PARTITIONS))
    start("two")
    await world.publish_raw(second)
    await until_ready(ports["two"])
    await until_ready(ports["one"])
    shared = owned(world, "two")
    assert len(shared) == topics.PARTITIONS // 2
    again = [one for one in world.logged("one") if one.get("event") == "partition-owned"][12:]
    assert {one["partition"] for one in again} == set(range(topics.PARTITIONS)) - shared
    assert not any(one["restored"] for one in again), "what stays here is kept in memory"
    world.kill("one")
    await world.publish_raw(third)
    await world.until_decided()
    await until_ready(ports["two"])
    assert owned(world, "two") == set(range(topics.PARTITIONS))
    await is_decided_once(world)
    found = await metrics(ports["two"])
    assert all(found[f'escalation_decider_lag_records{{partition="{n}"}}'] == 0 for n in range(12))
    assert found['escalation_decisions_total{type="support.escalation.accepted.v1"}'] > 0
    assert world.stop("two") < 15
