"""Recurring duties: a report is credited to the period in which its time lies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from policies.catalogue import Policies
from schemas import decided, reported
from schemas.codec import Reported
from services.escalation.core.case import Case, Moment
from services.escalation.core.decider import apply, fire
from tests.spec import POLICIES
from tests.stories import CASE, DAY, HOUR, NOON, commented, did, opened, person, requested

LED = (opened(NOON - DAY, program="engineer-led"), requested(NOON))
FORM = {"subject": "x", "description": "x", "case_number": CASE, "business_impact": "major"}
DESK = (opened(NOON - DAY, program="resolutions-desk"), requested(NOON, **FORM))


class Told:
    """A case after records stamped at given instants; what is overdue is decided first."""

    def __init__(self, *history: Reported, policies: Policies = POLICIES) -> None:
        self.case, self.policies = Case(), policies
        self.decisions: list[Any] = []
        for one in history:
            self.take(one)

    def take(self, event: Reported, stamp: datetime | None = None) -> list[Any]:
        clock = stamp or event.time
        self.pass_time(clock)
        self.case, found = apply(
            self.case, event, self.policies, Moment(event.time, clock, clock)
        )  # fmt: skip
        self.decisions += found
        return list(found)

    def pass_time(self, clock: datetime) -> list[decided.DeadlineMissed]:
        missed: list[decided.DeadlineMissed] = []
        while True:
            self.case, decision = fire(self.case, CASE, self.policies, Moment(clock, clock, clock))
            if decision is None:
                return missed
            assert isinstance(decision, decided.DeadlineMissed)
            missed.append(decision)

    def due(self, duty: str) -> datetime | None:
        assert self.case.escalation is not None
        return {one.duty: one.due_at for one in self.case.escalation.duties}[duty]


def planned(at: datetime) -> Reported:
    return did(
        reported.CommunicationPlanAgreed, at, mode="phone", frequency="PT8H",
        attendees=[person("ann")],
    )  # fmt: skip


def update(at: datetime) -> Reported:
    return did(reported.UpdateGiven, at, mode="phone")


def kept(found: list[Any], duty: str) -> list[tuple[datetime, bool]]:
    return [
        (one.due_at, one.kept)
        for decision in found
        for one in decision.fulfilled
        if one.duty == duty
    ]


@pytest.mark.rule("003-21")
def test_a_late_report_makes_the_missed_period_kept_once_and_leaves_the_open_one() -> None:
    told = Told(*LED, planned(NOON))
    missed = [one.due_at for one in told.pass_time(NOON + 9 * HOUR) if one.duty == "next-update"]
    assert missed == [NOON + 8 * HOUR]
    late = told.take(update(NOON + 7 * HOUR), NOON + 10 * HOUR)
    assert kept(late, "next-update") == [(NOON + 8 * HOUR, True)]
    assert told.due("next-update") == NOON + 16 * HOUR
    again = told.take(update(NOON + 6 * HOUR), NOON + 10 * HOUR)
    assert kept(again, "next-update") == []
    on_time = told.take(update(NOON + 12 * HOUR))
    assert kept(on_time, "next-update") == [(NOON + 16 * HOUR, True)]


@pytest.mark.rule("003-21")
def test_a_second_report_within_a_period_that_is_kept_is_recorded_and_keeps_nothing() -> None:
    told = Told(*LED, planned(NOON))
    assert kept(told.take(update(NOON + HOUR)), "next-update") == [(NOON + 8 * HOUR, True)]
    for hours in (2, 8):
        second = told.take(update(NOON + hours * HOUR))
        assert [one.name for one in second] == ["update-given"]
        assert kept(second, "next-update") == []
    assert told.due("next-update") == NOON + 16 * HOUR
    third = told.take(update(NOON + 9 * HOUR))
    assert kept(third, "next-update") == [(NOON + 16 * HOUR, True)]


@pytest.mark.rule("003-18")
def test_a_missed_day_is_kept_late_by_a_report_of_that_day_alone() -> None:
    told = Told(*LED)
    tuesday = NOON + DAY
    told.pass_time(tuesday.replace(hour=18))
    monday = told.take(did(reported.UpdateGiven, NOON + HOUR), tuesday.replace(hour=19))
    assert kept(monday, "daily-status") == []
    report = told.take(did(reported.UpdateGiven, tuesday), tuesday.replace(hour=20))
    assert kept(report, "daily-status") == [(tuesday.replace(hour=17), True)]
    assert told.due("daily-status") == (tuesday + DAY).replace(hour=17)


@pytest.mark.rule("002-17")
def test_an_agents_late_comment_is_credited_to_the_miss_and_begins_nothing() -> None:
    told = Told(*DESK)
    told.pass_time(NOON + 2 * DAY + HOUR)
    assert told.due("agent-update") == NOON + 4 * DAY
    comment = commented("We look at it.", NOON + HOUR, author_role="agent", author=person("agent"))
    late = told.take(comment, NOON + 2 * DAY + 2 * HOUR)
    assert kept(late, "agent-update") == [(NOON + 2 * DAY, True)]
    assert told.due("agent-update") == NOON + 4 * DAY


@pytest.mark.rule("002-17")
def test_a_comment_older_than_the_latest_report_never_brings_the_next_one_forward() -> None:
    told = Told(*DESK)
    by_agent = {"author_role": "agent", "author": person("agent")}
    told.take(commented("First.", NOON + DAY, **by_agent))
    assert told.due("agent-update") == NOON + 3 * DAY
    older = told.take(commented("Before it.", NOON + HOUR, **by_agent), NOON + DAY + HOUR)
    assert kept(older, "agent-update") == []
    assert told.due("agent-update") == NOON + 3 * DAY
    newer = told.take(commented("After it.", NOON + DAY + HOUR, **by_agent))
    assert kept(newer, "agent-update") == [(NOON + 3 * DAY, True)]


@pytest.mark.rule("003-21")
@pytest.mark.parametrize(
    "frequency", ["PT0S", "PT0.000001S", "PT14M59S", "-PT8H", "P367D", "P999Y"]
)
def test_a_plan_that_nobody_can_keep_is_refused(frequency: str) -> None:
    plan = did(
        reported.CommunicationPlanAgreed, NOON, mode="phone", frequency=frequency,
        attendees=[person("ann")],
    )  # fmt: skip
    (found,) = Told(*LED).take(plan)
    assert [one.code for one in found.refusals] == ["plan-invalid"]


@pytest.mark.parametrize("frequency", ["PT15M", "P366D"])
def test_the_shortest_and_the_longest_plan_are_taken(frequency: str) -> None:
    plan = did(
        reported.CommunicationPlanAgreed, NOON, mode="phone", frequency=frequency,
        attendees=[person("ann")],
    )  # fmt: skip
    assert [one.name for one in Told(*LED).take(plan)] == ["communication-plan-set"]


# --- the end of watching ---------------------------------------------------------------------


@pytest.mark.rule("002-19")
@pytest.mark.parametrize("resolution", ["fixed", "  ", None])
@pytest.mark.parametrize("improved_first", [True, False])
def test_resolved_or_closed_does_not_depend_on_the_order_of_events(
    resolution: str | None, improved_first: bool
) -> None:
    improve = did(reported.ImprovementIdentified, NOON + HOUR, category="docs")
    close = did(reported.Closed, NOON + HOUR, resolution=resolution)
    told = Told(*DESK, *((improve, close) if improved_first else (close, improve)))
    ended = [one for one in told.decisions if isinstance(one, decided.MonitoringEnded)]
    assert [one.why for one in ended] == ["resolved" if resolution == "fixed" else "closed"]


@pytest.mark.rule("002-19")
def test_reopening_lets_go_what_the_close_had_held() -> None:
    close = did(reported.Closed, NOON + HOUR, resolution="fixed")
    told = Told(*DESK, close)
    assert told.decisions[-1].name == "monitoring-held" and told.decisions[-1].why == "resolved"
    told.take(did(reported.Reopened, NOON + 2 * HOUR))
    improve = did(reported.ImprovementIdentified, NOON + 3 * HOUR, category="docs")
    assert [one.name for one in told.take(improve)] == ["improvement-identified"]
    (ended,) = told.take(did(reported.Closed, NOON + 4 * HOUR))
    assert (ended.name, ended.why) == ("monitoring-ended", "closed")


# --- who approves ----------------------------------------------------------------------------


@pytest.mark.rule("004-13")
@pytest.mark.parametrize("approver", ["alice", "Alice", " alice ", "ALICE\u2003"])
def test_nobody_approves_a_request_of_their_own_under_another_spelling(approver: str) -> None:
    request = requested(
        NOON, requested_by={"id": "alice", "roles": ["escalation-requester"]},
        template="case-approved", escalation_severity="high",
    )  # fmt: skip
    told = Told(opened(NOON - DAY, program="templated"), request)
    by = {"id": approver, "roles": ["escalation-manager"]}
    approve = did(reported.EscalationApproved, NOON + HOUR, request_id="request-1", by=by)
    (found,) = told.take(approve)
    assert [one.code for one in found.refusals] == ["self-approval"]
