"""Two processes with one instance id: who was replaced says so and ends, the other works on."""

from __future__ import annotations

import json

from infra.runtime.cluster_state import members_of
from infra.runtime.registry import SERVICES
from infra.runtime.service import Exit
from infra.workbench.readiness import OWNED, until_owned
from tests.world import World, until


async def test_who_is_replaced_names_the_setting_and_ends_for_good(world: World) -> None:
    world.start(*SERVICES)
    first = dict(world.processes)
    await until_owned(world.kafka)
    before = {group: await members_of(world.kafka, group) for group in OWNED}

    world.start(*SERVICES)

    async def all_ended() -> bool:
        return all(service.poll() is not None for service in first.values())

    await until(all_ended, 90)
    assert {name: one.poll() for name, one in first.items()} == dict.fromkeys(
        SERVICES, Exit.INSTANCE_TAKEN
    )
    for name in SERVICES:
        lines = (world.logs / f"{name}.log").read_text().splitlines()
        said = [json.loads(line) for line in lines if "instance-id-taken" in line]
        assert len(said) == 1
        assert f"ESCALATION_{name.upper()}__INSTANCE_ID" in said[0]["why"]
    await until_owned(world.kafka)
    assert all(service.poll() is None for service in world.processes.values())
    for group in OWNED:
        after = await members_of(world.kafka, group)
        assert after.keys() == before[group].keys() and after != before[group]
