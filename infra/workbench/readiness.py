"""Ready means: topics exist, migrations ran, and every partition has an owner in every group."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from aiokafka.errors import KafkaError

from infra.runtime.kafka import group_name, make_admin, topic_name
from infra.runtime.registry import SERVICES
from infra.runtime.settings import KafkaSettings

OWNED: Final = {one.group: one.reads for one in SERVICES.values()}
"""Which topics each group must own whole."""


async def until_owned(kafka: KafkaSettings, seconds: float = 90) -> None:
    """Wait until each group owns every partition. Errors: ``TimeoutError`` naming what is not."""
    admin = make_admin(kafka)
    await admin.start()
    missing: set[tuple[str, str, int]] = set()
    try:
        async with asyncio.timeout(seconds):
            wanted = await _wanted(admin, kafka)
            while missing := wanted - await _owned(admin, kafka):
                await asyncio.sleep(0.2)
    except TimeoutError:
        groups = ", ".join(sorted({group for group, _, _ in missing}))
        raise TimeoutError(
            f"{len(missing)} partitions have no owner after {seconds:.0f} s; look into the logs "
            f"of: {groups}"
        ) from None
    finally:
        await admin.close()


async def _wanted(admin: Any, kafka: KafkaSettings) -> set[tuple[str, str, int]]:
    names = sorted({topic_name(kafka, name) for held in OWNED.values() for name in held})
    described = {one["topic"]: one["partitions"] for one in await admin.describe_topics(names)}
    return {
        (group_name(kafka, group), name, partition["partition"])
        for group, held in OWNED.items()
        for name in (topic_name(kafka, one) for one in held)
        for partition in described[name]
    }


async def _owned(admin: Any, kafka: KafkaSettings) -> set[tuple[str, str, int]]:
    owned = set()
    for group in OWNED:
        try:
            answers = await admin.describe_consumer_groups([group_name(kafka, group)])
        except KafkaError:
            continue
        for _, name, state, _, _, members in (entry[:6] for one in answers for entry in one.groups):
            if state == "Stable":
                owned |= {(name, topic, number) for topic, number in _assigned(members)}
    return owned


def _assigned(members: Any) -> list[tuple[str, int]]:
    found = []
    for member in members:
        raw = member[-1]
        if raw:
            decoded = ConsumerProtocolMemberAssignment.decode(raw)
            found += [(topic, number) for topic, parts in decoded.assignment for number in parts]
    return found
