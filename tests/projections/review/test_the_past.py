"""A review of a past moment says the same whenever it is asked, and what was true then."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from infra.workbench.demo_day import day
from schemas import topics
from schemas.vocabulary import parse_instant
from schemas.zones import zone
from tests.projections.consumed import CASES, Consumed, consumed, decisions_on
from tests.projections.filling import fill
from tests.projections.review.asking import ask
from tests.projections.review.histories import first

ENDS = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOMENTS = [ENDS - hours * HOUR for hours in (90, 50, 30, 12, 3)]
OPEN = {"accepted": "escalated", "approval-requested": "awaiting-approval",
        "acknowledged": "acknowledged", "de-escalated": "monitored", "monitoring-held": "monitored",
        "monitoring-ended": None, "voided": None, "declined": None}  # fmt: skip


def late_history(seed: int, cases: int) -> list[Consumed]:
    """A day whose events are recorded late now and then; of some an hour, of some two days."""
    random = Random(seed)
    told = []
    for subject, value in day(seed, cases, ENDS):
        event = json.loads(value)
        delay = random.choice((0, 0, 0, 0.1, 1, 48))
        told.append((parse_instant(event["time"]) + delay * HOUR, subject, value))
    told.sort(key=lambda one: one[0])
    at: Counter[int] = Counter()
    found = []
    for stamped, subject, value in told:
        number = topics.partition_of(subject.encode(), topics.PARTITIONS)
        stamp = int(stamped.timestamp() * 1000)
        found.append(consumed(CASES, (number, at[number]), subject.encode(), value, stamp))
        at[number] += 1
    return [*found, *decisions_on(found)]


def expected(every: list[Consumed], moment: datetime) -> dict[str, tuple[str, str]]:
    """Status and severity of each open escalation as of a moment, folded by hand."""
    stamp = int(moment.timestamp() * 1000)
    status: dict[str, str | None] = {}
    subjects: dict[str, str] = {}
    severity: dict[str, str] = {}
    for one in first(every, stamp):
        event = json.loads(one.value)
        if parse_instant(event["time"]) > moment:
            continue
        _, kind, name, _ = event["type"].split(".")
        data = event["data"]
        if kind == "case" and name in ("opened", "severity-changed"):
            known = severity.get(event["subject"])
            if name == "severity-changed" or known is None:
                severity[event["subject"]] = data["severity"]
        if kind == "escalation" and name in OPEN and data.get("escalation_id"):
            status[data["escalation_id"]] = OPEN[name]
            subjects[data["escalation_id"]] = event["subject"]
    return {
        subjects[id_]: (now, severity[subjects[id_]])
        for id_, now in status.items()
        if now is not None
    }


async def told(dsn: str, moment: datetime, *more: str) -> dict[str, Any]:
    answer = await ask(dsn, "review", "--as-of", moment.isoformat(), "--json", *more)
    assert answer.exit_code == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    found.pop("data_as_of")
    return found


@pytest.mark.parametrize("seed", [3, 4])
async def test_a_past_moment_is_told_alike_while_history_grows(database: str, seed: int) -> None:
    every = late_history(seed, 200)
    before: dict[datetime, dict[str, Any]] = {}
    applied: set[tuple[str, int, int]] = set()
    for now in (*MOMENTS, ENDS + 72 * HOUR):
        grown = first(every, int(now.timestamp() * 1000))
        fresh = [one for one in grown if (one.topic, one.partition, one.offset) not in applied]
        applied |= {(one.topic, one.partition, one.offset) for one in fresh}
        await fill(database, fresh)
        for moment in (one for one in MOMENTS if one <= now):
            found = await told(database, moment)
            assert found == before.setdefault(moment, found), f"{moment}, asked at {now}"
    for moment in MOMENTS:
        rows = {row["case_id"]: (row["status"], row["severity"]) for row in before[moment]["open"]}
        assert rows == expected(every, moment)
    assert sum(len(found["open"]) for found in before.values()) > 20
    assert any(found["rejected"]["rows"] for found in before.values())


async def test_an_offset_changes_the_words_and_not_the_moment(database: str) -> None:
    every = late_history(5, 30)
    await fill(database, every)
    at = MOMENTS[2]
    same = {form: await told(database, parse_instant(form)) for form in (
        at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        at.astimezone(_berlin()).isoformat(),
    )}  # fmt: skip
    assert len({json.dumps(found) for found in same.values()}) == 1
    written = at.astimezone(_berlin()).isoformat()
    assert "+01:00" in written
    shown = await ask(database, "review", "--as-of", written)
    assert at.strftime("up to %a %d %b %H:%M UTC") in shown.stdout
    there = await ask(database, "review", "--as-of", written, "--zone", "Europe/Berlin")
    assert at.astimezone(_berlin()).strftime("up to %a %d %b %H:%M CET") in there.stdout


def _berlin() -> Any:
    return zone("Europe/Berlin")


async def test_what_is_missed_later_does_not_change_what_was_overdue(database: str) -> None:
    """The next duty of then stays the next one of then, however often it was missed since."""
    every = late_history(3, 200)
    await fill(database, every)
    for moment in MOMENTS:
        for row in (await told(database, moment))["open"]:
            late = row["next_due_at"] is not None and parse_instant(row["next_due_at"]) < moment
            assert row["overdue"] == (late or row["missed_since"] is not None)
            assert row["missed_since"] is None or parse_instant(row["missed_since"]) <= moment
