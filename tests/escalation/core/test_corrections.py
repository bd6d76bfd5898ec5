"""What turns out to be wrong is put right by further facts: voids, late reports, other contacts,
other severities, holidays declared late, cases reopened."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from schemas import decided, reported
from services.escalation.core.calendar_changes import calendar_after
from services.escalation.core.case import Moment
from services.escalation.core.decider import apply, recalendar
from services.escalation.core.policies import Policies
from services.escalation.core.policy import Policy
from tests.spec import POLICIES, Given, given
from tests.stories import CASE, DAY, HOUR, NOON, did, opened, person, requested

ASKED = NOON + 9 * HOUR
GATED = given(opened(), requested(ASKED))


@pytest.mark.rule("000-16", "000-24")
@pytest.mark.parametrize(
    ("reason", "restores", "may_again"),
    [
        ("unrelated-case", None, True), ("entered-by-mistake", None, True),
        ("exception-request", None, False), ("exception-request", True, True),
        ("entered-by-mistake", False, False),
    ],
)  # fmt: skip
def test_a_void_restores_the_right_or_not(
    reason: str, restores: bool | None, may_again: bool
) -> None:
    void = did(reported.EscalationVoided, ASKED + HOUR, reason=reason, restores_right=restores)
    GATED.when(void).then(decided.Voided, restores_right=may_again)
    again = given(*GATED.history, void).when(requested(ASKED + 2 * HOUR, "request-2"))
    if may_again:
        again.then_accepted()
    else:
        again.then_rejected("already-escalated")


def test_a_voided_escalation_owes_nothing_any_more() -> None:
    void = did(reported.EscalationVoided, ASKED + HOUR, reason="entered-by-mistake")
    story = given(*GATED.history, void)
    assert story.when_time_is(ASKED + 30 * DAY).decisions == ()
    story.when(did(reported.CustomerContacted, ASKED + 2 * HOUR)).then_refused("not-escalated")


@pytest.mark.rule("000-22")
def test_a_late_report_keeps_a_duty_that_was_missed_without_rewriting_it() -> None:
    missed = GATED.when_time_is(ASKED + 2 * DAY)
    assert [one.name for one in missed.decisions] == ["deadline-missed"]
    call = did(reported.CustomerContacted, ASKED + HOUR)
    late = Moment(call.time, ASKED + 2 * DAY, ASKED + 2 * DAY)
    case, (found,) = apply(missed.case, call, POLICIES, late)
    assert isinstance(found, decided.CustomerContacted)
    assert [(one.duty, one.kept) for one in found.fulfilled] == [("first-contact", True)]
    assert case.escalation is not None and case.escalation.duties == ()


@pytest.mark.rule("000-27", "001-19")
def test_another_contact_is_recorded_once() -> None:
    change = did(reported.ContactChanged, ASKED + HOUR, contact=person("eve"))
    GATED.when(change).then(decided.ContactChanged, contact_id="eve")
    same = did(reported.ContactChanged, ASKED + 2 * HOUR, contact=person("eve"))
    given(*GATED.history, change).when(same).then_nothing()


@pytest.mark.rule("000-19")
def test_another_severity_plans_duties_anew_that_depend_on_it() -> None:
    by_severity = {"S1": "PT24H", "S2": "PT12H"}
    duties = [
        spec.model_dump(mode="json") | {"by_severity": by_severity}
        for spec in POLICIES.versions["time-gated"][0].duties
    ]
    policy = Policy.model_validate(
        POLICIES.versions["time-gated"][0].model_dump(mode="json") | {"duties": duties}
    )
    own = Policies(POLICIES.versions | {"time-gated": (policy,)}, "time-gated")
    story = Given((opened(), requested(ASKED)), own)
    change = did(reported.SeverityChanged, ASKED + HOUR, severity="S2")
    first, moved = story.when(change).decisions
    assert first.name == "severity-changed"
    assert isinstance(moved, decided.DutyReplanned)
    assert (moved.was_due_at, moved.due_at, moved.why) == (
        ASKED + DAY, ASKED + 12 * HOUR, "severity-changed",
    )  # fmt: skip


@pytest.mark.rule("001-17", "002-11")
def test_a_holiday_declared_late_plans_open_duties_anew() -> None:
    monday = NOON
    form = {
        "subject": "x", "description": "x", "case_number": CASE, "business_impact": "major",
    }  # fmt: skip
    story = given(
        opened(monday - DAY, program="resolutions-desk"), requested(monday, **form)
    )  # fmt: skip
    tomorrow = date(2030, 1, 8)
    change = reported.CalendarChanged(calendar="resolutions-desk", version=2, dates=[str(tomorrow)])
    calendar = calendar_after(POLICIES, change)
    assert not isinstance(calendar, str)
    after = POLICIES.with_calendar(calendar)
    now = Moment(monday + HOUR, monday + HOUR, monday + HOUR)
    _, moved = recalendar(story.case, CASE, (POLICIES, after), now)
    assert [(one.duty, one.due_at, one.why) for one in moved] == [  # type: ignore[attr-defined]
        ("acknowledge", monday + 2 * DAY, "calendar-changed"),
        ("agent-update", monday + 3 * DAY, "calendar-changed"),
        ("team-update", monday + 8 * DAY, "calendar-changed"),
    ]  # fmt: skip
    _, again = recalendar(story.case, CASE, (after, after), now)
    assert again == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"calendar": "moon"}, {"timezone": "Middle/Earth"}, {"working_hours": {"moonday": []}},
        {"working_hours": [[]] * 7}, {"working_hours": "always"},
    ],
)  # fmt: skip
def test_a_change_that_cannot_be_used_says_why(wrong: dict[str, object]) -> None:
    data = {"calendar": "resolutions-desk", "version": 2} | wrong
    change = reported.CalendarChanged.model_validate(data)
    assert isinstance(calendar_after(POLICIES, change), str)


def test_reopening_revives_nothing_and_the_window_counts_from_the_first_opening() -> None:
    over = [did(reported.Closed, ASKED + HOUR), did(reported.Reopened, ASKED + 2 * HOUR)]
    story = given(*GATED.history, *over)
    story.when(did(reported.EscalationAcknowledged, ASKED + 3 * HOUR)).then_refused("not-escalated")
    rejected = story.when(requested(ASKED + DAY, "request-2")).then_rejected("already-escalated")
    assert rejected.eligible_at == NOON + 8 * HOUR
    reopened = given(opened(), did(reported.Closed, NOON + HOUR),
                     did(reported.Reopened, NOON + 20 * HOUR))  # fmt: skip
    reopened.when(requested(NOON + 20 * HOUR + timedelta(seconds=1))).then_accepted()
