"""Pauses, severities and calendars: what was left is kept, time that was used stays used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from policies.calendar_changes import with_change
from policies.catalogue import Policies
from policies.model import Policy
from schemas import decided, reported
from schemas.codec import Reported
from services.escalation.core.case import Case, Moment
from services.escalation.core.decider import apply, recalendar
from tests.spec import POLICIES, Given
from tests.stories import CASE, DAY, HOUR, NOON, commented, did, opened, requested

ASKED = NOON + 9 * HOUR
MINUTE = timedelta(minutes=1)


def policies_with(name: str, **entries: Any) -> Policies:
    """The shipped policies, one of them with other entries."""
    data = POLICIES.versions[name][0].model_dump(mode="json") | entries
    return Policies(POLICIES.versions | {name: (Policy.model_validate(data),)}, name)


def with_first_contact(**entries: Any) -> Policies:
    duties = POLICIES.versions["time-gated"][0].model_dump(mode="json")["duties"]
    return policies_with("time-gated", duties=[duties[0] | entries])


def due(case: Case, duty: str) -> Any:
    assert case.escalation is not None
    return {one.duty: one.due_at for one in case.escalation.duties}[duty]


def asked(hours: float) -> Reported:
    return did(reported.InformationRequested, ASKED + hours * HOUR)


def answered(hours: float) -> Reported:
    return commented("Here it is.", ASKED + hours * HOUR)


def severity(hours: float, to: str) -> Reported:
    return did(reported.SeverityChanged, ASKED + hours * HOUR, severity=to)


# --- severity --------------------------------------------------------------------------------


@pytest.mark.rule("000-19", "002-13")
def test_a_shorter_length_takes_away_what_was_shortened_and_not_the_pause() -> None:
    own = with_first_contact(pauses=True, by_severity={"S1": "PT24H", "S2": "PT20H"})
    paused = (opened(), requested(ASKED), asked(6), answered(18))
    story = Given(paused, own, ASKED)
    assert due(story.case, "first-contact") == ASKED + 36 * HOUR
    assert due(story.when(severity(20, "S2"), recorded_at=ASKED).case, "first-contact") == (
        ASKED + 32 * HOUR
    )


@pytest.mark.rule("000-19", "002-13")
def test_a_severity_that_changes_during_a_pause_counts_when_the_clock_goes_on() -> None:
    own = with_first_contact(pauses=True, by_severity={"S1": "PT24H", "S2": "PT20H"})
    story = Given((opened(), requested(ASKED), asked(6), severity(10, "S2")), own, ASKED)
    assert due(story.case, "first-contact") is None
    resumed = story.when(answered(18), recorded_at=ASKED).case
    assert due(resumed, "first-contact") == ASKED + 32 * HOUR


@pytest.mark.rule("000-19")
def test_what_is_used_up_is_due_at_once() -> None:
    own = with_first_contact(by_severity={"S1": "PT24H", "S2": "PT2H"})
    story = Given((opened(), requested(ASKED), severity(5, "S2")), own, ASKED)
    assert due(story.case, "first-contact") == ASKED + 5 * HOUR


LENGTHS = {"S1": 24, "S2": 40, "S3": 30, "S4": 7}
STEPS = st.lists(
    st.tuples(st.floats(0.1, 9), st.sampled_from(["pause", "S1", "S2", "S3", "S4"])), max_size=12
)


@settings(max_examples=150, deadline=None)
@for_all(STEPS)
def test_a_duty_is_due_when_its_clock_without_pauses_has_counted_its_length(
    steps: list[tuple[float, str]],
) -> None:
    """However often it pauses and the severity changes: an account of hours says the same."""
    own = with_first_contact(
        pauses=True, by_severity={name: f"PT{hours}H" for name, hours in LENGTHS.items()}
    )
    history = [opened(), requested(ASKED)]
    now, used, left, is_paused, current = 0.0, 0.0, 24.0, False, "S1"
    for hours, step in steps:
        now += hours
        if not is_paused:
            used, left = used + hours, left - hours
        if step == "pause":
            history.append(answered(now) if is_paused else asked(now))
            left = max(LENGTHS[current] - used, 0)
            is_paused = not is_paused
        else:
            history.append(severity(now, step))
            if step != current:
                left = max(LENGTHS[step] - used, 0)
            current = step
    case = Given(tuple(history), own, ASKED).case
    found = due(case, "first-contact")
    if is_paused:
        assert found is None
    else:
        overdue = left < 0  # nothing has moved it since it was due
        assert abs(found - (ASKED + (now + left) * HOUR)) < MINUTE or overdue


# --- calendars -------------------------------------------------------------------------------

FORM = {"subject": "x", "description": "x", "case_number": CASE, "business_impact": "major"}


def moved(before: Policies, story: Given, at: Any, **change: Any) -> Case:
    after = with_change(before, reported.CalendarChanged.model_validate({"version": 2} | change))
    assert not isinstance(after, str)
    return recalendar(story.case, CASE, (before, after), Moment(at, at, at))[0]


@pytest.mark.rule("002-13", "002-11")
@pytest.mark.parametrize("holiday", ["2030-01-08", "2030-01-09", "2030-01-10", "2030-01-14"])
def test_a_holiday_declared_during_a_pause_never_brings_the_due_instant_forward(
    holiday: str,
) -> None:
    desk = (opened(NOON - DAY, program="resolutions-desk"), requested(NOON, **FORM))
    question = did(reported.InformationRequested, NOON + HOUR)
    story = Given((*desk, question), POLICIES)
    answer = commented("Here it is.", NOON + 3 * HOUR)
    plain = Given((*desk, question, answer), POLICIES).case
    case = moved(POLICIES, story, NOON + 2 * HOUR, calendar="resolutions-desk", dates=[holiday])
    after = with_change(
        POLICIES,
        reported.CalendarChanged(calendar="resolutions-desk", version=2, dates=[holiday]),
    )
    assert not isinstance(after, str)
    stamp = NOON + 3 * HOUR
    case, _ = apply(case, answer, after, Moment(stamp, stamp, stamp))
    for duty in ("agent-update", "team-update"):
        assert due(case, duty) >= due(plain, duty)
        assert due(case, duty) <= due(plain, duty) + DAY * 3


def test_a_calendar_belongs_to_the_policies_that_name_it() -> None:
    berlin = policies_with("resolutions-desk", calendar={"timezone": "Europe/Berlin"})
    named = {"name": "shared", "timezone": "Asia/Tokyo", "hours": {"monday": "10:00-12:00"}}
    both = policies_with("engineer-led", calendar=named)
    shared = Policies(
        berlin.versions
        | {
            "engineer-led": both.versions["engineer-led"],
            "templated": (
                POLICIES.versions["templated"][0].model_copy(
                    update={"calendar": both.versions["engineer-led"][0].calendar.model_copy(
                        update={"timezone": POLICIES.versions["templated"][0].calendar.timezone}
                    )}
                ),
            ),
        },
        "time-gated",
    )  # fmt: skip
    change = reported.CalendarChanged(calendar="shared", version=2, dates=["2030-01-08"])
    after = with_change(shared, change)
    assert not isinstance(after, str)
    zones = {one.policy: one.calendar.timezone.key for one in after}
    off = {one.policy for one in after if one.calendar.holidays}
    assert off == {"engineer-led", "templated"}
    assert zones["engineer-led"] == "Asia/Tokyo" and zones["templated"] == "UTC"
    assert zones["resolutions-desk"] == "Europe/Berlin"
    unnamed = with_change(
        shared,
        reported.CalendarChanged(calendar="resolutions-desk", version=2, dates=["2030-01-08"]),
    )
    assert not isinstance(unnamed, str)
    assert {one.policy for one in unnamed if one.calendar.holidays} == {"resolutions-desk"}
    assert unnamed.version("resolutions-desk", 1).calendar.timezone.key == "Europe/Berlin"


# --- approval --------------------------------------------------------------------------------


@pytest.mark.rule("004-13")
def test_an_approval_is_counted_on_its_own_clock_and_moved_by_a_holiday() -> None:
    duties = POLICIES.versions["templated"][0].model_dump(mode="json")["duties"]
    (approval,) = [one for one in duties if one["begins"] == "approval-request"]
    own = policies_with(
        "templated", duties=[approval | {"clock": "working", "length": "PT8H"}]
    )  # fmt: skip
    role = {"id": "customer", "roles": ["escalation-requester"]}
    request = requested(
        NOON + HOUR, requested_by=role, template="case-approved", escalation_severity="high"
    )
    story = Given((opened(program="templated"), request), own)
    assert due(story.case, "approval") == NOON + DAY + HOUR
    later = moved(own, story, NOON + 2 * HOUR, calendar="templated", dates=["2030-01-08"])
    assert due(later, "approval") == NOON + 2 * DAY + HOUR


@pytest.mark.rule("004-13")
@pytest.mark.parametrize("answer", [reported.EscalationApproved, reported.EscalationDeclined])
@pytest.mark.parametrize(("hours", "kept"), [(1, True), (30, False)])
def test_an_answer_fulfils_the_approval(
    answer: type[reported.Fact], hours: int, kept: bool
) -> None:
    role = {"id": "customer", "roles": ["escalation-requester"]}
    request = requested(
        NOON + HOUR, requested_by=role, template="case-approved", escalation_severity="high"
    )
    by = {"id": "boss", "roles": ["escalation-manager"]}
    said = did(answer, NOON + (1 + hours) * HOUR, request_id="request-1", by=by)
    story = Given((opened(program="templated"), request), POLICIES).when(said)
    (found,) = story.decisions
    assert isinstance(found, decided.Accepted | decided.Declined)
    assert [(one.duty, one.kept) for one in found.fulfilled] == [("approval", kept)]
