"""No record stops the notifier: whatever it holds, everything else is told.

On a real Postgres, with records mutated from valid ones of every reported and decided type.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.codec import write
from schemas.topics import PARTITIONS, partition_of
from tests.mutations import NOW_MS, Wild, mutated
from tests.notifier.planned import planner_on, take
from tests.projections.consumed import (
    CASES,
    DECISIONS,
    a_day,
    consumed,
    examples,
    placed,
)
from tests.stories import opened, requested

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
DECIDED = tuple(
    Wild(one.key, one.value, timestamp=NOW_MS) for one in examples(NOW_MS) if one.topic == DECISIONS
)
REPORTED = tuple(
    Wild(one.key, one.value, timestamp=NOW_MS) for one in examples(NOW_MS) if one.topic == CASES
)
SOUND = a_day(40, NOW)
"""What stands around the record, and must all be told."""
TABLES = ("message", "person", "asked", "words", "case_file", "escalation", "miss_window")
wild = st.one_of(
    st.tuples(mutated(), st.just(CASES)),
    st.tuples(mutated(REPORTED), st.just(CASES)),
    st.tuples(mutated(DECIDED), st.just(DECISIONS)),
)
numbers = st.sampled_from(sorted({one.partition for one in SOUND}))


def _drawn(most: int) -> list[tuple[Wild, str, int]]:
    """What hypothesis draws; asked for here, so that one loop and one database serve all."""
    found: list[tuple[Wild, str, int]] = []

    @settings(
        max_examples=most, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(wild, numbers)
    def draw(one: tuple[Wild, str], number: int) -> None:
        found.append((*one, number))

    draw()
    return found


async def test_whatever_a_record_holds_everybody_else_is_told(database: str) -> None:
    await _are_survived(database, 100)


@pytest.mark.long
async def test_many_more_records_of_every_kind(database: str) -> None:
    await _are_survived(database, 1_500)


async def _are_survived(dsn: str, most: int) -> None:
    wanted = await _planned_from(dsn, SOUND)
    assert len(wanted) > 10
    async with planner_on(dsn) as (planner, letters):
        for record, topic, number in _drawn(most):
            await _emptied(planner.pool)
            letters.found.clear()
            strange = consumed(
                topic, (number, 0), record.key, record.value, record.timestamp, record.headers
            )
            around = _around(strange, topic, number)
            await take(planner, around)
            ids = {row["message_id"] for row in await _messages(planner.pool)}
            assert wanted <= ids, record
            place = next(one for one in around if one.value == record.value and one.topic == topic)
            assert set(letters.found) <= {(topic, number, place.offset)}


def _around(strange: Any, topic: str, number: int) -> list[Any]:
    """The sound records with a strange one in their middle, on a partition that they use."""
    own = [one for one in SOUND if one.topic == topic and one.partition == number]
    others = [one for one in SOUND if one not in own]
    middle = len(own) // 2
    return list(placed([*own[:middle], strange, *own[middle:], *others]))


async def _planned_from(dsn: str, records: list[Any]) -> set[Any]:
    async with planner_on(dsn) as (planner, letters):
        await _emptied(planner.pool)
        await take(planner, placed(records))
        assert letters.found == {}
        return {row["message_id"] for row in await _messages(planner.pool)}


async def _messages(pool: Any) -> list[Any]:
    """Gathered misses depend on what else was missed; all others have an id of their own."""
    rows: list[Any] = await pool.fetch(
        "SELECT message_id FROM notifier.message WHERE template <> 'deadline-missed'"
    )
    return rows


async def _emptied(pool: Any) -> None:
    await pool.execute("TRUNCATE " + ", ".join(f"notifier.{name}" for name in TABLES) + " CASCADE")


# --- one record that Postgres refuses -----------------------------------------------------------


async def test_what_postgres_refuses_is_set_aside_alone(database: str) -> None:
    """A trigger stands for whatever nobody has thought of yet."""
    told = [opened(), requested(NOW)]
    async with planner_on(database) as (planner, letters):
        await _emptied(planner.pool)
        await planner.pool.execute(REFUSING)
        try:
            await take(planner, _consumed(told))
        finally:
            await planner.pool.execute("DROP TRIGGER refuses ON notifier.asked")
        (found,) = letters.found.values()
        assert found[0] == "processing-failed" and "RaiseError" in found[1]
        assert "refused for a test" not in found[1]
        kept = await planner.pool.fetchval("SELECT count(*) FROM notifier.case_file")
        assert kept == 1


REFUSING = """
CREATE OR REPLACE FUNCTION notifier.refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'refused for a test'; END $$;
CREATE TRIGGER refuses BEFORE INSERT ON notifier.asked
    FOR EACH ROW EXECUTE FUNCTION notifier.refuse();
"""


def _consumed(told: list[Any]) -> list[Any]:
    return [
        consumed(CASES, (partition_of(one.key, PARTITIONS), number), one.key, write(one), NOW_MS)
        for number, one in enumerate(told)
    ]


async def test_missing_tables_are_no_records_fault(database: str) -> None:
    async with planner_on(database) as (planner, letters):
        await planner.pool.execute("ALTER TABLE notifier.asked RENAME TO asked_gone")
        try:
            with pytest.raises(asyncpg.UndefinedTableError):
                await take(planner, placed(SOUND))
        finally:
            await planner.pool.execute("ALTER TABLE notifier.asked_gone RENAME TO asked")
        assert letters.found == {}
