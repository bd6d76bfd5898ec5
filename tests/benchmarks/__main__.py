"""``make bench``: print a table and write ``bench.json``.

BENCH_EVENTS=300000 python -m tests.benchmarks
    [throughput latency backoff projections visibility memory deadlines restore
     rebalance board]
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from aiokafka.admin import NewTopic
from rich.console import Console
from rich.table import Table

from infra.runtime.kafka import make_admin
from infra.runtime.registry import SERVICES
from infra.runtime.settings import KafkaSettings
from infra.runtime.topic_admin import apply_topics
from infra.workbench.demo_day import day
from infra.workbench.migrating import migrate_all
from infra.workbench.up import VENDOR_TOPICS, discard
from infra.workbench.workbench import Endpoints, Workbench
from schemas import topics
from services.escalation.decider.batch import Incoming
from services.escalation.decider.partition import Partition
from tests.benchmarks import catching_up, measure, memory, rebalancing, restoring, review_page
from tests.benchmarks import deadlines as at_scale
from tests.benchmarks import latency as latency_of
from tests.benchmarks import visibility as rows_of
from tests.benchmarks.peers import shipped_policies

EVENTS = int(os.environ.get("BENCH_EVENTS", "300000"))
PEER_EVENTS = {"faust": EVENTS // 15, "quix": EVENTS // 3}
RESTORED = int(os.environ.get("BENCH_RESTORED", "1000000"))
PENDING = int(os.environ.get("BENCH_PENDING", "100000"))
Records = list[tuple[str, bytes]]


@dataclass
class Result:
    """One line: ``ratio`` above 1 means that we are ahead of ``beside``."""

    name: str
    value: float
    unit: str
    beside: str = ""
    ratio: float | None = None


class Bench:
    def __init__(self, endpoints: Endpoints) -> None:
        self.endpoints = endpoints
        self.kafka = KafkaSettings(bootstrap_servers=endpoints.kafka)
        self.results: list[Result] = []
        self.pairs = 0

    def add(self, result: Result) -> None:
        self.results.append(result)
        print(result, file=sys.stderr, flush=True)

    async def world(self, prefix: str) -> KafkaSettings:
        kafka = self.kafka.model_copy(update={"topic_prefix": prefix})
        await apply_topics(kafka, (*topics.TOPICS, *VENDOR_TOPICS))
        return kafka

    async def topic(self, name: str) -> str:
        admin = make_admin(self.kafka)
        await admin.start()
        await admin.create_topics([NewTopic(name, measure.PARTITIONS, 1)])
        await admin.close()
        return name

    def environment(self, prefix: str) -> dict[str, str]:
        return self.endpoints.environment() | {"ESCALATION_KAFKA__TOPIC_PREFIX": prefix}

    # --- throughput ------------------------------------------------------------------------

    async def throughput(self) -> None:
        """Full decisions beside a Faust agent with a table and Quix Streams exactly once."""
        records = list(day(1, EVENTS // 5, datetime.now(UTC)))[:EVENTS]
        ours, memory = await self._decider(records)
        self.add(
            Result("decider, full decisions", ours, "events/s", "target 25,000", ours / 25_000)
        )
        self.add(Result("decider, resident memory", memory, "MB"))
        for peer, wanted in (("faust", 10), ("quix", 1)):
            some = records[: PEER_EVENTS[peer]]
            theirs = await self._peer(peer, some)
            name = {"faust": "Faust agent with table", "quix": "Quix Streams exactly-once"}[peer]
            if theirs:
                self.add(
                    Result(name, theirs, "events/s", f"decider, target {wanted} x", ours / theirs)
                )

    async def _decider(self, records: Records) -> tuple[float, float]:
        kafka = await self.world("ours.")
        await measure.load(kafka, "ours." + topics.CASE_EVENTS.name, records)
        command = [sys.executable, "-m", SERVICES["decider"].package]
        target = "ours." + topics.ESCALATION_EVENTS.name
        async with (
            measure.reader(self.kafka, target) as consumer,
            measure.running(command, self.environment("ours.")) as process,
        ):
            seen = await measure.count(consumer, decisions_of(records), 120)
            memory = process.memory_info().rss / 1e6
        return seen.rate(len(records)), memory

    async def _peer(self, peer: str, records: Records) -> float:
        source, target = await self.topic(f"bench.{peer}.in"), await self.topic(f"bench.{peer}.out")
        await measure.load(self.kafka, source, records)
        env = {
            "BENCH_BROKER": self.kafka.bootstrap_servers,
            "BENCH_IN": source,
            "BENCH_OUT": target,
        }
        async with (
            measure.reader(self.kafka, target) as consumer,
            measure.running(_peer_command(peer), env),
        ):
            seen = await measure.count(consumer, decisions_of(records), 120)
        return seen.rate(len(records)) if seen.number > 1 else 0.0

    # --- latency ---------------------------------------------------------------------------

    async def latency(self) -> None:
        """Published to readable at 1,000 events/s, beside three other loops in the same run."""
        for name, times, loop in latency_of.LOOPS:
            short = loop.__name__
            source, target = [await self.topic(f"bench.{short}.{end}") for end in ("in", "out")]
            found = await loop(await self._stage(f"{short}."), source, target)
            if found is None:
                print(f"left out: {name} (no java and javac at hand)", file=sys.stderr)
            else:
                await self._beside(name, times, found)

    async def _beside(self, name: str, times: int | None, theirs: list[float]) -> None:
        """The decider right after the other loop: this machine's load changes by the minute."""
        self.pairs += 1
        ours = await latency_of.decider(await self._stage(f"slow{self.pairs}."))
        for share, label in ((0.5, "p50"), (0.99, "p99")):
            at, their = measure.quantile(ours, share), measure.quantile(theirs, share)
            beside = f"{name}: {their * 1000:.0f} ms"
            target = "" if times is None else f", target {times} x"
            ratio = their / at / (times or 1)
            self.add(
                Result(f"request to decision {label}", at * 1000, "ms", beside + target, ratio)
            )

    async def backoff(self) -> None:
        """Five pairs: the client's wait between two transactions as it is, and at 2 ms."""
        for number in range(5):
            medians = []
            for short in (False, True):
                stage = await self._stage(f"wait{number}{short}.")
                found = await latency_of.decider(stage, 8, short)
                medians.append(measure.quantile(found, 0.5) * 1000)
            beside = f"as it is {medians[0]:.1f} ms, target 4/3 x"
            ratio = medians[0] / medians[1] / (4 / 3)
            self.add(Result("request to decision p50, short wait", medians[1], "ms", beside, ratio))

    # --- deadlines -------------------------------------------------------------------------

    async def deadlines(self) -> None:
        """Lateness with very many pending, and with very many due in the same second."""
        found = await at_scale.many_pending(await self._stage("pending."), PENDING)
        name = f"missed duty of {PENDING:,} pending, lateness"
        self.add(Result(f"{name} p50", found["p50"], "s"))
        self.add(Result(f"{name} p99", found["p99"], "s", "target 1 s", 1 / found["p99"]))
        self.add(Result("decider with them pending", found["throughput"], "events/s"))
        self.add(Result("quiet before the first of them was due", found["left"], "s"))
        for what in ("lost", "repeated"):
            self.add(Result(f"{what} by a kill -9 among them", found[what], "duties"))
        last = await at_scale.same_second(await self._stage("same."), 10_001)
        self.add(Result("10,001 due in the same second, the last", last, "s"))

    async def _stage(self, prefix: str) -> at_scale.Stage:
        await self.world(prefix)
        return at_scale.Stage(self.kafka, prefix, self.environment(prefix))

    # --- projections -----------------------------------------------------------------------

    async def projections(self) -> None:
        """Catch-up of both topics beside COPY of the same rows: one process, then two."""
        for processes in (1, 2):
            dsn = await self._database(f"bench{processes}")
            rate = await self._catch_up(dsn, processes)
            copied = await catching_up.bare_copy(dsn)
            name = (
                f"projection catch-up, {processes} {'process' if processes == 1 else 'processes'}"
            )
            beside = f"0.3 x bare COPY {copied:,.0f}"
            self.add(Result(name, rate, "events/s", beside, rate / copied / 0.3))

    async def _catch_up(self, dsn: str, processes: int) -> float:
        env = self.environment("ours.") | {"ESCALATION_POSTGRES__DSN": dsn}
        command = [sys.executable, "-m", SERVICES["projections"].package]
        async with contextlib.AsyncExitStack() as stack:
            for number in range(processes):
                own = {"ESCALATION_PROJECTIONS__INSTANCE_ID": f"{processes}-{number}"}
                await stack.enter_async_context(measure.running(command, env | own))
            rows, seconds = await catching_up.seconds(dsn)
        return rows / seconds

    async def visibility(self) -> None:
        """From a decision being readable to its row being visible, at 100 cases a second."""
        dsn = await self._database("visibility")
        found = await rows_of.row_after_decision(await self._stage("seen."), dsn, 1_500, 100)
        p50, p99 = measure.quantile(found, 0.5), measure.quantile(found, 0.99)
        self.add(Result("decision to visible row p50", p50 * 1000, "ms"))
        self.add(
            Result("decision to visible row p99", p99 * 1000, "ms", "target 250 ms", 0.25 / p99)
        )

    async def board(self) -> None:
        """The review page with 100,000 escalations and 1,000,000 events behind it."""
        dsn = await self._database("page")
        await review_page.fill(dsn)
        targets = {"board": 100.0, "case of 500 events": 80.0, "board of a past moment": 500.0,
                   "freshness": 5.0, "csv of 2,000 rows": 300.0, "xlsx of 2,000 rows": 1000.0,
                   "first view, gzip bytes": 20_000.0}  # fmt: skip
        for what, value in (await review_page.measured(dsn, self.endpoints.environment())).items():
            target, unit = targets.get(what), "bytes" if "bytes" in what else "ms"
            beside = "" if target is None else f"target {target:,.0f} {unit}"
            name = f"page: {what}" if unit == "bytes" else f"page: {what} p95"
            self.add(Result(name, value, unit, beside, target and target / value))

    async def restore(self) -> None:
        """From the start of a decider until it owns every partition with all these cases."""
        stage = await self._stage("restored.")
        seconds, size = await restoring.seconds_to_own(stage, RESTORED)
        name = f"decider with {RESTORED:,} cases, owned again"
        self.add(Result(name, seconds, "s", "target 15 s", 15 / seconds))
        self.add(Result("its resident memory", size, "MB"))

    async def rebalance(self) -> None:
        """Two deciders under load while a third joins and is killed."""
        gap, missing = await rebalancing.longest_gap(await self._stage("moved."))
        self.add(Result("a third decider joins and leaves: longest without a decision", gap, "s"))
        self.add(Result("decisions missing after it", missing, "decisions"))

    async def memory(self) -> None:
        """What a case of the demo's mix adds to a decider."""
        found = await memory.bytes_a_case(await self._stage("cases."), 60_000)
        self.add(Result("decider, memory a case", found, "bytes", "target 1,024", 1024 / found))

    async def _database(self, name: str) -> str:
        """A migrated database of its own; its address."""
        admin = await asyncpg.connect(self.endpoints.postgres)
        await admin.execute(f"CREATE DATABASE {name}")
        await admin.close()
        dsn = self.endpoints.postgres.rpartition("/")[0] + f"/{name}"
        await migrate_all(dsn)
        return dsn


def decisions_of(records: Records) -> int:
    """How many decisions these records lead to, whatever the partition."""
    partition, now = Partition(0, 1, shipped_policies()), int(time.time() * 1000)
    for offset, (subject, value) in enumerate(records):
        partition.take(Incoming(offset, now, subject.encode(), value))
    return len(partition.flush().decisions)


def _peer_command(peer: str) -> list[str]:
    module = f"tests.benchmarks.{peer}_peer"
    if peer == "faust":
        return [sys.executable, "-m", module]
    uv = shutil.which("uv") or str(Path.home() / ".cache/case-escalation/uv/bin/uv")
    packages = ("quixstreams==3.28.0", "pyyaml", "aiokafka==0.14.0", "tzdata", "holidays")
    with_packages = [part for package in packages for part in ("--with", package)]
    return [uv, "run", "--quiet", "--no-project", *with_packages, "python", "-m", module]


def show(results: list[Result]) -> None:
    table = Table("what", "value", "unit", "beside", "ratio (above 1: ahead)")
    for one in results:
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        table.add_row(one.name, f"{one.value:,.1f}", one.unit, one.beside, ratio)
    Console(width=120).print(table)
    Path("bench.json").write_text(json.dumps([asdict(one) for one in results], indent=2), "utf-8")


async def main() -> None:
    chosen = sys.argv[1:] or [
        "throughput", "latency", "projections", "visibility", "memory", "deadlines", "restore",
        "rebalance", "board",
    ]  # fmt: skip
    data = Path(tempfile.mkdtemp(prefix="case-escalation-bench-"))
    async with Workbench(data) as servers:
        bench = Bench(servers.endpoints)
        for name in chosen:
            await getattr(bench, name)()
    discard(data)
    show(bench.results)


if __name__ == "__main__":
    asyncio.run(main())
