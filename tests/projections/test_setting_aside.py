"""What is readable and cannot be applied is set aside alone; what is nobody's record is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import asyncpg
import pytest
from aiokafka import TopicPartition

from services.projections.projector.applying import Applier, is_of_a_record
from services.projections.projector.batches import LostOwnership, Projector, ReadBatch
from services.projections.projector.schema import TABLES_MISSING
from tests.benchmarks.peers import shipped_policies
from tests.projections.consumed import CASES, DECISIONS, Consumed, a_day, consumed, placed
from tests.projections.filling import Letters, applied, batches, connected

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
SOUND = a_day(40, NOW)
POISONED = "event-that-postgres-refuses"
REFUSE = f"ALTER TABLE projections.events ADD CHECK (event_id <> '{POISONED}')"


def severity(case: Consumed, event_id: str, to: str) -> Consumed:
    """A change of severity of the case that a record is about."""
    event = {
        "specversion": "1.0", "id": event_id, "source": "/tests", "time": "2026-11-25T08:00:00Z",
        "type": "support.case.severity-changed.v1", "subject": case.key.decode(),
        "data": {"severity": to},
    }  # fmt: skip
    value = json.dumps(event).encode()
    return consumed(CASES, (case.partition, 0), case.key, value, NOW_MS)


async def test_a_record_that_postgres_refuses_is_alone_set_aside_and_leaves_its_case(
    database: str,
) -> None:
    await applied(database, SOUND)
    case = next(one for one in SOUND if one.topic == CASES and b".opened.v1" in one.value)
    others = [
        severity(one, f"sound-{n}", "S2") for n, one in enumerate(SOUND) if one.topic == CASES
    ]
    middle = len(others) // 2
    poisoned = severity(case, POISONED, "S1")
    more = placed([*others[:middle], poisoned, *others[middle:]], SOUND)
    async with connected(database) as owner:
        await owner.execute(REFUSE)
    letters = await applied(database, more)
    assert [one.reason for one in letters.found] == ["processing-failed"]
    assert [one.record.value for one in letters.found] == [poisoned.value]
    assert "CheckViolationError" in letters.found[0].text and POISONED not in letters.found[0].text
    async with connected(database) as owner:
        there = await owner.fetchval("SELECT count(*) FROM projections.events")
        severities = await owner.fetch("SELECT DISTINCT severity FROM review.cases WHERE severity "
                                       "IS NOT NULL AND case_id = ANY($1)",
                                       [one.key.decode() for one in others])  # fmt: skip
        offsets = await owner.fetch("SELECT * FROM projections.offsets WHERE topic = $1", CASES)
    assert there == len(SOUND) + len(others)
    assert [row["severity"] for row in severities] == ["S2"]
    ends = {one.partition: one.offset + 1 for one in (*SOUND, *more) if one.topic == CASES}
    assert {row["partition"]: row["next_offset"] for row in offsets} == ends


async def test_foreign_bytes_on_the_escalation_topic_are_set_aside_with_their_reason(
    database: str,
) -> None:
    foreign = [
        consumed(DECISIONS, (0, 0), b"x", value, NOW_MS)
        for value in (b"\xff\x00", None, b"[]", b'{"specversion": "1.0"}')
    ]
    letters = await applied(database, placed([*foreign, *SOUND]))
    assert len(letters.found) == len(foreign)
    assert {one.reason for one in letters.found} == {"not-json", "not-an-envelope"}
    async with connected(database) as owner:
        assert await owner.fetchval("SELECT count(*) FROM projections.events") == len(SOUND)


async def test_a_repeated_event_is_kept_once_and_no_error_for_postgres(database: str) -> None:
    reported = [one for one in SOUND if one.topic == CASES]
    await applied(database, reported)
    again = placed([*reported, *reported], reported)
    async with connected(database) as owner:
        # Without an index nothing in Postgres could refuse a repeat: so it must be looked for.
        await owner.execute("ALTER TABLE projections.events DROP CONSTRAINT events_pkey")
    await applied(database, again)
    async with connected(database) as owner:
        assert await owner.fetchval("SELECT count(*) FROM projections.events") == len(reported)


async def test_tables_that_are_missing_are_nobody_s_record(database: str) -> None:
    async with connected(database) as owner:
        await owner.execute("DROP SCHEMA projections CASCADE")
    found, unusable = batches(SOUND)
    letters = Letters()
    async with connected(database) as connection:
        projector = Projector(connection, DECISIONS, shipped_policies())
        with pytest.raises(TABLES_MISSING):
            await Applier(projector, letters.put).apply(found, unusable)
    assert letters.found == []


async def test_who_read_from_a_place_that_postgres_never_reached_reads_the_offsets(
    database: str,
) -> None:
    found, _ = batches(SOUND)
    place, batch = next(iter(found.items()))
    async with connected(database) as connection:
        projector = Projector(connection, DECISIONS, shipped_policies())
        with pytest.raises(LostOwnership):
            await projector.apply({place: ReadBatch(batch.ends, batch.ends + 1)})
        await projector.apply({TopicPartition(*place): batch})


OF_A_RECORD = (
    ValueError("x"), RecursionError(), UnicodeEncodeError("utf-8", "", 0, 1, ""), KeyError("x"),
    asyncpg.DataError("x"), asyncpg.exceptions._base.DataError("x"),
    asyncpg.CheckViolationError("x"), asyncpg.ProgramLimitExceededError("x"),
)  # fmt: skip
OF_NOBODY = (
    OSError(), TimeoutError(), MemoryError(), LostOwnership("x"), asyncpg.InterfaceError("x"),
    asyncpg.ConnectionDoesNotExistError("x"), asyncpg.DiskFullError("x"),
    asyncpg.InsufficientPrivilegeError("x"), asyncpg.UndefinedTableError("x"),
    asyncpg.ReadOnlySQLTransactionError("x"), asyncpg.DeadlockDetectedError("x"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("error", "is_a_records"),
    [*((one, True) for one in OF_A_RECORD), *((one, False) for one in OF_NOBODY)],
    ids=repr,
)
def test_only_what_a_record_holds_counts_against_it(error: Exception, is_a_records: bool) -> None:
    assert is_of_a_record(error) is is_a_records


@pytest.mark.parametrize("stamp", [10**20, -(10**18), 2**63 - 1, 253_402_300_800_000])
async def test_a_timestamp_that_is_no_instant_is_set_aside(database: str, stamp: int) -> None:
    one = SOUND[0]
    odd = consumed(CASES, (one.partition, 0), one.key, one.value, stamp)
    letters = await applied(database, placed([odd, *SOUND[1:]]))
    assert [(found.reason, found.record.timestamp) for found in letters.found] == [
        ("processing-failed", stamp)
    ]
    async with connected(database) as owner:
        assert await owner.fetchval("SELECT count(*) FROM projections.events") == len(SOUND) - 1
