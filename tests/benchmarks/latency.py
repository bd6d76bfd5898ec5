"""From a request being published to its decision being readable, beside three other loops.

- the floor: a producer and a reader of one topic, nothing between them
- the bare loop: a record out for each record in, group offsets inside the transaction
- Kafka Streams: the same copy under exactly_once_v2 with its own defaults, where Java can be had
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from infra.runtime.registry import SERVICES
from infra.workbench.downloads import fetched, kafka_jars
from schemas import topics
from schemas.codec import write
from tests.benchmarks import measure
from tests.benchmarks.deadlines import Records, Stage
from tests.stories import NOON, requested

RATE: Final = 1_000
SECONDS: Final = 15
Loop = Callable[[Stage, str, str], Awaitable[list[float] | None]]
STREAMS: Final = (
    "org/apache/kafka/kafka-streams/4.4.0/kafka-streams-4.4.0.jar",
    "6e06548a119adf213121ad2e4fefff6ab4263875b4f761425ace8ea4f5ba04a6",
)
SHORT_BACKOFF: Final = (
    "import runpy; from aiokafka.producer import sender; sender.BACKOFF_OVERRIDE = 0.002; "
    f"runpy.run_module('{SERVICES['decider'].package}', run_name='__main__')"
)
"""The decider with a shorter wait of the client between two transactions."""


def events(seconds: int = SECONDS) -> Records:
    """Requests for cases that nobody knows: each leads to one decision."""
    return [_rejected(number) for number in range(RATE * seconds)]


async def floor(stage: Stage, source: str, target: str) -> list[float]:
    """Published to readable on one topic, with no program between; seconds, sorted."""
    return await measure.latencies(stage.kafka, (source, source), events(), RATE)


async def bare_loop(stage: Stage, source: str, target: str) -> list[float]:
    """Through the bare transactional loop; seconds, sorted."""
    command = [sys.executable, "-m", "tests.benchmarks.bare_loop"]
    return await _through(stage, command, source, target)


async def streams(stage: Stage, source: str, target: str) -> list[float] | None:
    """Through Kafka Streams; seconds, sorted. None where no Java compiler is at hand."""
    java = shutil.which("java")
    if java is None or shutil.which("javac") is None:
        return None
    jars = ":".join(str(jar) for jar in (*kafka_jars(), fetched(*STREAMS)))
    program = Path(__file__).with_name("StreamsPeer.java")
    return await _through(stage, [java, "-cp", jars, str(program)], source, target, warm=15)


async def decider(stage: Stage, seconds: int = SECONDS, short: bool = False) -> list[float]:
    """Through the decider, with the client's waits as they are or shorter; seconds, sorted."""
    names = tuple(stage.prefix + one.name for one in (topics.CASE_EVENTS, topics.ESCALATION_EVENTS))
    command = ["-c", SHORT_BACKOFF] if short else ["-m", SERVICES["decider"].package]
    async with measure.running([sys.executable, *command], stage.env):
        await asyncio.sleep(6)
        return await measure.latencies(stage.kafka, (names[0], names[1]), events(seconds), RATE)


async def _through(
    stage: Stage, command: Sequence[str], source: str, target: str, warm: float = 4
) -> list[float]:
    env = {
        "BENCH_BROKER": stage.kafka.bootstrap_servers, "BENCH_IN": source, "BENCH_OUT": target,
    }  # fmt: skip
    async with measure.running(list(command), env):
        await asyncio.sleep(warm)
        return await measure.latencies(stage.kafka, (source, target), events(), RATE)


LOOPS: Final[Sequence[tuple[str, int | None, Loop]]] = (
    ("bare loop, offsets inside", 2, bare_loop),
    ("Kafka Streams, exactly once", None, streams),
    ("produce to consume, nothing between", None, floor),
)
"""Name, how many times faster the decider is to be (None: no target), and the loop."""


def _rejected(number: int) -> tuple[str, bytes]:
    event = requested(NOON, f"request-{number}")
    event.subject, event.id, event.time = f"case-{number}", f"bench-{number}", datetime.now(UTC)
    return event.subject, write(event)
