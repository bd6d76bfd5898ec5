"""How far consumer groups have read, who is in them, and what holds readers back. Reads only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition

from infra.runtime.kafka import group_name, make_admin, make_consumer, topic_name
from infra.runtime.settings import KafkaSettings

INSTANCE_SUFFIX = 37
"""A static member's id is its instance id, a dash and a UUID."""
Offsets = dict[TopicPartition, int]


@dataclass(frozen=True)
class GroupState:
    """``lag`` counts records that can be read and were not, as far as the group's committed offsets
    tell; the ends of transactions count too, so a few are normal."""

    group: str
    lag: int
    members: dict[str, str]
    """Instance id to member id."""


@dataclass(frozen=True)
class HeldBack:
    """A partition whose records after ``stable`` cannot be read: a transaction was begun there and
    not ended."""

    topic: str
    partition: int
    stable: int
    end: int


async def group_states(
    kafka: KafkaSettings, groups: Mapping[str, Sequence[str]]
) -> list[GroupState]:
    """Each group, given with the topics that it reads; names without the prefix of the cluster."""
    wanted = sorted({name for names in groups.values() for name in names})
    ends = await stable_ends(kafka, wanted)
    admin = make_admin(kafka)
    await admin.start()
    try:
        return [await _state(admin, kafka, (group, names), ends) for group, names in groups.items()]
    finally:
        await admin.close()


async def _state(
    admin: Any, kafka: KafkaSettings, group: tuple[str, Sequence[str]], ends: Offsets
) -> GroupState:
    name = group_name(kafka, group[0])
    read = {topic_name(kafka, one) for one in group[1]}
    committed = await admin.list_consumer_group_offsets(name)
    at = {place: found.offset for place, found in committed.items()}
    lag = sum(max(0, end - max(0, at.get(tp, 0))) for tp, end in ends.items() if tp.topic in read)
    return GroupState(group[0], lag, await _members(admin, name))


async def _members(admin: Any, group: str) -> dict[str, str]:
    answers = await admin.describe_consumer_groups([group])
    ids = [member[0] for one in answers for entry in one.groups for member in entry[5]]
    return {one[:-INSTANCE_SUFFIX]: one for one in ids}


async def members_of(kafka: KafkaSettings, group: str) -> dict[str, str]:
    """Who is in a group: instance id to member id, which changes when another takes its place."""
    admin = make_admin(kafka)
    await admin.start()
    try:
        return await _members(admin, group_name(kafka, group))
    finally:
        await admin.close()


async def held_back(
    kafka: KafkaSettings, names: Iterable[str], seconds: float = 5.0
) -> list[HeldBack]:
    """Partitions whose readable end stood still for ``seconds`` though more was written.

    Our own transactions take moments; what stands still longer is a producer that has not ended
    its transaction. Returns at once where no partition has one open.
    """
    wanted = list(names)
    before = await _open(kafka, wanted)
    if not before:
        return []
    await asyncio.sleep(seconds)
    after = await _open(kafka, wanted)
    return [
        HeldBack(tp.topic, tp.partition, stable, after[tp][1])
        for tp, (stable, _) in sorted(before.items())
        if tp in after and after[tp][0] == stable
    ]


async def _open(kafka: KafkaSettings, names: list[str]) -> dict[TopicPartition, tuple[int, int]]:
    stable = await stable_ends(kafka, names)
    ends = await stable_ends(kafka, names, isolation_level="read_uncommitted")
    return {tp: (at, ends[tp]) for tp, at in stable.items() if ends.get(tp, 0) > at}


async def stable_ends(
    kafka: KafkaSettings, names: Iterable[str], isolation_level: str = "read_committed"
) -> Offsets:
    """The end of each partition, as a reader of that isolation level sees it; of topics that do not
    exist, nothing."""
    places = await places_of(kafka, [topic_name(kafka, name) for name in names])
    consumer = make_consumer(kafka, isolation_level=isolation_level)
    await consumer.start()
    try:
        return dict(await consumer.end_offsets(places)) if places else {}
    finally:
        await consumer.stop()


async def places_of(kafka: KafkaSettings, names: Iterable[str]) -> list[TopicPartition]:
    """Every partition of these topics, as far as they exist; full names."""
    admin = make_admin(kafka)
    await admin.start()
    try:
        present = sorted(set(names) & set(await admin.list_topics()))
        described = await admin.describe_topics(present) if present else []
    finally:
        await admin.close()
    return [
        TopicPartition(one["topic"], number)
        for one in described
        for number in sorted(part["partition"] for part in one["partitions"])
    ]
