"""``review.daily`` and ``review.sign_offs``: what a day changed for a team, and who signed it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.teams import TeamsProblem, load_teams
from schemas import topics
from schemas.vocabulary import instant_text
from services.projections.projector.team_tables import team_rows, write_teams
from tests.benchmarks.peers import shipped_policies
from tests.projections.consumed import CASES, Consumed, consumed, decisions_on
from tests.projections.filling import connected, fill

TODAY = datetime.now(UTC).date()
MONDAY = TODAY - timedelta(days=TODAY.weekday() + 7)
"""Of last week: every day of it is over."""
TEAMS = """
teams:
  - {id: berlin, name: Berlin, calendar: resolutions-desk, zone: Europe/Berlin,
     sign_off_by: "10:00"}
  - {id: kolkata, name: Kolkata, zone: Asia/Kolkata}
"""
Told = tuple[str, str, datetime, dict[str, Any]]
"""Subject, name, when it happened and was recorded, and the data."""


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(MONDAY + timedelta(days=day), time(hour, minute), UTC)


def opened(case: str, team: str, day: int) -> list[Told]:
    """A case that is opened and escalated at once."""
    known = {"account_id": "a", "severity": "S1", "tier": "gold", "team": team,
             "program": "comment-phrase"}  # fmt: skip
    wanted = {"request_id": f"{case}-r", "requested_by": {"id": "pat"}}
    return [
        (case, "opened", at(day, 6), known),
        (case, "escalation-requested", at(day, 7), wanted),
    ]


def signed(team: str, of: date, when: datetime) -> Told:
    data = {"by": {"id": "mo"}, "review_date": of.isoformat(), "note": "all seen"}
    return f"review/{team}", "review-signed-off", when, data


def records(told: list[Told], recorded: dict[int, datetime] | None = None) -> list[Consumed]:
    """The case topic in this order, then the decisions; ``recorded``: which came late, and when."""
    places: Counter[int] = Counter()
    found = []
    for number, (subject, name, when, data) in enumerate(told):
        event = {
            "specversion": "1.0", "id": str(number), "source": "/crm", "subject": subject,
            "type": f"support.case.{name}.v1", "time": instant_text(when), "data": data,
        }  # fmt: skip
        key = subject.encode()
        partition = topics.partition_of(key, topics.PARTITIONS)
        stamp = int((recorded or {}).get(number, when).timestamp() * 1000)
        place = partition, places[partition]
        found.append(consumed(CASES, place, key, json.dumps(event).encode(), stamp))
        places[partition] += 1
    return [*found, *decisions_on(found)]


async def daily(dsn: str, of: date, team: str | None) -> Counter[tuple[str, str]]:
    async with connected(dsn) as reader:
        rows = await reader.fetch("SELECT * FROM review.daily($1, $2)", of, team)
    return Counter((row["section"], row["case_id"]) for row in rows)


@pytest.fixture
async def of_teams(database: str, tmp_path: Path) -> str:
    file = tmp_path / "teams.yaml"
    file.write_text(TEAMS, "utf-8")
    async with connected(database) as owner:
        await write_teams(owner, load_teams(file), shipped_policies())
    return database


@pytest.mark.rule("003-18")
async def test_each_change_stands_in_one_review_between_two_sign_offs(of_teams: str) -> None:
    by = {"by": {"id": "manager"}}
    told = [
        *opened("one", "berlin", 0), *opened("other", "kolkata", 0),
        signed("berlin", MONDAY, at(0, 8)),
        ("one", "escalation-acknowledged", at(0, 9), by),
        ("one", "level-raised", at(1, 5), {"to": "team-manager", **by}),
        signed("berlin", MONDAY + timedelta(days=1), at(1, 8)),
        ("one", "de-escalated", at(1, 9), by),
        signed("berlin", MONDAY + timedelta(days=2), at(2, 8)),
    ]  # fmt: skip
    await fill(of_teams, records(told))
    days = [await daily(of_teams, MONDAY + timedelta(days=one), "berlin") for one in range(3)]
    assert days[0] == {("new", "one"): 1}
    assert days[1] == {("acknowledged", "one"): 1, ("raised", "one"): 1, ("silent", "one"): 1}
    # First contact was due before that sign-off, and known to be missed only after it.
    assert days[2] == {("de-escalated", "one"): 1, ("missed", "one"): 1}
    assert await daily(of_teams, MONDAY, "kolkata") == {("new", "other"): 1}
    assert await daily(of_teams, MONDAY, None) == {("new", "one"): 1, ("new", "other"): 1}


async def test_what_was_told_after_a_sign_off_stands_in_the_next_review(of_teams: str) -> None:
    told = [
        *opened("one", "berlin", 0),
        signed("berlin", MONDAY, at(0, 8)),
        ("one", "escalation-acknowledged", at(0, 7, 30), {"by": {"id": "manager"}}),
        signed("berlin", MONDAY + timedelta(days=1), at(1, 8)),
    ]
    await fill(of_teams, records(told, recorded={3: at(0, 10)}))
    assert ("acknowledged", "one") not in await daily(of_teams, MONDAY, "berlin")
    assert ("acknowledged", "one") in await daily(of_teams, MONDAY + timedelta(days=1), "berlin")


async def test_without_a_sign_off_the_previous_working_day_counts(of_teams: str) -> None:
    """Friday's changes stand in Monday's review, and the day begins in the team's zone."""
    told = [*opened("one", "kolkata", 4)]
    await fill(of_teams, records(told))
    next_monday = MONDAY + timedelta(days=7)
    assert ("new", "one") in await daily(of_teams, next_monday, "kolkata")
    assert ("new", "one") in await daily(of_teams, MONDAY + timedelta(days=4), "kolkata")
    assert ("new", "one") not in await daily(of_teams, MONDAY + timedelta(days=3), "kolkata")


async def test_a_missing_and_a_late_sign_off_are_seen(of_teams: str) -> None:
    told = [
        *opened("one", "berlin", 0),
        signed("berlin", MONDAY, at(0, 8)),
        signed("berlin", MONDAY + timedelta(days=1), at(1, 12)),
        signed("berlin", MONDAY + timedelta(days=1), at(1, 13)),
    ]
    await fill(of_teams, records(told))
    async with connected(of_teams) as reader:
        rows = await reader.fetch(
            "SELECT * FROM review.sign_offs WHERE team = 'berlin' ORDER BY review_date"
        )
    states = {row["review_date"] - MONDAY: row["state"] for row in rows}
    assert [states[timedelta(days=one)] for one in range(5)] == [
        "signed-off", "late", "missing", "missing", "missing",
    ]  # fmt: skip
    assert timedelta(days=5) not in states, "nobody signs on a Saturday"
    assert rows[1]["signed_off_at"] == at(1, 12) and rows[1]["signed_off_by"] == "mo"
    assert rows[0]["note"] == "all seen"


def test_a_team_has_the_days_of_its_calendar(tmp_path: Path) -> None:
    file = tmp_path / "teams.yaml"
    file.write_text(TEAMS, "utf-8")
    berlin, kolkata = team_rows(load_teams(file), shipped_policies(), TODAY)
    assert (berlin.zone, berlin.sign_off_by) == ("Europe/Berlin", time(10))
    assert (kolkata.zone, kolkata.weekdays) == ("Asia/Kolkata", [1, 2, 3, 4, 5])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("teams: [{id: a, name: A}, {id: a, name: B}]", "a appears 2 times"),
        ("teams: [{id: a, name: A, zone: Mars/Base}]", "zone"),
        ("teams: [{id: a, name: A, sign_off_by: '25:00'}]", "sign_off_by"),
        ("teams: [{id: a b, name: A}]", "id"),
        ("teams: [{id: a, name: A, calendar: none-of-ours}]", "calendar none-of-ours is the name"),
        ("teams: [", "cannot be read"),
    ],
)
def test_a_wrong_file_of_teams_says_what_is_wrong(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "teams.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(TeamsProblem, match=why):
        team_rows(load_teams(file), shipped_policies(), TODAY)
