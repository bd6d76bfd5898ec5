"""Salesforce's changes reach the case topic: all of them, once in effect, whatever happens."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings

from infra.runtime.kafka import make_producer, topic_name
from infra.workbench.demo_day import salesforce
from infra.workbench.parts import free_port
from schemas import topics
from schemas.codec import Headers
from services.intake.mapping_file import load_mapping
from services.intake.prepare import prepared
from services.intake.record import Parked
from services.intake.salesforce import translate
from tests.intake.changes import created, header
from tests.intake.mutations import records
from tests.journeys.test_foreign_clients import damaged, send_raw
from tests.runtime.test_tolerant_records import Row, written
from tests.world import World, answered, until

MAPPING = load_mapping(None)
CHANGES = [*salesforce(3, 1_500, datetime(2026, 11, 20, tzinfo=UTC)), b"garbage", b"{}"]


async def test_nothing_is_lost_when_it_is_killed_and_everything_means_the_same(
    world: World,
) -> None:
    expected = {
        event.id
        for change in CHANGES
        if not isinstance(found := translate(change, MAPPING), Parked)
        for event in found
    }
    world.start("intake")
    half = len(CHANGES) // 2
    await world.publish_raw(((None, one) for one in CHANGES[:half]), topics.SALESFORCE, ())
    await until(lambda: _some(world, 50))
    world.kill("intake")
    await world.publish_raw(((None, one) for one in CHANGES[half:]), topics.SALESFORCE, ())
    world.start("intake")
    await until(lambda: _all(world, expected), 90)
    letters = await until(lambda: _letters(world), 30)
    assert {dict(one.headers)["__connect.errors.exception.class.name"] for one in letters} == {
        b"gap-event", b"not-json", b"not-an-envelope",
    }  # fmt: skip
    assert world.stop("intake") < 10


async def _some(world: World, number: int) -> bool:
    return len(await world.records(topics.CASE_EVENTS.name)) >= number


async def _all(world: World, expected: set[str]) -> bool:
    records = await world.records(topics.CASE_EVENTS.name)
    return {json.loads(one.value)["id"] for one in records} == expected


async def _letters(world: World, number: int = 3) -> list[Any]:
    letters = await world.records(topics.dead_letters("intake").name)
    return letters if len(letters) >= number else []


# --- any record ----------------------------------------------------------------------------

SENTINEL = [
    created() | {"ChangeEventHeader": header(recordIds=["500LAST"], transactionKey="last-1")},
    created("CaseComment", ParentId="500LAST")
    | {"ChangeEventHeader": header("CaseComment", recordIds=["00aLAST"], transactionKey="last-2")},
]
"""A case of a policy in which the phrase in a comment is a request, and that comment."""
KEYS = (None, b"", b"500X", b"\xff\x00", b"k" * 1_000, b"k" * 100_000)
HEADERS: tuple[Headers, ...] = (
    (), (("content-type", b"application/json"),), (("", b""), ("a", None)),
    (("x" * 500, b"\xff" * 5_000), ("ce_id", b"1\x00")), (("\u20ac", b"\x00"),),
)  # fmt: skip
TIMESTAMPS = (None, 0, 1, 1_795_507_201_000)


def _mutated(number: int) -> list[bytes | None]:
    """The same ones each time."""
    collected: list[bytes | None] = [None, b"", b"x" * 300_000, b"\xff" * 900_000]

    @settings(max_examples=number, derandomize=True, database=None, deadline=None)
    @given(records())
    def collect(value: bytes) -> None:
        collected.append(value)

    collect()
    return collected


async def test_no_record_of_the_vendors_topic_stops_it(world: World) -> None:
    values = _mutated(150)
    outcomes = [prepared(value, MAPPING) for value in values]
    is_damaged = await _unreadable_bytes(world)
    port = free_port()
    world.more["ESCALATION_HEALTH__PORT"] = str(port)
    world.start("intake")
    del world.more["ESCALATION_HEALTH__PORT"]
    world.start("decider")
    await _publish_oddly(world, values)
    await world.publish_raw(
        ((b"500LAST", json.dumps(one).encode()) for one in SENTINEL), topics.SALESFORCE, ()
    )
    await until(lambda: _accepted(world, "500LAST"), 90)

    expected = {one.event.id for found in outcomes if isinstance(found, list) for one in found}
    parked = [(value, found.reason) for value, found in zip(values, outcomes, strict=True)
              if isinstance(found, Parked)]  # fmt: skip
    letters = await until(lambda: _letters(world, len(parked) + 1), 30)
    (other,) = (one for one in letters if _is_of_the_disk(one))
    parked.append((other.value, "not-json" if is_damaged else "not-an-envelope"))
    assert sorted(map(_reason, letters)) == sorted(reason for _, reason in parked)
    assert {one.value for one in letters} == {value for value, _ in parked}
    assert {one.key for one in letters if one is not other} == {*KEYS[:-1], b"tombstone"}

    async def all_is_reported() -> bool:
        return await _ids(world) >= expected and await _accepted(world, "500HEADER")

    await until(all_is_reported, 30)
    _log_says(world.logs / "intake.log", len(letters))
    assert world.processes["intake"].poll() is None
    await _metrics_say(port, Counter(map(_reason, letters)), len(values) + 5)


async def _unreadable_bytes(world: World) -> bool:
    """A case and a comment with a header name that is not UTF-8, and damage on the broker's disk
    where that is in reach."""
    case = created() | {"ChangeEventHeader": header(recordIds=["500HEADER"], transactionKey="h-1")}
    comment = created("CaseComment", ParentId="500HEADER")
    rows: list[Row] = [
        (b"500HEADER", json.dumps(one).encode(), [(b"caf\xe9", b"x")]) for one in (case, comment)
    ]
    assert await send_raw(world, b"500HEADER", written(rows), topics.SALESFORCE) == 0
    await world.publish_raw([(b"damage", b'{"to-be-damaged": 1}')], topics.SALESFORCE, ())
    disk = world.servers.data / "kafka"
    return disk.exists() and bool(damaged(disk, b'"to-be-damaged"'))


def _is_of_the_disk(letter: Any) -> bool:
    return any(mark in (letter.value or b"") for mark in (b"first_offset", b"to-be-damaged"))


async def _publish_oddly(world: World, values: list[bytes | None]) -> None:
    """With every kind of key, headers, timestamp and compression."""
    for number, codec in enumerate((None, "gzip", "snappy", "lz4", "zstd")):
        producer = make_producer(world.kafka, max_request_size=2 << 20, compression_type=codec)
        await producer.start()
        try:
            for n in range(number, len(values), 5):
                key = KEYS[n % len(KEYS)] if values[n] is not None else b"tombstone"
                await producer.send_and_wait(
                    topic_name(world.kafka, topics.SALESFORCE), values[n], key=key,
                    headers=list(HEADERS[n % 7 % len(HEADERS)]),
                    timestamp_ms=TIMESTAMPS[n % len(TIMESTAMPS)],
                )  # fmt: skip
        finally:
            await producer.stop()


def _log_says(file: Path, letters: int) -> None:
    """JSON from its first byte on, with a warning for each dead letter."""
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    told = [line for line in lines if line["event"] == "dead-letter"]
    assert len(told) == letters
    assert all(one["level"] == "warning" and one["reason"] and "offset" in one for one in told)


async def _accepted(world: World, case: str) -> bool:
    return any(
        one["subject"] == case and one["type"] == "support.escalation.accepted.v1"
        for one in await world.decisions()
    )


async def _ids(world: World) -> set[str]:
    return {json.loads(one.value)["id"] for one in await world.records(topics.CASE_EVENTS.name)}


def _reason(letter: Any) -> str:
    return str(dict(letter.headers)["__connect.errors.exception.class.name"].decode())


async def _metrics_say(port: int, reasons: Counter[str], records: int) -> None:
    def holds(text: str, name: str, labels: str) -> float:
        found = re.search(rf"^{name}{re.escape(labels)} (\S+)$", text, re.M)
        return float(found[1]) if found else 0.0

    async def is_quiet() -> bool:
        text = (await answered(port, "/metrics"))[1]
        lags = re.findall(r"^escalation_intake_lag_records\{.*\} (\S+)$", text, re.M)
        return len(lags) == topics.PARTITIONS and not any(map(float, lags))

    await until(is_quiet, 30)
    text = (await answered(port, "/metrics"))[1]
    for reason, number in reasons.items():
        labels = f'{{consumer="intake",reason="{reason}"}}'
        assert holds(text, "escalation_dead_letters_total", labels) == number
    outcomes = ("reported", "ignored", "parked")
    name = "escalation_intake_records_total"
    counted = [holds(text, name, f'{{outcome="{one}"}}') for one in outcomes]
    assert sum(counted) == records and counted[2] == reasons.total()
    assert (await answered(port, "/readyz"))[1] == "yes\n"
