"""A partition from bytes to bytes: what cannot be used harms nothing, a restart forgets nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas import reported
from schemas.codec import Reported, write
from services.escalation.decider.batch import Incoming
from services.escalation.decider.partition import Partition
from tests.spec import POLICIES
from tests.stories import CASE, DAY, HOUR, NOON, commented, did, event, opened, person, requested

FORM = {"subject": "x", "description": "x", "case_number": CASE, "business_impact": "major"}
DESK = (opened(NOON - DAY, program="resolutions-desk"), requested(NOON, **FORM))
LED = (opened(NOON - DAY, program="engineer-led"), requested(NOON - 2 * HOUR))


class Log:
    """Records of one partition, decided one after the other."""

    def __init__(self, *events: Reported, restored: Partition | None = None) -> None:
        self.partition = restored or Partition(0, 1, POLICIES)
        self.offset = self.partition.progress.offset
        self.letters: list[str] = []
        self.decisions: list[dict[str, Any]] = []
        self.take(*events)

    def take(self, *events: Reported, at: datetime | None = None) -> Log:
        for one in events:
            self.take_bytes(one.key, write(one), at or one.time)
        return self

    def take_bytes(self, key: bytes, value: bytes, at: datetime) -> None:
        self.offset += 1
        self.partition.take(Incoming(self.offset, int(at.timestamp() * 1000), key, value))
        batch = self.partition.flush()
        self.letters += [why.reason for _, why in batch.dead_letters]
        self.decisions += [json.loads(value) for _, value in batch.decisions]

    def restarted(self) -> Log:
        """Another process that has restored this partition's states."""
        other = Partition(0, 1, POLICIES)
        for key, stored in self.partition.cases.stored.items():
            other.restore(key, stored)
        (clock,) = (stored for key, stored in self.partition.flush().states)
        other.restore(b"clock/0", clock)
        other.restored()
        return Log(restored=other)

    def named(self, name: str) -> list[dict[str, Any]]:
        return [one["data"] for one in self.decisions if one["type"].split(".")[2] == name]


def calendar(name: str, at: datetime, event_id: str | None = None, **change: Any) -> Reported:
    data = {"calendar": name, "version": 2} | change
    fact = reported.CalendarChanged.model_validate(data)
    return event(fact, at, subject="clock/0", event_id=event_id)


def tick(at: datetime) -> Reported:
    return event(reported.TimePassed(), at, subject="clock/0")


def due_of(found: Iterable[dict[str, Any]], duty: str) -> list[str]:
    return [one["due_at"][:16] for one in found if one["duty"] == duty]


# --- what cannot be used ---------------------------------------------------------------------


@pytest.mark.parametrize("subject", [CASE, "request/form-1"])
@pytest.mark.parametrize("history", [(), LED], ids=["unknown", "escalated"])
def test_a_case_is_linked_to_accounts_alone(subject: str, history: tuple[Reported, ...]) -> None:
    linked = did(reported.AccountCaseLinked, NOON, case_id="case-9")
    linked.subject = subject
    log = Log(*history)
    before = len(log.decisions)
    log.take(linked)
    assert (len(log.decisions) - before, log.letters) == (0, [])


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-30", "2026-3-3", "", 7])
def test_a_calendar_with_a_date_that_is_none_is_a_dead_letter(day: object) -> None:
    change = calendar("resolutions-desk", NOON, dates=["2030-01-08"])
    value = json.loads(write(change))
    value["data"]["dates"] = [day]
    log = Log()
    log.take_bytes(change.key, json.dumps(value).encode(), NOON)
    log.take(*DESK)
    assert log.letters == ["schema-invalid"] and log.named("accepted")


@pytest.mark.parametrize("hours", [[["x", "y"]], [["12:00", "09:00"]], ["09:00-10:00"]])
def test_a_working_day_with_hours_that_are_none_is_a_dead_letter(hours: list[Any]) -> None:
    dates = [{"date": "2030-01-12", "kind": "working", "hours": hours}]
    value = json.loads(write(calendar("resolutions-desk", NOON)))
    value["data"]["dates"] = dates
    log = Log()
    log.take_bytes(b"clock/0", json.dumps(value).encode(), NOON)
    assert log.letters == ["schema-invalid"]


def test_time_passes_without_any_data() -> None:
    value = json.loads(write(tick(NOON)))
    del value["data"]
    log = Log()
    log.take_bytes(b"clock/0", json.dumps(value).encode(), NOON)
    assert log.letters == []


@pytest.mark.rule("002-13")
def test_a_question_dated_years_back_stops_nothing() -> None:
    for days in (1_096, 1_400, 1_520, 1_521, 3_000, 9_000):
        log = Log(*DESK)
        asked = did(reported.InformationRequested, NOON - days * DAY, what="a log")
        log.take(asked, commented("Here it is.", NOON + HOUR), at=NOON + HOUR)
        again = log.named("duty-replanned")
        assert [one["why"] for one in again] == ["paused"] * 2 + ["resumed"] * 2
        left = datetime.fromisoformat(again[2]["due_at"]) - NOON
        assert abs(left - days * DAY) < 5 * DAY, "what was left is all that time"


# --- calendars -------------------------------------------------------------------------------


@pytest.mark.rule("003-18")
def test_another_calendar_brings_no_day_back_that_was_missed_or_kept() -> None:
    tuesday = (NOON + DAY).replace(hour=18)
    half_past = tuesday.replace(minute=30)
    later = calendar("engineer-led", half_past, dates=["2030-12-25"])
    missed = Log(*LED, tick(tuesday), later)
    assert due_of(missed.named("deadline-missed"), "daily-status") == ["2030-01-08T17:00"]
    assert missed.named("duty-replanned") == []
    update = did(reported.UpdateGiven, NOON + DAY)
    kept = Log(*LED, update, calendar("engineer-led", NOON + DAY + HOUR, dates=["2030-12-25"]))
    assert kept.named("duty-replanned") == []
    tomorrow = Log(*LED, tick(tuesday),
                   calendar("engineer-led", half_past, dates=["2030-01-09"]))  # fmt: skip
    assert due_of(tomorrow.named("duty-replanned"), "daily-status") == ["2030-01-10T17:00"]


@pytest.mark.rule("003-18")
def test_another_zone_brings_no_day_back_either() -> None:
    friday = NOON + 4 * DAY
    led = (opened(friday - 2 * DAY, program="engineer-led"), requested(friday - DAY))
    log = Log(*led, tick(friday + 6 * HOUR),
              calendar("engineer-led", friday + 7 * HOUR, timezone="America/New_York"))  # fmt: skip
    assert due_of(log.named("deadline-missed"), "daily-status") == ["2030-01-11T17:00"]
    assert due_of(log.named("duty-replanned"), "daily-status") == ["2030-01-14T22:00"]


@pytest.mark.rule("002-11")
def test_a_saturday_that_is_worked_counts() -> None:
    friday = NOON + 4 * DAY
    saturday = {"date": "2030-01-12", "kind": "working", "hours": [["10:00", "11:00"]]}
    desk = (opened(NOON, program="resolutions-desk"), requested(friday, **FORM))
    log = Log(calendar("resolutions-desk", NOON, dates=[saturday]), *desk)
    duties = log.named("accepted")[0]["duties"]
    assert due_of(duties, "acknowledge") == ["2030-01-12T11:00"], "clipped to its own hours"


@pytest.mark.rule("002-11")
def test_a_restart_remembers_every_change_of_a_calendar() -> None:
    changes = (
        calendar("resolutions-desk", NOON, timezone="America/New_York"),
        calendar("resolutions-desk", NOON, dates=["2030-01-08"]),
    )
    later = requested(NOON + 6 * HOUR, **FORM)
    live = Log(DESK[0], *changes)
    restarted = live.restarted()
    duties = [log.take(later).named("accepted")[0]["duties"] for log in (live, restarted)]
    assert duties[0] == duties[1]
    assert due_of(duties[0], "acknowledge") == ["2030-01-09T18:00"]


def test_a_change_of_a_calendar_that_is_told_again_changes_nothing() -> None:
    first = calendar("resolutions-desk", NOON + HOUR, "first", dates=["2030-01-08"])
    second = calendar("resolutions-desk", NOON + HOUR, "second", dates=[])
    log = Log(*DESK, first, second)
    known = list(log.decisions)
    assert len(log.named("duty-replanned")) == 6
    assert log.take(first).decisions == known
    restarted = log.restarted()
    assert restarted.take(second, first).decisions == []


# --- deadlines -------------------------------------------------------------------------------


@pytest.mark.rule("003-21")
def test_every_period_of_a_plan_that_passed_is_missed_once_before_the_record_that_says_so() -> None:
    plan = did(
        reported.CommunicationPlanAgreed, NOON, mode="phone", frequency="PT15M",
        attendees=[person("ann")],
    )  # fmt: skip
    log = Log(*LED, plan, did(reported.UpdateGiven, NOON + 900 * HOUR))
    missed = [one for one in log.named("deadline-missed") if one["duty"] == "next-update"]
    assert len(missed) == len({one["due_at"] for one in missed}) == 3_600
    assert datetime.fromisoformat(missed[-1]["due_at"]) == (NOON + 900 * HOUR).astimezone(UTC)


@pytest.mark.parametrize("subject", ["person/ann", "review/team-1"])
def test_what_is_about_no_case_makes_none(subject: str) -> None:
    partition = Partition(0, 1, POLICIES)
    for offset, one in enumerate((opened(NOON), requested(NOON))):
        one.subject = subject
        stamp = int(NOON.timestamp() * 1000)
        partition.take(Incoming(offset, stamp, one.key, write(one)))
    batch = partition.flush()
    assert (batch.decisions, batch.dead_letters) == ([], [])
    assert [key for key, _ in batch.states] == [b"clock/0"]
