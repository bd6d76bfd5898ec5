"""What can be done about an escalation, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas import decided, reported
from schemas.codec import Reported
from schemas.reported import Fact
from tests.spec import Given, given
from tests.stories import A_MOMENT, DAY, HOUR, NOON, did, opened, person, requested

ASKED = NOON + 9 * HOUR
LATER = ASKED + HOUR

RECORDED: list[tuple[type[Fact], dict[str, object], str]] = [
    (reported.ContactAttempted, {}, "contact-attempted"),
    (reported.CustomerContacted, {"mode": "phone"}, "customer-contacted"),
    (reported.InformationRequested, {}, "information-requested"),
    (reported.EscalationEvaluated, {}, "evaluated"),
    (reported.PrimaryContactAssigned, {"contact": person("expert")}, "primary-contact-assigned"),
    (reported.KickoffCallScheduled, {"at": "2030-01-08T09:00:00Z"}, "kickoff-scheduled"),
    (
        reported.CommunicationPlanAgreed,
        {"mode": "phone", "frequency": "PT4H", "attendees": [person("customer")]},
        "communication-plan-set",
    ),
    (reported.UpdateGiven, {}, "update-given"),
    (reported.ActionPlanShared, {"plan": "words", "version": 2}, "action-plan-shared"),
    (reported.TrendSet, {"trend": "improving"}, "trend-changed"),
    (reported.ImprovementIdentified, {"category": "docs"}, "improvement-identified"),
    (reported.ImprovementWaived, {"reason": "none found"}, "improvement-waived"),
]


def escalated() -> Given:
    return given(opened(), requested(ASKED))


@pytest.mark.parametrize(("kind", "data", "name"), RECORDED)
def test_an_action_on_a_running_escalation_is_recorded(
    kind: type[Fact], data: dict[str, object], name: str
) -> None:
    (decision,) = escalated().when(did(kind, LATER, **data)).decisions
    assert decision.name == name
    assert decision.escalation_id is not None


@pytest.mark.parametrize(("kind", "data", "name"), RECORDED)
def test_an_action_is_recorded_while_monitored_and_refused_after_the_end(
    kind: type[Fact], data: dict[str, object], name: str
) -> None:
    calmed = given(*escalated().history, did(reported.Deescalated, LATER))
    (decision,) = calmed.when(did(kind, LATER + HOUR, **data)).decisions
    assert decision.name == name
    ended = given(*calmed.history, did(reported.Closed, LATER + HOUR))
    ended.when(did(kind, LATER + DAY, **data)).then_refused("not-escalated")


@pytest.mark.parametrize(("kind", "data", "name"), RECORDED)
def test_an_action_without_case_or_escalation_is_refused(
    kind: type[Fact], data: dict[str, object], name: str
) -> None:
    given().when(did(kind, LATER, **data)).then_refused("case-unknown")
    given(opened()).when(did(kind, LATER, **data)).then_refused("not-escalated")


def test_an_escalation_is_acknowledged_once() -> None:
    first = did(reported.EscalationAcknowledged, LATER)
    acknowledged = given(*escalated().history, first)
    assert acknowledged.case.escalation is not None
    assert acknowledged.case.escalation.status == "acknowledged"
    again = did(reported.EscalationAcknowledged, LATER + A_MOMENT)
    acknowledged.when(again).then_refused("already-acknowledged")
    acknowledged.when(first).then_nothing()


def test_an_acknowledgement_of_another_escalation_is_refused() -> None:
    other = did(reported.EscalationAcknowledged, LATER, escalation_id="another")
    escalated().when(other).then_refused("not-escalated")


def test_levels_are_raised_one_at_a_time() -> None:
    skipping = did(reported.LevelRaised, LATER, to="executive")
    escalated().when(skipping).then_refused("level-not-next")
    raised = did(reported.LevelRaised, LATER, to="team-manager")
    escalated().when(raised).then(decided.LevelRaised, to="team-manager")
    given(*escalated().history, raised).when(
        did(reported.LevelRaised, LATER + HOUR, to="department-head")
    ).then(decided.LevelRaised)


@pytest.mark.rule("003-21")
@pytest.mark.parametrize(("frequency", "attendees"), [("PT0S", 1), ("-PT1H", 1), ("PT1H", 0)])
def test_a_plan_needs_a_frequency_and_somebody_attending(frequency: str, attendees: int) -> None:
    plan = did(
        reported.CommunicationPlanAgreed, LATER,
        mode="email", frequency=frequency, attendees=[person()] * attendees,
    )  # fmt: skip
    escalated().when(plan).then_refused("plan-invalid")


@pytest.mark.rule("000-24")
@pytest.mark.rule("001-15")
@pytest.mark.rule("003-23")
def test_de_escalation_is_no_reversal_and_the_case_is_watched_until_it_closes() -> None:
    calm = did(reported.Deescalated, LATER)
    escalated().when(calm).then(decided.Deescalated, still_monitored=True)
    calmed = given(*escalated().history, calm)
    calmed.when(did(reported.Deescalated, LATER + HOUR)).then_refused("not-escalated")
    calmed.when(did(reported.LevelRaised, LATER + HOUR, to="team-manager")).then_refused(
        "not-escalated"
    )
    calmed.when(did(reported.Closed, LATER + HOUR)).then(decided.MonitoringEnded, why="closed")


def test_closing_ends_a_running_escalation_and_reopening_revives_nothing() -> None:
    closed = did(reported.Closed, LATER, resolution="fixed")
    escalated().when(closed).then(decided.MonitoringEnded, why="closed")
    reopened = given(*escalated().history, closed, did(reported.Reopened, LATER + HOUR))
    reopened.when(did(reported.EscalationAcknowledged, LATER + DAY)).then_refused("not-escalated")
    reopened.when(requested(LATER + DAY, "request-2")).then_rejected("already-escalated")


def test_a_voided_escalation_gets_no_end() -> None:
    voided = did(reported.EscalationVoided, LATER, reason="entered-by-mistake")
    escalated().when(voided).then(decided.Voided, restores_right=True)
    given(*escalated().history, voided).when(did(reported.Closed, LATER + HOUR)).then_nothing()


def test_severity_and_contact_changes_are_decided_while_it_is_watched() -> None:
    lower = did(reported.SeverityChanged, LATER, severity="S3")
    escalated().when(lower).then(decided.SeverityChanged, severity="S3")
    given(*escalated().history, lower).when(
        did(reported.SeverityChanged, LATER + HOUR, severity="S3")
    ).then_nothing()
    contact = did(reported.ContactChanged, LATER, contact=person("deputy"))
    escalated().when(contact).then(decided.ContactChanged, contact_id="deputy")
    given(opened()).when(contact).then_nothing()


def test_an_approval_where_none_is_awaited_is_refused() -> None:
    approval = did(reported.EscalationApproved, LATER, request_id="request-1")
    escalated().when(approval).then_refused("not-escalated")


# --- duties --------------------------------------------------------------------------------


@pytest.mark.rule("000-22")
@pytest.mark.rule("000-25")
@pytest.mark.parametrize("kind", [reported.ContactAttempted, reported.CustomerContacted])
@pytest.mark.parametrize(
    ("after", "kept"), [(timedelta(hours=24), True), (timedelta(hours=25), False)]
)
def test_first_contact_is_kept_by_its_own_time(
    kind: type[Fact], after: timedelta, kept: bool
) -> None:
    (decision,) = escalated().when(did(kind, ASKED + after)).decisions
    assert isinstance(decision, decided.Recorded)
    (fulfilment,) = decision.fulfilled
    assert (fulfilment.duty, fulfilment.kept) == ("first-contact", kept)


def test_a_missed_duty_is_decided_once_and_can_still_be_fulfilled_once() -> None:
    story = escalated()
    story.when_time_is(ASKED + DAY - A_MOMENT).then_nothing()
    missed = story.when_time_is(ASKED + DAY).then(decided.DeadlineMissed, duty="first-contact")
    assert missed.due_at == ASKED + DAY


@pytest.mark.parametrize(
    "end",
    [
        did(reported.Deescalated, LATER),
        did(reported.Closed, LATER),
        did(reported.EscalationVoided, LATER, reason="unrelated-case"),
    ],
)
def test_the_end_drops_open_duties_without_a_word(end: Reported) -> None:
    given(*escalated().history, end).when_time_is(NOON + 9 * DAY).then_nothing()


def test_back_dated_history_gets_five_minutes_to_arrive_whole() -> None:
    now = NOON + 30 * DAY
    case = given(opened()).when(requested(ASKED), recorded_at=now).case
    assert case.escalation is not None
    (duty,) = case.escalation.duties
    assert duty.fires_at == now + timedelta(minutes=5)
