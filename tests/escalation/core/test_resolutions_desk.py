"""A form with everything that is needed, two cadences, and something learnt before the end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas import decided, reported
from schemas.codec import Reported
from tests.spec import Given, given
from tests.stories import CASE, DAY, HOUR, NOON, commented, did, event, opened, person, requested

FORM = {
    "subject": "Orders", "description": "None is sent", "case_number": CASE,
    "business_impact": "major", "reason": "We go live", "comments": None,
}  # fmt: skip
MONDAY = NOON
OPENED = opened(MONDAY - 30 * DAY, program="resolutions-desk")


def asked(at: datetime = MONDAY, **but: Any) -> Reported:
    return requested(at, **(FORM | but))


def running() -> Given:
    return given(OPENED, asked())


def by_agent(body: str, at: datetime) -> Reported:
    return commented(body, at, author=person("agent"), author_role="agent")


def duties(then: decided.Accepted) -> dict[str, datetime | None]:
    return {one.duty: one.due_at for one in then.duties}


@pytest.mark.rule("002-03", "002-04", "002-06", "002-08", "002-09")
def test_every_field_that_is_missing_is_named_in_the_order_of_the_codes() -> None:
    bare: dict[str, Any] = dict.fromkeys(FORM)
    rejected = given(OPENED).when(asked(MONDAY, **bare)).then_rejected(
        "reason-missing", "subject-missing", "description-missing", "case-number-missing",
        "business-impact-missing",
    )  # fmt: skip
    assert rejected.eligible_at is None


@pytest.mark.rule("002-03", "002-04", "002-05", "002-08", "002-09")
@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("subject", "subject-missing"), ("description", "description-missing"),
        ("case_number", "case-number-missing"), ("business_impact", "business-impact-missing"),
        ("reason", "reason-missing"),
    ],
)  # fmt: skip
def test_a_blank_field_counts_as_absent(field: str, code: str) -> None:
    given(OPENED).when(asked(MONDAY, **{field: "  "})).then_rejected(code)


@pytest.mark.rule("002-05")
def test_the_number_of_another_case_is_refused() -> None:
    given(OPENED).when(asked(case_number="case-2")).then_rejected("case-number-unknown")


@pytest.mark.rule("002-01", "002-02")
def test_it_is_accepted_at_any_time_without_attachments() -> None:
    given(opened(MONDAY, program="resolutions-desk")).when(asked()).then_accepted(level="support")


@pytest.mark.rule("002-10")
def test_attachments_are_references_and_change_nothing() -> None:
    given(OPENED).when(asked(attachments=[{"name": "a.pdf", "size": 3}])).then_accepted()


@pytest.mark.rule("002-06", "002-07")
def test_a_form_that_names_no_case_is_refused_by_the_one_rule_that_fails() -> None:
    form = reported.EscalationRequested(request_id="request-9")
    unplaced = event(form, MONDAY, subject="request/request-9")
    rejected = given().when(unplaced).then_rejected("case-number-missing")
    assert rejected.case_id is None and rejected.receipt.policy.name == "resolutions-desk"
    given(unplaced).when(event(form, MONDAY, subject="request/request-9")).then_nothing()


@pytest.mark.rule("002-11", "002-17", "002-18")
def test_three_duties_begin_counted_in_working_days() -> None:
    accepted = given(OPENED).when(asked()).then_accepted()
    assert duties(accepted) == {
        "acknowledge": MONDAY + DAY,
        "agent-update": MONDAY + 2 * DAY,
        "team-update": MONDAY + 7 * DAY,
    }


@pytest.mark.rule("002-11")
@pytest.mark.parametrize(
    ("asked_at", "due"),
    [
        ("2030-01-11T15:00", "2030-01-14T15:00"),  # Friday: the same time on Monday
        ("2030-01-12T10:00", "2030-01-14T10:00"),  # Saturday: the next working day is Monday
        ("2030-01-07T20:00", "2030-01-08T17:00"),  # after hours: clipped to the closing
        ("2030-01-07T06:00", "2030-01-08T09:00"),  # before hours: clipped to the opening
    ],
)
def test_one_working_day_is_the_same_wall_time_on_the_next_one(asked_at: str, due: str) -> None:
    at = datetime.fromisoformat(f"{asked_at}:00+00:00")
    accepted = given(OPENED).when(asked(at)).then_accepted()
    assert duties(accepted)["acknowledge"] == datetime.fromisoformat(f"{due}:00+00:00")


@pytest.mark.rule("002-12")
def test_the_receipt_holds_the_score_and_whether_it_goes_first() -> None:
    pressing = given(OPENED).when(asked(business_impact="critical")).then_accepted()
    minor = given(opened(MONDAY, program="resolutions-desk")).when(asked()).then_accepted()
    assert pressing.receipt.facts["triage"]["parts"] == {"impact": 5, "age": 4}
    assert pressing.receipt.facts["triage"]["prioritised"] is True
    assert minor.receipt.facts["triage"]["prioritised"] is False


@pytest.mark.rule("002-12")
@pytest.mark.parametrize("impact", ["limited", "moderate", "major", "critical"])
def test_a_case_under_investigation_for_long_goes_first_whatever_its_impact(impact: str) -> None:
    old = given(opened(MONDAY - 36 * DAY, program="resolutions-desk"))
    assert (
        old.when(asked(business_impact=impact))
        .then_accepted()
        .receipt.facts["triage"]["prioritised"]
    )


@pytest.mark.rule("002-17")
def test_a_public_comment_of_an_agent_is_an_update_and_the_next_is_due_from_it() -> None:
    update = running().when(by_agent("We look into it", MONDAY + HOUR)).then(decided.UpdateGiven)
    assert update.comment_id is not None and update.audience == "customer"
    assert [(one.duty, one.kept) for one in update.fulfilled] == [("agent-update", True)]
    assert [(one.duty, one.due_at) for one in update.duties] == [
        ("agent-update", MONDAY + HOUR + 2 * DAY)
    ]


@pytest.mark.rule("002-17")
def test_nobody_elses_comment_and_no_internal_one_is_an_update() -> None:
    internal = commented("x", MONDAY + HOUR, author_role="agent", visibility="internal")
    running().when(internal).then_nothing()
    running().when(commented("x", MONDAY + HOUR, author_role="manager")).then_nothing()


@pytest.mark.rule("002-18")
def test_the_teams_update_is_kept_by_what_the_team_reports_alone() -> None:
    reported_one = running().when(did(reported.UpdateGiven, MONDAY + HOUR)).decisions[0]
    assert isinstance(reported_one, decided.UpdateGiven)
    assert [one.duty for one in reported_one.fulfilled] == ["team-update"]
    internal = did(reported.UpdateGiven, MONDAY + HOUR, audience="internal")
    assert running().when(internal).then(decided.UpdateGiven).fulfilled == []


@pytest.mark.rule("002-13")
def test_asking_the_customer_pauses_both_cadences_and_the_answer_sets_them_going() -> None:
    question = did(reported.InformationRequested, MONDAY + 3 * HOUR)
    first, *stopped = running().when(question).decisions
    assert first.name == "information-requested"
    assert [(one.duty, one.due_at, one.why) for one in stopped] == [  # type: ignore[attr-defined]
        ("agent-update", None, "paused"), ("team-update", None, "paused"),
    ]  # fmt: skip
    waiting = given(*running().history, question)
    # Two hours of Monday, Tuesday and three hours of Wednesday were left: thirteen.
    answered = waiting.when(commented("Here you are", MONDAY + 3 * DAY))  # Thursday noon
    assert [(one.duty, one.due_at, one.why) for one in answered.decisions] == [  # type: ignore[attr-defined]
        ("agent-update", MONDAY + 4 * DAY + 5 * HOUR, "resumed"),
        ("team-update", MONDAY + 9 * DAY + 5 * HOUR, "resumed"),
    ]  # fmt: skip


@pytest.mark.rule("002-13")
def test_what_is_paused_is_not_missed_and_the_acknowledgement_is_not_paused() -> None:
    waiting = given(*running().history, did(reported.InformationRequested, MONDAY + HOUR))
    missed = waiting.when_time_is(MONDAY + 30 * DAY).decisions
    assert [one.duty for one in missed] == ["acknowledge"]  # type: ignore[attr-defined]


def test_of_a_recurring_duty_that_is_missed_the_next_is_due_from_there() -> None:
    late = running().when_time_is(MONDAY + 4 * DAY).decisions
    assert [(one.duty, one.due_at) for one in late] == [  # type: ignore[attr-defined]
        ("acknowledge", MONDAY + DAY),
        ("agent-update", MONDAY + 2 * DAY),
        ("agent-update", MONDAY + 4 * DAY),
    ]


@pytest.mark.rule("002-15")
def test_the_agent_or_the_team_raises_one_level_at_a_time() -> None:
    def raised(to: str, *roles: str) -> Reported:
        return did(
            reported.LevelRaised, MONDAY + HOUR, to=to, by=person("agent", roles=list(roles))
        )

    running().when(raised("team-manager", "support-agent")).then(
        decided.LevelRaised, to="team-manager"
    )
    running().when(raised("team-manager", "resolutions-team")).then(decided.LevelRaised)
    running().when(raised("team-manager", "sales")).then_refused("role-missing")
    running().when(raised("executive")).then_refused("role-missing", "level-not-next")


@pytest.mark.rule("002-16")
def test_a_shared_plan_is_recorded() -> None:
    shared = did(reported.ActionPlanShared, MONDAY + HOUR, plan="First, then", version=1)
    running().when(shared).then(decided.ActionPlanShared, version=1)


@pytest.mark.rule("002-18", "002-19")
def test_the_end_waits_for_an_improvement_or_a_waiver() -> None:
    closed = did(reported.Closed, MONDAY + DAY, resolution="fixed")
    running().when(closed).then(decided.MonitoringHeld, owed=["improvement"])
    held = given(*running().history, closed)
    waived = did(reported.ImprovementWaived, MONDAY + 2 * DAY, reason="none")
    assert [one.name for one in held.when(waived).decisions] == [
        "improvement-waived", "monitoring-ended",
    ]  # fmt: skip
    (_, ended) = held.when(waived).decisions
    assert isinstance(ended, decided.MonitoringEnded) and ended.why == "resolved"


@pytest.mark.rule("002-19")
def test_an_improvement_named_before_lets_the_end_come_at_once() -> None:
    learnt = did(reported.ImprovementIdentified, MONDAY + HOUR, category="docs")
    improved = given(*running().history, learnt)
    improved.when(did(reported.Closed, MONDAY + DAY)).then(decided.MonitoringEnded, why="closed")


@pytest.mark.rule("002-18")
def test_it_may_be_asked_for_again_after_the_end() -> None:
    learnt = did(reported.ImprovementIdentified, MONDAY + HOUR, category="docs")
    over = [learnt, did(reported.Closed, MONDAY + DAY), did(reported.Reopened, MONDAY + DAY)]
    again = given(*running().history, *over)
    again.when(asked(MONDAY + 2 * DAY, request_id="request-2")).then_accepted()
    running().when(asked(MONDAY + DAY, request_id="request-2")).then_rejected("already-escalated")


def test_history_that_arrives_whole_misses_nothing_that_it_refutes() -> None:
    """A year-old case, replayed today: a comment every day kept the agent's duty."""
    today = MONDAY + 365 * DAY
    told = [OPENED, asked(), did(reported.EscalationAcknowledged, MONDAY + HOUR)]
    told += [by_agent("Day by day", MONDAY + n * DAY) for n in range(1, 5)]
    replayed = given(*told, recorded_at=today)
    kept = [
        one.kept
        for decision in replayed.decisions
        if isinstance(decision, decided.Recorded)
        for one in decision.fulfilled
    ]
    assert kept == [True] * 5
    assert replayed.when_time_is(today + timedelta(minutes=4)).decisions == ()
    assert replayed.when_time_is(today + timedelta(minutes=5)).decisions != ()


@pytest.mark.rule("002-06")
def test_whatever_else_the_form_says_without_a_case_there_is_no_case_number() -> None:
    fact = asked(case_number="CASE-9").data
    lonely = event(fact, MONDAY, subject="request/form-1")
    rejected = given(lonely).decisions[0]
    assert isinstance(rejected, decided.Rejected)
    assert [one.code for one in rejected.refusals] == ["case-number-missing"]
    assert [one.rule for one in rejected.receipt.rules] == ["case-number-is-given"]


@pytest.mark.rule("002-19")
@pytest.mark.parametrize(("resolution", "why"), [(None, "closed"), ("patched", "resolved")])
def test_what_was_held_ends_as_it_was_closed_and_owes_nothing_meanwhile(
    resolution: str | None, why: str
) -> None:
    held = given(OPENED, asked(), did(reported.Closed, MONDAY + HOUR, resolution=resolution))
    assert held.case.escalation is not None
    assert (held.case.escalation.status, held.case.escalation.duties) == ("monitored", ())
    waived = held.when(did(reported.ImprovementWaived, MONDAY + DAY, reason="none"))
    assert [one.name for one in waived.decisions] == ["improvement-waived", "monitoring-ended"]
    assert waived.decisions[1].why == why  # type: ignore[attr-defined]
    reopened = given(*held.history, did(reported.Reopened, MONDAY + 2 * HOUR))
    again = reopened.when(did(reported.Closed, MONDAY + 3 * HOUR, resolution="done"))
    again.then(decided.MonitoringHeld, owed=["improvement"])


@pytest.mark.rule("002-13")
def test_a_cadence_that_was_kept_while_it_stood_still_goes_on_with_a_whole_period() -> None:
    asked_back = did(reported.InformationRequested, MONDAY + HOUR)
    note = by_agent("We still wait for you", MONDAY + 2 * HOUR)
    story = given(*running().history, asked_back, note)
    assert story.case.escalation is not None
    stopped = {one.duty: one.due_at for one in story.case.escalation.duties}
    assert stopped["agent-update"] is None
    resumed = story.when(commented("Here it is", MONDAY + 3 * HOUR)).decisions
    due = {one.duty: one.due_at for one in resumed}  # type: ignore[attr-defined]
    assert due["agent-update"] == MONDAY + 2 * DAY + 3 * HOUR, "two working days from the answer"
    assert due["team-update"] == MONDAY + 7 * DAY + 2 * HOUR, "what was left of five"
