"""What other clients may write is read by everybody: any codec, header names in any encoding."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.protocol.produce import ProduceRequest

from infra.runtime.kafka import make_admin, make_producer, topic_name
from schemas import topics
from schemas.codec import STRUCTURED_HEADERS, write
from tests.runtime.test_tolerant_records import Row, written
from tests.stories import event, opened, person, requested
from tests.world import World, until

CODECS = ("gzip", "snappy", "lz4", "zstd")
CALLER = person("cal", email="cal@customer.example")
HEADERS: list[tuple[bytes, bytes | None]] = [
    (name.encode(), value) for name, value in STRUCTURED_HEADERS
]


def asked(case: str) -> list[tuple[bytes, bytes]]:
    """A case and a request that is accepted."""
    now = datetime.now(UTC)
    told = (opened(now - timedelta(days=9)), requested(now, requested_by=CALLER))
    return [(case.encode(), write(event(one.data, one.time, subject=case))) for one in told]


async def test_each_codec_and_each_header_goes_the_whole_way(world: World) -> None:
    world.start("decider", "notifier", "projections")
    cases = set()
    for codec in CODECS:
        await produce(world, asked(f"from-{codec}"), compression_type=codec)
        cases.add(f"from-{codec}")
    for number in (1, 2):
        await produce_raw(world, asked(f"header-{number}"), b"caf\xe9")
        cases.add(f"header-{number}")
    for codec in (*CODECS, "uncompressed", "producer"):
        for topic in (topics.CASE_EVENTS, topics.ESCALATION_EVENTS, topics.ESCALATION_STATE):
            await set_codec(world, topic, codec)
        await produce(world, asked(f"topic-{codec}"))
        cases.add(f"topic-{codec}")
        await world.until_decided()

    decisions = await world.decisions()
    accepted = [one["subject"] for one in decisions if one["type"].endswith(".accepted.v1")]
    assert sorted(accepted) == sorted(cases)
    assert await world.records(topics.dead_letters("decider").name) == []

    async def shown_and_told() -> bool:
        rows = await world.query("SELECT case_id FROM review.escalation_status")
        mails = await world.query(
            "SELECT DISTINCT subject FROM notifier.message WHERE person_id = 'cal'"
        )
        return {row["case_id"] for row in rows} == {row["subject"] for row in mails} == cases

    await until(shown_and_told)
    world.kill("decider")
    world.start("decider")
    await produce(world, asked("behind"))
    await world.until_decided()
    assert len(await world.decisions()) == len(decisions) + 1, "it has restored from all of them"


async def test_a_batch_that_is_damaged_on_the_brokers_disk_is_named_and_passed_by(
    world: World,
) -> None:
    if not (world.servers.data / "kafka").exists():
        pytest.skip("the broker's disk is out of reach")
    name = topic_name(world.kafka, topics.CASE_EVENTS.name)
    await produce(world, asked("case-damaged"))
    assert damaged(world.servers.data / "kafka", b'"case-damaged"') >= 1
    number = topics.partition_of(b"case-damaged", topics.PARTITIONS)
    await produce(world, [row for one in same_partition(number) for row in asked(one)])
    world.start("decider", "notifier", "projections")
    await world.until_decided()
    (letter,) = await world.records(topics.dead_letters("decider").name)
    said = {name.rpartition(".")[2]: value for name, value in letter.headers}
    assert (said["topic"], said["partition"], said["offset"]) == (
        name.encode(), str(number).encode(), b"0",
    )  # fmt: skip
    told = json.loads(letter.value)
    assert (told["first_offset"], told["last_offset"]) == (0, 1) and len(told["sha256"]) == 64
    assert b"dead-letter" in (world.logs / "decider.log").read_bytes()

    async def shown_and_told() -> bool:
        rows = await world.query("SELECT case_id FROM review.escalation_status")
        mails = await world.query("SELECT 1 FROM notifier.message WHERE person_id = 'cal'")
        return (len(rows), len(mails)) == (2, 2)

    await until(shown_and_told)


def damaged(folder: Path, marker: bytes) -> int:
    """Change a letter of the marker in the broker's own files; how often it stood there."""
    found = 0
    for file in folder.rglob("*.log"):
        data = file.read_bytes()
        if (at := data.find(marker)) >= 0:
            with file.open("r+b") as segment:
                segment.seek(at + 1)
                segment.write(b"X")
            found += 1
    return found


def same_partition(number: int) -> list[str]:
    """Two case ids of a partition."""
    every = (f"behind-{one}" for one in range(1_000))
    return [one for one in every if topics.partition_of(one.encode(), topics.PARTITIONS) == number][
        :2
    ]


async def produce(world: World, records: list[tuple[bytes, bytes]], **options: Any) -> None:
    """All of them in batches of this producer's making."""
    producer = make_producer(world.kafka, linger_ms=50, **options)
    await producer.start()
    try:
        name = topic_name(world.kafka, topics.CASE_EVENTS.name)
        sent = [
            await producer.send(name, value, key=key, headers=list(STRUCTURED_HEADERS))
            for key, value in records
        ]
        for one in sent:
            await one
    finally:
        await producer.stop()


async def produce_raw(world: World, records: list[tuple[bytes, bytes]], name: bytes) -> None:
    """As one batch, with a header of this name."""
    rows: list[Row] = [(key, value, [*HEADERS, (name, b"x")]) for key, value in records]
    assert await send_raw(world, records[0][0], written(rows)) == 0


async def send_raw(
    world: World, key: bytes, batch: bytes, topic: str = topics.CASE_EVENTS.name
) -> int:
    """Write a batch as it is; the broker's error code."""
    producer = make_producer(world.kafka)
    await producer.start()
    try:
        name = topic_name(world.kafka, topic)
        number = topics.partition_of(key, topics.PARTITIONS)
        await producer.partitions_for(name)
        leader = producer.client.cluster.leader_for_partition(TopicPartition(name, number))
        request = ProduceRequest(
            transactional_id=None, required_acks=-1, timeout=10_000,
            topics=[(name, [(number, batch)])],
        )  # fmt: skip
        answer = await producer.client.send(leader, request)
        return int(answer.topics[0][1][0][1])
    finally:
        await producer.stop()


async def set_codec(world: World, topic: topics.Topic, codec: str) -> None:
    """The topic's own compression, as an operator may set it."""
    admin = make_admin(world.kafka)
    await admin.start()
    try:
        configs = topic.configs | {"compression.type": codec}
        name = topic_name(world.kafka, topic.name)
        (answer,) = await admin.alter_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name, configs)]
        )
        assert answer.resources[0][0] == 0, json.dumps(configs)
    finally:
        await admin.close()
