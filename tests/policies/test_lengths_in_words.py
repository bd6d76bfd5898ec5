"""How long a duty lasts, as a sentence of a policy says it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from policies.calendars import Calendar
from policies.entries import DutySpec
from policies.sentences import within, written
from tests.escalation.changes import changed

WEEK = Calendar(timezone="UTC")
ALL_DAY = Calendar(hours=((("00:00", "24:00"),),) * 5 + ((),) * 2)
BY_SEVERITY = {"S1": "PT30M", "S2": "PT4H"}


def duty(**more: Any) -> DutySpec:
    least = {"duty": "acknowledge", "clock": "elapsed", "kept_by": ["acknowledged"],
             "owed_by": "team", "kind": "promise", "statement": "002-11"}  # fmt: skip
    return DutySpec.model_validate(least | more)


@pytest.mark.parametrize(
    ("spec", "calendar", "severity", "said"),
    [
        ({"length": "PT1H"}, WEEK, None, "within one hour"),
        ({"length": "PT9H"}, WEEK, None, "within nine hours"),
        ({"length": "PT10H"}, WEEK, None, "within 10 hours"),
        ({"length": "P2D"}, WEEK, None, "within 48 hours"),
        ({"length": "PT1M"}, WEEK, None, "within one minute"),
        ({"length": "PT90M"}, WEEK, None, "within 90 minutes"),
        ({"length": "PT8H", "clock": "working"}, WEEK, None, "within eight working hours"),
        ({"length": "PT30M", "clock": "working"}, WEEK, None, "within 30 working minutes"),
        ({"length": "PT24H", "clock": "working"}, ALL_DAY, None, "within 24 hours"),
        ({"working_days": 1, "clock": "working"}, WEEK, None, "within one working day"),
        ({"working_days": 2, "clock": "working"}, WEEK, None, "within two working days"),
        ({"length": "PT8H", "by_severity": BY_SEVERITY}, WEEK, "S1", "within 30 minutes"),
        ({"length": "PT8H", "by_severity": BY_SEVERITY}, WEEK, "S2", "within four hours"),
        ({"length": "PT8H", "by_severity": BY_SEVERITY}, WEEK, "S3", "within eight hours"),
        ({"length": "PT8H", "by_severity": BY_SEVERITY}, WEEK, None, "within eight hours"),
    ],
)
def test_a_length_is_said_as_people_say_it(
    spec: dict[str, Any], calendar: Calendar, severity: str | None, said: str
) -> None:
    assert within(duty(**spec), calendar, severity) == said


def test_a_daily_duty_is_said_by_its_hour_and_a_plans_by_the_plan() -> None:
    policy = changed("engineer-led")
    specs = {one.duty: one for one in policy.duties}
    assert within(specs["daily-status"], WEEK) == "by 17:00 on each working day"
    assert within(specs["next-update"], WEEK) == "as often as the communication plan says"


def test_a_sentence_says_the_lengths_of_the_duties_that_it_names() -> None:
    policy = changed("engineer-led")
    text = "Evaluated {evaluate}, a call {kickoff-call}; {nobody} knows {this}."
    assert (
        written(text, policy)
        == "Evaluated within four hours, a call "
        + within(next(one for one in policy.duties if one.duty == "kickoff-call"), policy.calendar)
        + "; {nobody} knows {this}."
    )
    assert timedelta(hours=4) == policy.specs["evaluate"].length
