"""Escalate at any time and by any channel; one engineer evaluates, leads and keeps a plan."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas import decided, reported
from schemas.codec import Reported
from tests.spec import Given, given
from tests.stories import DAY, HOUR, NOON, did, opened, person, requested

MONDAY = NOON
COMPLETE = {
    "problem_statement_correct": True, "impact_described": True, "workaround_impractical": True,
    "milestone_identified": True,
}  # fmt: skip
OPENED = opened(MONDAY - 30 * DAY, program="engineer-led")
CALM = {
    "action_plan_acceptable": True, "troubleshooting_on_track": True, "agreement_ref": "mail-7",
}  # fmt: skip


def asked(at: datetime = MONDAY, **but: Any) -> Reported:
    data = {"channel": "phone", "reason": None, "comments": None, "checklist": COMPLETE}
    return requested(at, **(data | but))


def running(*more: Reported) -> Given:
    return given(OPENED, asked(), *more)


def planned(at: datetime = MONDAY, frequency: str = "PT8H", **but: Any) -> Reported:
    data: dict[str, Any] = {"mode": "phone", "frequency": frequency, "attendees": [person("ann")]}
    return did(reported.CommunicationPlanAgreed, at, **(data | but))


def duties(decision: Any) -> dict[str, datetime | None]:
    return {one.duty: one.due_at for one in decision.duties}


@pytest.mark.rule("003-02", "003-05")
@pytest.mark.parametrize("channel", ["phone", "email", "api"])
def test_it_is_accepted_at_any_time_by_any_channel(channel: str) -> None:
    at_once = given(opened(MONDAY, program="engineer-led"))
    at_once.when(asked(channel=channel)).then_accepted(channel=channel, suggestions=[])


@pytest.mark.rule("003-05")
def test_what_was_said_on_the_phone_is_judged_as_of_when_it_was_said() -> None:
    late = given(OPENED).when(
        asked(MONDAY, on_behalf_of=person("ann")), recorded_at=MONDAY + 2 * DAY
    )
    accepted = late.then_accepted(requested_at=MONDAY)
    assert duties(accepted)["evaluate"] == MONDAY + 4 * HOUR


@pytest.mark.rule("003-10", "003-11", "003-12", "003-13", "003-14")
@pytest.mark.parametrize("item", COMPLETE)
def test_each_open_item_of_the_checklist_is_a_hint_and_no_refusal(item: str) -> None:
    hinted = ["complete-the-checklist"]
    given(OPENED).when(asked(checklist=COMPLETE | {item: False})).then_accepted(suggestions=hinted)
    given(OPENED).when(asked(checklist=None)).then_accepted(suggestions=hinted)


@pytest.mark.rule("003-13")
def test_a_milestone_date_is_taken() -> None:
    given(OPENED).when(asked(milestone_date="2030-02-01")).then_accepted(suggestions=[])


@pytest.mark.rule("003-09")
@pytest.mark.parametrize("channel", ["button", "form", "related-link"])
def test_web_channels_are_told_that_a_call_is_faster(channel: str) -> None:
    given(OPENED).when(asked(channel=channel)).then_accepted(
        suggestions=["phone-or-email-is-faster"]
    )


@pytest.mark.rule("003-06", "003-07", "003-08")
def test_situations_are_taken_and_change_nothing() -> None:
    given(OPENED).when(asked(situations=["production-down-during-change"])).then_accepted()


@pytest.mark.rule("003-15", "003-16", "003-17", "003-18", "003-20")
def test_five_duties_begin() -> None:
    assert duties(given(OPENED).when(asked()).then_accepted()) == {
        "evaluate": MONDAY + 4 * HOUR, "primary-contact": MONDAY + 8 * HOUR,
        "kickoff-call": MONDAY + DAY, "communication-plan": MONDAY + DAY,
        "daily-status": MONDAY + DAY + 5 * HOUR,
    }  # fmt: skip


@pytest.mark.rule("003-15", "003-03")
def test_an_evaluation_keeps_its_duty() -> None:
    evaluated = did(reported.EscalationEvaluated, MONDAY + HOUR, resources=["a database expert"])
    found = running().when(evaluated).then(decided.Evaluated)
    assert [(one.duty, one.kept) for one in found.fulfilled] == [("evaluate", True)]


@pytest.mark.rule("003-16")
def test_there_is_one_primary_contact_and_a_change_is_an_event() -> None:
    first = did(reported.PrimaryContactAssigned, MONDAY + HOUR, contact=person("eve"))
    found = running().when(first).then(decided.PrimaryContactAssigned, contact_id="eve")
    assert [one.duty for one in found.fulfilled] == ["primary-contact"]
    other = did(reported.PrimaryContactAssigned, MONDAY + DAY, contact=person("max"))
    again = running(first).when(other).then(decided.PrimaryContactAssigned, contact_id="max")
    assert again.fulfilled == []


@pytest.mark.rule("003-17")
def test_scheduling_the_call_keeps_its_duty() -> None:
    call = did(
        reported.KickoffCallScheduled, MONDAY + HOUR, at="2030-01-08T10:00:00Z",
        attendees=[person("ann")],
    )  # fmt: skip
    found = running().when(call).then(decided.KickoffScheduled, attendee_ids=["ann"])
    assert [one.duty for one in found.fulfilled] == ["kickoff-call"]


@pytest.mark.rule("003-20", "003-21")
def test_a_plan_begins_an_update_for_each_of_its_periods() -> None:
    found = running().when(planned()).then(decided.CommunicationPlanSet, mode="phone")
    assert [one.duty for one in found.fulfilled] == ["communication-plan"]
    assert duties(found) == {"next-update": MONDAY + 8 * HOUR}
    update = did(reported.UpdateGiven, MONDAY + HOUR)
    given_one = running(planned()).when(update).then(decided.UpdateGiven)
    assert duties(given_one)["next-update"] == MONDAY + 16 * HOUR


@pytest.mark.rule("003-21")
def test_of_a_missed_period_the_next_is_due_after_it() -> None:
    late = running(planned()).when_time_is(MONDAY + 17 * HOUR).decisions
    missed = [one for one in late if one.duty == "next-update"]  # type: ignore[attr-defined]
    assert [one.due_at for one in missed] == [  # type: ignore[attr-defined]
        MONDAY + 8 * HOUR, MONDAY + 16 * HOUR,
    ]  # fmt: skip


@pytest.mark.rule("003-21")
def test_another_plan_plans_the_open_update_anew() -> None:
    other = planned(MONDAY + HOUR, "PT2H")
    plan_set, moved = running(planned()).when(other).decisions
    assert isinstance(plan_set, decided.CommunicationPlanSet) and plan_set.duties == []
    assert isinstance(moved, decided.DutyReplanned)
    assert (moved.duty, moved.was_due_at, moved.due_at, moved.why) == (
        "next-update", MONDAY + 8 * HOUR, MONDAY + 3 * HOUR, "plan-changed",
    )  # fmt: skip


@pytest.mark.rule("003-21")
@pytest.mark.parametrize("wrong", [{"frequency": "PT0S"}, {"attendees": []}])
def test_a_plan_needs_a_frequency_and_somebody_attending(wrong: dict[str, Any]) -> None:
    running().when(planned(**wrong)).then_refused("plan-invalid")


@pytest.mark.rule("003-18", "003-22")
def test_the_daily_status_is_kept_by_any_update_of_its_day_and_due_on_each_working_day() -> None:
    tuesday = MONDAY + DAY
    same_day = did(reported.UpdateGiven, MONDAY + HOUR, audience="internal")
    assert running().when(same_day).then(decided.UpdateGiven).fulfilled == []
    internal = did(
        reported.UpdateGiven, tuesday + HOUR, audience="internal", attendees=[person("eve")]
    )
    found = running().when(internal).then(decided.UpdateGiven, attendee_ids=["eve"])
    assert duties(found) == {"daily-status": tuesday + DAY + 5 * HOUR}
    early = did(reported.UpdateGiven, tuesday + 2 * HOUR, audience="internal")
    twice = running(internal).when(early).then(decided.UpdateGiven)
    assert twice.fulfilled == []  # tomorrow's can be kept from 00:00 of its day
    thursday = NOON + 3 * DAY
    over = given(opened(thursday - DAY, program="engineer-led"), asked(thursday))
    last = over.when(did(reported.UpdateGiven, thursday + DAY)).then(decided.UpdateGiven)
    assert duties(last) == {"daily-status": thursday + 4 * DAY + 5 * HOUR}


@pytest.mark.rule("003-23", "003-24", "003-25", "003-26")
@pytest.mark.parametrize(
    ("missing", "codes"),
    [
        ({"action_plan_acceptable": False}, ["action-plan-not-acceptable"]),
        ({"troubleshooting_on_track": None}, ["troubleshooting-not-on-track"]),
        ({"agreement_ref": "  "}, ["agreement-not-documented"]),
        (
            dict.fromkeys(CALM),
            ["action-plan-not-acceptable", "troubleshooting-not-on-track",
             "agreement-not-documented"],
        ),
    ],
)  # fmt: skip
def test_every_condition_that_is_missing_is_named(
    missing: dict[str, Any], codes: list[str]
) -> None:
    calm = did(reported.Deescalated, MONDAY + DAY, **(CALM | missing))
    running().when(calm).then_refused(*codes)


@pytest.mark.rule("003-23")
def test_with_all_three_it_is_deescalated_and_watched_no_more() -> None:
    calm = did(reported.Deescalated, MONDAY + DAY, **CALM)
    first, last = running(planned()).when(calm).decisions
    assert isinstance(first, decided.Deescalated) and first.still_monitored is False
    assert isinstance(last, decided.MonitoringEnded) and last.why == "de-escalated"
    over = running(planned(), calm)
    assert over.when_time_is(MONDAY + 30 * DAY).decisions == ()
    over.when(asked(MONDAY + 2 * DAY, request_id="request-2")).then_accepted()


@pytest.mark.rule("003-19")
def test_resources_communication_and_action_plan_are_each_recorded() -> None:
    for kind, data in (
        (reported.EscalationEvaluated, {}),
        (reported.ActionPlanShared, {"plan": "1. Patch", "version": 2}),
    ):
        (found,) = running().when(did(kind, MONDAY + timedelta(hours=1), **data)).decisions
        assert isinstance(found, decided.Recorded)
