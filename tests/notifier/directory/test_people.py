"""What is kept of the case topic."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas import reported
from schemas.codec import Reported
from services.notifier.directory.people import CaseFact, Learnt, learnt
from tests.stories import CASE, NOON, commented, did, opened, person, requested


def hear(*events: Reported) -> Learnt:
    said = [
        CaseFact(event, number, NOON + timedelta(seconds=number))
        for number, event in enumerate(events)
    ]
    return learnt(said)


def test_a_person_is_known_by_what_was_said_last() -> None:
    ann = person("ann", name="Ann", email="ann@old.example", timezone="Europe/Berlin")
    moved = person("ann", email="ann@new.example", name=" ", phone="+49 1", working_hours="9 to 5")
    found = hear(opened(opened_by=ann), did(reported.ContactChanged, NOON, contact=moved))
    row = found.people[CASE, "ann"]
    assert (row.name, row.email, row.timezone) == ("Ann", "ann@new.example", "Europe/Berlin")
    assert (row.phone, row.working_hours) == ("+49 1", "9 to 5")


@pytest.mark.parametrize("hours", [2**63, -(2**70), 1.5, True, [2**63], {"mon": 2**63}])
def test_working_hours_of_any_shape_are_kept_as_text(hours: object) -> None:
    ann = person("ann", working_hours=hours)
    assert isinstance(hear(opened(opened_by=ann)).people[CASE, "ann"].working_hours, str)


def test_an_id_alone_is_no_person_to_keep() -> None:
    assert hear(opened()).people == {}


def test_everybody_in_a_list_is_met() -> None:
    attendees = [person("a", email="a@x.example"), person("b", email="b@x.example")]
    found = hear(
        did(reported.KickoffCallScheduled, NOON, at="2030-01-07T12:00:00Z", attendees=attendees)
    )
    assert {key for _, key in found.people} == {"a", "b"}


@pytest.mark.rule("001-11")
def test_a_request_and_a_public_comment_of_a_customer_are_remembered_in_their_words() -> None:
    found = hear(
        requested(NOON, "r-1"),
        commented(
            "<p>Escalation request:</p>it is <b>down &amp; out</b>", comment_id="c-1", format="html"
        ),
        commented("hidden", comment_id="c-2", visibility="internal"),
        commented("hello", comment_id="c-3", author_role="agent"),
    )
    assert [(row.ref, row.kind, row.comments) for row in found.asked.values()] == [
        ("r-1", "request", "We have waited for a week."),
        ("c-1", "comment", "Escalation request:\nit is down & out"),
    ]  # fmt: skip


@pytest.mark.rule("002-03", "002-04", "002-08", "002-10")
def test_a_form_is_remembered_as_it_was_filled() -> None:
    form = {
        "subject": "Orders", "description": "None is sent", "business_impact": "major",
        "template": "case", "escalation_severity": "high", "milestone_date": "2030-02-01",
        "situations": ["production-down"], "working_hours": {"from": "9", "to": "17"},
        "attachments": [{"name": "a.pdf"}, {"uri": "https://x.example/b"}], "source": "internal",
        "on_behalf_of": person("sponsor"), "checklist": {"impact_described": True},
    }  # fmt: skip
    (row,) = hear(requested(NOON, "r-1", **form)).asked.values()
    assert row.form == {
        "reason": "management-request", "subject": "Orders", "description": "None is sent",
        "business_impact": "major", "template": "case", "escalation_severity": "high",
        "milestone_date": "2030-02-01", "situations": ["production-down"],
        "working_hours": "from 9, to 17", "attachments": ["a.pdf", "https://x.example/b"],
        "source": "internal", "on_behalf_of": "sponsor",
        "unchecked": ["problem_statement_correct", "workaround_impractical",
                      "milestone_identified"],
    }  # fmt: skip


def test_why_something_was_raised_or_declined_and_the_plan_are_remembered() -> None:
    found = hear(
        did(reported.LevelRaised, NOON, to="team-manager", why="Nobody answers."),
        did(reported.EscalationDeclined, NOON, request_id="r-1", reason=" "),
        did(reported.ActionPlanShared, NOON, plan="1. Restart"),
    )
    assert [(row.source_offset, row.words) for row in found.words] == [
        (0, "Nobody answers."), (1, None), (2, "1. Restart")
    ]  # fmt: skip


def test_who_is_assigned_wins_over_who_was_named_at_the_opening() -> None:
    found = hear(did(reported.Assigned, NOON, agent=person("new")), opened())
    row = found.cases[CASE]
    assert (row.assigned_agent_id, row.agent_id) == ("new", "agent")
    assert (row.assigned_manager_id, row.support_manager_id) == (None, "manager")
