"""What turns out to be wrong is put right by further facts: voids, late reports, other contacts,
other severities, holidays declared late, cases reopened."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from policies.calendar_changes import merged, with_change
from policies.catalogue import Policies
from policies.model import Policy
from schemas import decided, reported
from schemas.codec import Reported
from services.escalation.core.case import Moment
from services.escalation.core.decider import apply, recalendar
from tests.spec import POLICIES, Given, given
from tests.stories import CASE, DAY, HOUR, NOON, commented, did, opened, person, requested

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
    after = with_change(POLICIES, change)
    assert not isinstance(after, str)
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
    assert isinstance(with_change(POLICIES, change), str)


def test_reopening_revives_nothing_and_the_window_counts_from_the_first_opening() -> None:
    over = [did(reported.Closed, ASKED + HOUR), did(reported.Reopened, ASKED + 2 * HOUR)]
    story = given(*GATED.history, *over)
    story.when(did(reported.EscalationAcknowledged, ASKED + 3 * HOUR)).then_refused("not-escalated")
    rejected = story.when(requested(ASKED + DAY, "request-2")).then_rejected("already-escalated")
    assert rejected.eligible_at == NOON + 8 * HOUR
    reopened = given(opened(), did(reported.Closed, NOON + HOUR),
                     did(reported.Reopened, NOON + 20 * HOUR))  # fmt: skip
    reopened.when(requested(NOON + 20 * HOUR + timedelta(seconds=1))).then_accepted()


def with_first_contact(**entries: object) -> Policies:
    """Time-gated, where the first contact is counted in another way."""
    policy = POLICIES.versions["time-gated"][0].model_dump(mode="json")
    policy["duties"] = [policy["duties"][0] | entries]
    own = Policy.model_validate(policy)
    return Policies(POLICIES.versions | {"time-gated": (own,)}, "time-gated")


@pytest.mark.rule("002-13", "000-20")
@pytest.mark.parametrize(("asked_after", "left"), [(HOUR, 23), (20 * HOUR, 4), (30 * HOUR, 0)])
def test_an_elapsed_clock_goes_on_with_what_was_left(asked_after: timedelta, left: int) -> None:
    own = with_first_contact(pauses=True)
    question = did(reported.InformationRequested, ASKED + asked_after)
    story = Given((opened(), requested(ASKED), question), own, ASKED)
    (paused,) = story.decisions[2:]
    assert (paused.name, paused.due_at) == ("duty-replanned", None)  # type: ignore[attr-defined]
    answer = commented("Here it is", ASKED + 40 * HOUR)
    moved = story.when(answer, recorded_at=ASKED).then(decided.DutyReplanned, why="resumed")
    assert moved.due_at == ASKED + (40 + left) * HOUR


@pytest.mark.rule("000-19")
def test_a_severity_moves_only_open_duties_that_depend_on_it() -> None:
    own = with_first_contact(by_severity={"S1": "PT24H", "S2": "PT12H"})
    begun = (opened(), requested(ASKED))
    story = Given(begun, own)
    higher = did(reported.SeverityChanged, ASKED + HOUR, severity="S3")
    assert [one.name for one in story.when(higher).decisions] == ["severity-changed"], "no length"
    missed = story.when_time_is(ASKED + 2 * DAY).case
    late = did(reported.SeverityChanged, ASKED + 2 * DAY, severity="S2")
    now = Moment(late.time, late.time, late.time)
    assert [one.name for one in apply(missed, late, own, now)[1]] == ["severity-changed"]
    call = did(reported.CustomerContacted, ASKED + HOUR)
    kept = Given((*begun, call), own).when(late)
    assert [one.name for one in kept.decisions] == ["severity-changed"]


def test_a_change_names_what_changes_and_leaves_the_rest() -> None:
    base = POLICIES.version("resolutions-desk", 1).calendar
    half = [["09:00", "13:00"]]
    changed = with_change(
        POLICIES,
        reported.CalendarChanged.model_validate({
            "calendar": "resolutions-desk", "version": 2, "timezone": "Asia/Tokyo",
            "working_hours": [half] * 5 + [[], []],
            "dates": [
                "2030-01-08", {"date": "2030-01-09"}, {"date": "2030-01-12", "kind": "working"},
                {"date": "2030-01-13", "kind": "working", "hours": half},
            ],
        }),
    )  # fmt: skip
    assert not isinstance(changed, str)
    whole = changed.version("resolutions-desk", 1).calendar
    assert whole.name == "resolutions-desk" and whole.timezone.key == "Asia/Tokyo"
    assert whole.hours == ((("09:00", "13:00"),),) * 5 + ((), ())
    assert whole.holidays == {date(2030, 1, 8), date(2030, 1, 9)}
    assert dict(whole.worked) == {
        date(2030, 1, 12): (), date(2030, 1, 13): (("09:00", "13:00"),),
    }  # fmt: skip
    nothing = reported.CalendarChanged(calendar="resolutions-desk", version=2)
    same = with_change(POLICIES, nothing)
    assert not isinstance(same, str) and same.version("resolutions-desk", 1).calendar == base
    unknown = with_change(POLICIES, reported.CalendarChanged(calendar="moon", version=1))
    assert unknown == "no policy uses a calendar named moon"
    none = reported.CalendarChanged(calendar="resolutions-desk", version=2, timezone="Moon")
    assert "calendar resolutions-desk: " in str(with_change(POLICIES, none))
    merged_once = merged(None, nothing)
    assert merged_once == nothing
    zone = reported.CalendarChanged(
        calendar="c", version=2, timezone="Asia/Tokyo", dates=["2030-01-08"]
    )
    hours = reported.CalendarChanged.model_validate(
        {"calendar": "c", "version": 3, "working_hours": [half] * 7}
    )
    both = merged(zone, hours)
    assert (both.calendar, both.version, both.timezone) == ("c", 3, "Asia/Tokyo")
    assert (both.working_hours, both.dates) == ([half] * 7, ["2030-01-08"])
    back = merged(both, reported.CalendarChanged(calendar="c", version=4, timezone="UTC", dates=[]))
    assert (back.timezone, back.dates, back.working_hours) == ("UTC", [], [half] * 7)


@pytest.mark.rule("002-11", "002-13")
def test_a_holiday_moves_only_clocks_that_run_and_follow_the_calendar() -> None:
    form = {
        "subject": "x", "description": "x", "case_number": CASE, "business_impact": "major",
    }  # fmt: skip
    desk = (opened(NOON - DAY, program="resolutions-desk"), requested(NOON, **form))
    question = did(reported.InformationRequested, NOON + HOUR)
    answer = commented("Here it is", NOON + 3 * HOUR)
    off = [str(date(2030, 1, 8)), str(date(2030, 1, 15))]
    paused = moved_by("resolutions-desk", off, *desk, question)
    assert paused == {"acknowledge": NOON + 2 * DAY}, "what stands still has no due instant"
    going_on = moved_by("resolutions-desk", off, *desk, question, answer)
    assert going_on == {
        "acknowledge": NOON + 2 * DAY,
        "agent-update": NOON + 3 * DAY + 2 * HOUR,
        "team-update": NOON + 9 * DAY + 2 * HOUR,
    }, "what was left stays as long as it was"
    led = (opened(NOON - DAY, program="engineer-led"), requested(NOON))
    assert moved_by("engineer-led", [str(date(2030, 1, 8))], *led) == {
        "daily-status": NOON + 2 * DAY + 5 * HOUR
    }, "elapsed clocks know no holidays"
    assert moved_by("resolutions-desk", off, *led) == {}, "another policy's calendar"


def moved_by(name: str, days: list[str], *history: Reported) -> dict[str, object]:
    """The duties that these days off plan anew, and when they are due then."""
    change = reported.CalendarChanged.model_validate(
        {"calendar": name, "version": 2, "dates": days}
    )  # fmt: skip
    after = with_change(POLICIES, change)
    assert not isinstance(after, str)
    at = history[-1].time
    case, moved = recalendar(
        given(*history).case, CASE, (POLICIES, after), Moment(at, at, at)
    )  # fmt: skip
    assert case.escalation is not None
    open_now = {one.duty: one.due_at for one in case.escalation.duties}
    replans = [one for one in moved if isinstance(one, decided.DutyReplanned)]
    assert len(replans) == len(moved)
    found: dict[str, object] = {one.duty: one.due_at for one in replans}
    assert found.items() <= open_now.items()
    for one in replans:
        assert (one.case_id, one.escalation_id) == (CASE, case.escalation.id)
        assert one.why == "calendar-changed"
    return found


def test_a_missed_duty_is_not_planned_anew() -> None:
    form = {
        "subject": "x", "description": "x", "case_number": CASE, "business_impact": "major",
    }  # fmt: skip
    story = given(opened(NOON - DAY, program="resolutions-desk"), requested(NOON, **form))
    missed = story.when_time_is(NOON + DAY).case
    change = reported.CalendarChanged(calendar="resolutions-desk", version=2, dates=["2030-01-08"])
    after = with_change(POLICIES, change)
    assert not isinstance(after, str)
    now = Moment(NOON + DAY, NOON + DAY, NOON + DAY)
    _, moved = recalendar(missed, CASE, (POLICIES, after), now)
    assert [one.duty for one in moved] == ["agent-update", "team-update"]  # type: ignore[attr-defined]
