"""One row per escalation, folded from decisions alone."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas import decided
from schemas.codec import Decided
from services.projections.read_models.escalation_status import EscalationRow, project
from tests.notifier.decisions import NOON, accepted, awaiting, decision, missed

ONE = "escalation-1"
HOUR = timedelta(hours=1)


def row(*events: Decided) -> EscalationRow:
    found = EscalationRow(ONE, "case-1")
    for event in events:
        found = project(found, event)
    return found


def happened(kind: type[decided.Decision], hours: int = 1, **data: Any) -> Decided:
    return decision(kind, NOON + hours * HOUR, escalation_id=ONE, **data)


@pytest.mark.rule("004-10", "004-11")
def test_an_acceptance_is_a_record_with_its_colour_and_what_is_due_next() -> None:
    found = row(accepted(escalation_severity="high", colour="red"))
    assert (found.status, found.colour, found.escalation_severity) == ("escalated", "red", "high")
    assert (found.next_duty, found.next_due_at) == ("first-contact", NOON + 24 * HOUR)


@pytest.mark.rule("004-13")
def test_what_awaits_approval_is_a_row_and_so_is_what_was_declined() -> None:
    waiting = row(awaiting())
    assert (waiting.status, waiting.policy, waiting.next_duty) == (
        "awaiting-approval", "templated", "approval",
    )  # fmt: skip
    declined = row(awaiting(), happened(decided.Declined, by_id="lead"))
    assert (declined.status, declined.next_duty) == ("declined", None)
    assert row(awaiting(), accepted()).next_duty == "first-contact"


@pytest.mark.rule("003-01", "003-19")
def test_three_lamps_say_when_resources_communication_and_a_plan_were_in_place() -> None:
    found = row(
        accepted(), happened(decided.Evaluated, 1),
        happened(decided.CommunicationPlanSet, 2, mode="phone", frequency="PT8H",
                 attendee_ids=["ann"]),
        happened(decided.ActionPlanShared, 3, version=1),
    )  # fmt: skip
    lamps = (found.resources_at, found.communication_at, found.action_plan_at)
    assert lamps == (NOON + HOUR, NOON + 2 * HOUR, NOON + 3 * HOUR)
    assert row(accepted()).resources_at is None


@pytest.mark.rule("004-01", "004-05")
def test_an_account_has_its_cases_as_they_are_linked_and_unlinked() -> None:
    links = [happened(decided.CaseLinked, case_id=case) for case in ("c-2", "c-1", "c-2")]
    left = happened(decided.CaseUnlinked, case_id="c-2")
    assert row(accepted(), *links).case_ids == ["c-1", "c-2"]
    assert row(accepted(), *links, left).case_ids == ["c-1"]


@pytest.mark.rule("002-13")
def test_a_clock_that_stands_still_is_shown_until_it_goes_on() -> None:
    stopped = happened(
        decided.DutyReplanned, duty="first-contact", was_due_at=NOON + 24 * HOUR, due_at=None,
        why="paused",
    )  # fmt: skip
    goes_on = happened(
        decided.DutyReplanned, 2, duty="first-contact", was_due_at=None, due_at=NOON + 30 * HOUR,
        why="resumed",
    )  # fmt: skip
    assert (row(accepted(), stopped).paused, row(accepted(), stopped).next_duty) == (True, None)
    found = row(accepted(), stopped, goes_on)
    assert (found.paused, found.next_due_at) == (False, NOON + 30 * HOUR)


def test_a_missed_duty_stays_and_of_a_recurring_one_the_next_is_due() -> None:
    assert row(accepted(), missed()).next_duty == "first-contact"
    again = missed(
        duties=[{"duty": "first-contact", "due_at": NOON + 48 * HOUR, "clock": "elapsed"}]
    )
    assert row(accepted(), again).next_due_at == NOON + 48 * HOUR


def _due(number: int) -> datetime:
    return NOON + number * 8 * HOUR


def period(number: int, duty: str = "next-update") -> dict[str, Any]:
    return {"duty": duty, "due_at": _due(number), "clock": "elapsed"}


def went_by(number: int, duty: str = "next-update") -> Decided:
    """A period of a recurring duty was missed; the next one is open."""
    return missed(duty=duty, due_at=_due(number), duties=[period(number + 1, duty)])


def given(number: int, at: datetime, **data: Any) -> Decided:
    """An update that fulfils a period."""
    done = {"duty": "next-update", "due_at": _due(number), "at": at, "kept": at <= _due(number)}
    return decision(decided.UpdateGiven, at, escalation_id=ONE, audience="customer",
                    fulfilled=[done], **data)  # fmt: skip


@pytest.mark.rule("003-21")
def test_recurring_duties_that_were_missed_stay_visible_until_one_is_kept() -> None:
    begun = accepted(duties=[period(1), period(1, "daily-status")])
    found = row(begun, went_by(1), went_by(2), went_by(1, "daily-status"))
    assert (found.missed_times, found.missed_since) == (3, _due(1))
    assert (found.next_duty, found.next_due_at) == ("daily-status", _due(2))
    kept = given(3, _due(2) + HOUR, duties=[period(4)])
    after = row(begun, went_by(1), went_by(2), went_by(1, "daily-status"), kept)
    assert (after.missed_times, after.missed_since) == (1, _due(1)), "the other one is still owed"


def test_a_late_report_is_of_the_period_missed_last_and_leaves_the_open_one() -> None:
    late = given(2, _due(2) - HOUR)
    found = row(accepted(duties=[period(1)]), went_by(1), went_by(2), late)
    assert (found.missed_times, found.missed_since) == (0, None), "it was kept after all"
    assert (found.next_duty, found.next_due_at) == ("next-update", _due(3)), "still owed"
    again = row(accepted(duties=[period(1)]), went_by(1), went_by(2), late, went_by(3))
    assert (again.missed_times, again.missed_since) == (1, _due(3))


def test_a_missed_duty_that_does_not_recur_is_closed_by_what_is_done_late() -> None:
    done = {"duty": "first-contact", "due_at": NOON + 24 * HOUR, "at": NOON + 30 * HOUR,
            "kept": False}  # fmt: skip
    found = row(accepted(), missed(), happened(decided.CustomerContacted, 30, fulfilled=[done]))
    assert (found.next_duty, found.missed_times) == (None, 0)


def test_what_ends_an_escalation_ends_its_misses() -> None:
    ended = happened(decided.MonitoringEnded, why="closed")
    found = row(accepted(duties=[period(1)]), went_by(1), ended)
    assert (found.missed_times, found.missed_since, found.missed) == (0, None, "{}")


@pytest.mark.parametrize(
    ("kind", "data", "status"),
    [
        (decided.Acknowledged, {}, "acknowledged"),
        (decided.Deescalated, {"by_id": "x", "conditions": {}, "still_monitored": True},
         "monitored"),
        (decided.MonitoringHeld, {"owed": ["improvement"]}, "monitored"),
        (decided.MonitoringEnded, {"why": "closed"}, "ended"),
        (decided.Voided, {"reason": "entered-by-mistake", "restores_right": True}, "voided"),
    ],
)  # fmt: skip
def test_each_decision_leads_to_its_status(
    kind: type[decided.Decision], data: dict[str, Any], status: str
) -> None:
    found = row(accepted(), happened(kind, **data))
    assert found.status == status
    assert status == "acknowledged" or json.loads(found.duties) == []
