"""Reported text lives as long as in the case topic; then it is gone, and readers see that."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from infra.runtime.settings import PostgresSettings
from schemas.topics import CASE_EVENTS, PARTITIONS, partition_of
from services.projections.projector.expiry import KEEP, expire
from tests.projections.consumed import CASES, Consumed, a_day, consumed, decisions_on, placed
from tests.projections.filling import connected, fill

NOW = datetime.now(UTC)
OLD = NOW - KEEP - timedelta(days=1)


def told(name: str, at: datetime, event_id: str, **data: object) -> Consumed:
    event = {
        "specversion": "1.0", "id": event_id, "source": "/crm", "subject": "CASE-OLD",
        "type": f"support.case.{name}.v1", "time": at.isoformat(), "data": data,
    }  # fmt: skip
    value = json.dumps(event).encode()
    number = partition_of(b"CASE-OLD", PARTITIONS)
    return consumed(CASES, (number, 0), b"CASE-OLD", value, int(at.timestamp() * 1000))


HISTORY = [
    told("opened", OLD, "old-1", account_id="north", severity="S2", tier="gold",
         title="Printer of Ann Archer", opened_by={"id": "ann", "name": "Ann Archer"}),
    told("comment-added", OLD, "old-2", comment_id="c-1", author={"id": "ann"},
         author_role="customer", body="Call me at +44 20 7946 0000"),
    told("severity-changed", NOW, "new-1", severity="S1", by={"id": "bo", "name": "Bo Baker"}),
]  # fmt: skip


async def test_what_is_older_than_the_case_topic_keeps_is_forgotten(database: str) -> None:
    recent = a_day(30, NOW)
    await fill(database, recent)
    await fill(database, placed(HISTORY, recent))
    async with connected(database) as owner:
        decided = await owner.fetchval("SELECT count(*) FROM review.case_events WHERE decided")
    gone = await expire(PostgresSettings(dsn=database), KEEP)
    assert gone == 4, "two events, one title, one name"
    assert await expire(PostgresSettings(dsn=database), KEEP) == 0
    async with connected(database) as owner:
        every = "SELECT string_agg(e::text, ' ') FROM projections.{} AS e"
        for table in ("events", "cases", "people"):
            text = await owner.fetchval(every.format(table))
            assert "Ann Archer" not in text and "+44 20 7946 0000" not in text
        case = await owner.fetchrow("SELECT * FROM review.cases WHERE case_id = 'CASE-OLD'")
        assert (case["title"], case["text_expired"], case["severity"]) == (None, True, "S1")
        events = await owner.fetch(
            "SELECT name, text_expired, data FROM review.case_events WHERE case_id = 'CASE-OLD' "
            "ORDER BY kafka_offset"
        )
        assert [(row["name"], row["text_expired"]) for row in events] == [
            ("opened", True), ("comment-added", True), ("severity-changed", False),
        ]  # fmt: skip
        names = await owner.fetch("SELECT name FROM review.people WHERE person_id IN ('ann', 'bo')")
        assert [row["name"] for row in names] == ["Bo Baker"]
        kept = await owner.fetchval(
            "SELECT count(*) FROM review.case_events WHERE decided AND data IS NOT NULL"
        )
        assert kept == decided > 0, "decisions are kept for ever"


async def test_whose_turn_it_is_is_not_known_once_the_comments_are_gone(database: str) -> None:
    asked = told(
        "escalation-requested", NOW, "new-2", request_id="r-1", reason="management-request",
        comments="It is urgent", requested_by={"id": "ann"},
    )  # fmt: skip
    reported = placed([*HISTORY, asked])
    await fill(database, [*reported, *decisions_on(reported)])
    shown = "SELECT turn, text_expired FROM review.escalation_status WHERE case_id = 'CASE-OLD'"
    async with connected(database) as owner:
        assert tuple(await owner.fetchrow(shown)) == ("agent", False)
        await expire(PostgresSettings(dsn=database), KEEP)
        assert tuple(await owner.fetchrow(shown)) == (None, True)


def test_text_is_kept_as_long_as_the_case_topic_keeps_it() -> None:
    assert timedelta(milliseconds=int(CASE_EVENTS.configs["retention.ms"])) == KEEP
