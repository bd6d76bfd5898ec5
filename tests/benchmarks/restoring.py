"""How long a decider takes to own its partitions again, with very many cases in the state topic."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from infra.runtime.kafka import make_producer
from infra.runtime.registry import SERVICES
from infra.workbench.demo_day import day
from schemas import topics
from services.escalation.decider import states
from services.escalation.decider.batch import Incoming
from services.escalation.decider.partition import Partition
from services.escalation.decider.states import PartitionProgress
from tests.benchmarks import measure
from tests.benchmarks.deadlines import Stage
from tests.benchmarks.peers import shipped_policies

COMMAND = [sys.executable, "-m", SERVICES["decider"].package]
PLAYED = 2_000
"""Cases that are played; their states stand for those of all the others."""


def played() -> list[bytes]:
    """The states of a day's cases, of the demo's mix, as they are kept."""
    partition, now = Partition(0, 1, shipped_policies()), int(time.time() * 1000)
    for offset, (subject, value) in enumerate(day(7, PLAYED, datetime.now(UTC))):
        partition.take(Incoming(offset, now, subject.encode(), value))
    return [value for key, value in partition.flush().states if not key.startswith(b"clock/")]


def many(number: int) -> Iterator[tuple[int, bytes, bytes]]:
    """So many states with their partitions, and the positions of all partitions."""
    for at, value in zip(range(number), itertools.cycle(played()), strict=False):
        key = f"restored-{at}".encode()
        yield topics.partition_of(key, topics.PARTITIONS), key, value
    for partition in range(topics.PARTITIONS):
        progress = PartitionProgress(datetime.now(UTC), -1)
        yield partition, f"clock/{partition}".encode(), states.dump_progress(progress)


async def fill(stage: Stage, number: int) -> None:
    producer = make_producer(stage.kafka, linger_ms=5, max_batch_size=512 * 1024)
    await producer.start()
    topic = stage.prefix + topics.ESCALATION_STATE.name
    builders = {n: producer.create_batch() for n in range(topics.PARTITIONS)}
    for partition, key, value in many(number):
        if builders[partition].append(key=key, value=value, timestamp=None) is None:
            await producer.send_batch(builders[partition], topic, partition=partition)
            builders[partition] = producer.create_batch()
            builders[partition].append(key=key, value=value, timestamp=None)
    for partition, builder in builders.items():
        await producer.send_batch(builder, topic, partition=partition)
    await producer.stop()


async def seconds_to_own(stage: Stage, number: int) -> tuple[float, float]:
    """From the start of the process until every partition is decided again, and the memory of the
    process then, in MB."""
    await fill(stage, number)
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *COMMAND, env=measure.environment(stage.env), stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    owned: set[int] = set()
    while len(owned) < topics.PARTITIONS:
        line = await process.stderr.readline()
        if not line:
            raise RuntimeError("the decider ended")
        said = json.loads(line) if line.startswith(b"{") else {}
        if said.get("event") == "partition-owned":
            owned.add(said["partition"])
        elif said.get("level") in ("warning", "error"):
            print(line.decode(), file=sys.stderr)
    seconds = time.perf_counter() - began
    memory = measure.resident(process.pid)
    process.kill()
    await process.wait()
    return seconds, memory
