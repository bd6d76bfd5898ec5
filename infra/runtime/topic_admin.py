"""Create topics as a catalogue says, and compare a cluster with it. Partitions never change."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Protocol

from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from infra.runtime.kafka import make_admin, topic_name
from infra.runtime.settings import KafkaSettings


class TopicSpec(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def partitions(self) -> int: ...
    @property
    def configs(self) -> dict[str, str]: ...


async def apply_topics(kafka: KafkaSettings, specs: Iterable[TopicSpec]) -> list[str]:
    """Create what is missing; the names created. Several may do so at once."""
    admin = make_admin(kafka)
    await admin.start()
    try:
        present = set(await admin.list_topics())
        replicas = min(3, len((await admin.describe_cluster())["brokers"]))
        missing = [one for one in specs if topic_name(kafka, one.name) not in present]
        created = [name for one in missing if (name := await _create(admin, kafka, one, replicas))]
        await _until_listed(admin, {topic_name(kafka, one.name) for one in missing})
        return created
    finally:
        await admin.close()


async def _create(admin: Any, kafka: KafkaSettings, spec: TopicSpec, replicas: int) -> str | None:
    name = topic_name(kafka, spec.name)
    configs = spec.configs | ({"min.insync.replicas": "2"} if replicas >= 3 else {})
    topic = NewTopic(name, spec.partitions, replicas, topic_configs=configs)
    answer = await admin.create_topics([topic])
    for error in answer.topic_errors:
        failure = for_code(error[1])
        if failure is TopicAlreadyExistsError:
            return None
        if error[1] != 0:
            raise RuntimeError(f"topic {name} cannot be created: {failure.__name__} {error[2:]}")
    return name


async def _until_listed(admin: Any, names: set[str]) -> None:
    """A new topic is known to every broker a moment after it was created."""
    async with asyncio.timeout(30):
        while not names <= set(await admin.list_topics()):
            await asyncio.sleep(0.05)


async def check_topics(kafka: KafkaSettings, specs: Iterable[TopicSpec]) -> list[str]:
    """What differs from the catalogue, a sentence each; empty where nothing does."""
    admin = make_admin(kafka)
    await admin.start()
    try:
        found: list[str] = []
        present = set(await admin.list_topics())
        for spec in specs:
            name = topic_name(kafka, spec.name)
            if name not in present:
                found.append(f"{name} is missing: run escalation topics apply")
            else:
                found += await _differences(admin, name, spec)
        return found
    finally:
        await admin.close()


async def _differences(admin: Any, name: str, spec: TopicSpec) -> list[str]:
    found = []
    (described,) = await admin.describe_topics([name])
    partitions = len(described["partitions"])
    if partitions != spec.partitions:
        found.append(
            f"{name} has {partitions} partitions instead of {spec.partitions}: partitions are "
            "never changed in place, create a new topic and move to it"
        )
    (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    configs = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    for key, wanted in spec.configs.items():
        if configs.get(key) != wanted:
            found.append(f"{name}: {key} is {configs.get(key)} instead of {wanted}")
    return found
