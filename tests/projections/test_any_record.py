"""No record stops the projections: whatever it holds, everything else is applied.

On a real Postgres, with records mutated from valid ones of every reported and decided type.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import decided, reported
from services.projections.projector.reading import Read, read
from tests.mutations import NOW_MS, Wild, mutated, valid
from tests.projections.consumed import (
    CASES,
    DECISIONS,
    Consumed,
    a_day,
    consumed,
    examples,
    placed,
)
from tests.projections.filling import applied, connected

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
RARE: dict[str, dict[str, Any]] = {
    "case-linked": {"case_id": "CASE-1", "escalation_id": "e-1", "account_id": "north"},
    "case-unlinked": {"case_id": "CASE-1", "escalation_id": "e-1", "account_id": "north"},
    "monitoring-held": {"case_id": "CASE-1", "escalation_id": "e-1", "owed": ["improvement"],
                        "why": "closed"},
}  # fmt: skip
"""Decisions that neither an example nor the day shows."""


def _rare(name: str, data: dict[str, Any], number: int = 1) -> Wild:
    event = {
        "specversion": "1.0", "id": f"rare-{name}-{number}", "source": "/escalation/decider",
        "type": f"support.escalation.{name}.v1", "subject": "account/north", "data": data,
        "time": "2026-11-25T09:00:00Z", "sourcepartition": "0", "sourceoffset": "7".zfill(20),
    }  # fmt: skip
    return Wild(b"account/north", json.dumps(event).encode(), timestamp=NOW_MS)


def _of_every_decided_type() -> tuple[Wild, ...]:
    shown = [one for one in (*examples(NOW_MS), *a_day(800, NOW, 3)) if one.topic == DECISIONS]
    first: dict[str, Wild] = {}
    for one in shown:
        first.setdefault(type_of(one.value), Wild(one.key, one.value, timestamp=NOW_MS))
    return (*first.values(), *(_rare(name, data) for name, data in RARE.items()))


def type_of(value: bytes) -> str:
    return str(json.loads(value)["type"])


DECIDED = _of_every_decided_type()
REPORTED = tuple(
    Wild(one.key, one.value, timestamp=NOW_MS) for one in examples(NOW_MS) if one.topic == CASES
)
SOUND = a_day(8, NOW)
"""What stands around the record, and must all be applied."""


def _between(wild: Wild, topic: str, number: int) -> list[Consumed]:
    """The sound records with a wild one in their middle, on a partition that they use."""
    strange = consumed(topic, (number, 0), wild.key, wild.value, wild.timestamp, wild.headers)
    before = [one for one in SOUND if one.topic == topic and one.partition == number]
    middle = len(before) // 2
    others = [one for one in SOUND if one not in before]
    return placed([*before[:middle], strange, *before[middle:], *others])


wild = st.one_of(
    st.tuples(mutated(), st.just(CASES)),
    st.tuples(mutated(REPORTED), st.just(CASES)),
    st.tuples(mutated(DECIDED), st.just(DECISIONS)),
)
numbers = st.sampled_from(sorted({one.partition for one in SOUND}))


def test_what_is_mutated_is_valid_and_of_every_type() -> None:
    assert {type_of(one.value or b"") for one in DECIDED} == set(decided.BY_TYPE)
    assert {type_of(one.value or b"") for one in (*valid(), *REPORTED)} >= set(reported.BY_TYPE)
    for one in DECIDED:
        whole = consumed(DECISIONS, (0, 0), one.key, one.value, one.timestamp, one.headers)
        assert isinstance(read(whole, DECISIONS), Read), one


async def test_whatever_a_record_holds_everything_else_is_applied(database: str) -> None:
    for example in _drawn(100):
        record, topic, number = example
        await _is_survived(database, record, topic, number)


@pytest.mark.long
async def test_many_more_records_of_every_kind(database: str) -> None:
    for example in _drawn(1_500):
        await _is_survived(database, *example)


def _drawn(examples_: int) -> list[tuple[Wild, str, int]]:
    """What hypothesis draws; asked for here, so that one loop and one database serve all."""
    found: list[tuple[Wild, str, int]] = []

    @settings(
        max_examples=examples_, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(wild, numbers)
    def draw(one: tuple[Wild, str], number: int) -> None:
        found.append((*one, number))

    draw()
    return found


EMPTY = """
    TRUNCATE projections.events, projections.offsets, projections.cases, projections.people,
        projections.escalations, projections.rights, projections.rejections
"""
VIEWS = """
    SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.views
    WHERE table_schema IN ('review', 'analytics')
"""


async def every_view_reads(dsn: str) -> None:
    """No row makes a view fail for everybody."""
    async with connected(dsn) as reader:
        for row in await reader.fetch(VIEWS):
            await reader.fetch(f"SELECT * FROM {row['name']}")


@pytest.mark.parametrize("instant", [0, 1_700_000_000.5, "1700000000", "2026-01-01 00:00Z"])
@pytest.mark.parametrize("name", ["deadline-missed", "update-given"])
async def test_an_instant_in_another_form_breaks_no_view(
    database: str, name: str, instant: object
) -> None:
    sound = [one for one in SOUND if one.topic == CASES]
    missed = {"duty": "next-update", "due_at": instant, "level": "support", "duties": [],
              "escalation_id": "e-1", "case_id": "CASE-1"}  # fmt: skip
    done = {"audience": "customer", "escalation_id": "e-1", "case_id": "CASE-1", "fulfilled": [
        {"duty": "next-update", "due_at": instant, "at": instant, "kept": True}]}  # fmt: skip
    one = _rare(name, missed if name == "deadline-missed" else done, 2)
    first = _rare("deadline-missed", missed | {"due_at": "2026-01-01T00:00:00Z"})
    forged = [consumed(DECISIONS, (0, 0), each.key, each.value, NOW_MS) for each in (first, one)]
    await applied(database, placed([*sound, *forged]))
    await every_view_reads(database)


async def _is_survived(dsn: str, record: Wild, topic: str, number: int) -> None:
    records = _between(record, topic, number)
    async with connected(dsn) as owner:
        await owner.execute(EMPTY)
    letters = await applied(dsn, records)
    strange = next(one for one in records if one.value == record.value and one.topic == topic)
    assert letters.places <= {(strange.topic, strange.partition, strange.offset)}
    async with connected(dsn) as owner:
        events = await owner.fetch(
            "SELECT topic, kafka_partition, kafka_offset FROM projections.events"
        )
        offsets = await owner.fetch("SELECT * FROM projections.offsets")
    there = {tuple(row) for row in events}
    wanted = {(one.topic, one.partition, one.offset) for one in records if one is not strange}
    assert wanted <= there, record
    if topic == DECISIONS:
        await every_view_reads(dsn)
    ends = {(one.topic, one.partition): one.offset + 1 for one in records}
    assert {(row["topic"], row["partition"]): row["next_offset"] for row in offsets} == ends
