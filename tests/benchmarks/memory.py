"""What an open case costs a decider in memory: what the second half of many adds to the first."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from infra.runtime.registry import SERVICES
from infra.workbench.demo_day import day
from schemas import topics
from tests.benchmarks import measure
from tests.benchmarks.deadlines import Stage

COMMAND = [sys.executable, "-m", SERVICES["decider"].package]


async def bytes_a_case(stage: Stage, cases: int) -> float:
    """Resident bytes that each case of the demo's mix adds, closed ones among them."""
    records = list(day(5, cases, datetime.now(UTC)))
    middle = [one for one in records if int(one[0].rpartition("-")[2]) % 2]
    others = [one for one in records if not int(one[0].rpartition("-")[2]) % 2]
    target = stage.prefix + topics.ESCALATION_EVENTS.name
    async with (
        measure.reader(stage.kafka, target) as consumer,
        measure.running(COMMAND, stage.env) as process,
    ):
        sizes = []
        for half in (middle, others):
            await stage.load(half)
            while (await measure.count(consumer, sys.maxsize, 5)).number:
                pass
            sizes.append(process.memory_info().rss)
    return (sizes[1] - sizes[0]) / (cases / 2)
