"""What is kept of the case topic."""

from __future__ import annotations

from datetime import timedelta

from schemas import reported
from schemas.codec import Reported
from services.notifier.core.people import Heard, Said, heard
from tests.stories import CASE, NOON, commented, did, opened, person, requested


def hear(*events: Reported) -> Heard:
    said = [
        Said(event, number, NOON + timedelta(seconds=number)) for number, event in enumerate(events)
    ]
    return heard(said)


def test_a_person_is_known_by_what_was_said_last() -> None:
    ann = person("ann", name="Ann", email="ann@old.example", timezone="Europe/Berlin")
    moved = person("ann", email="ann@new.example", name=" ")
    found = hear(opened(opened_by=ann), did(reported.ContactChanged, NOON, contact=moved))
    row = found.people[CASE, "ann"]
    assert (row.name, row.email, row.timezone) == ("Ann", "ann@new.example", "Europe/Berlin")


def test_an_id_alone_is_no_person_to_keep() -> None:
    assert hear(opened()).people == {}


def test_everybody_in_a_list_is_met() -> None:
    attendees = [person("a", email="a@x.example"), person("b", email="b@x.example")]
    found = hear(
        did(reported.KickoffCallScheduled, NOON, at="2030-01-07T12:00:00Z", attendees=attendees)
    )
    assert {key for _, key in found.people} == {"a", "b"}


def test_a_request_and_a_public_comment_of_a_customer_are_remembered_without_its_body() -> None:
    found = hear(
        requested(NOON, "r-1"),
        commented("Escalation request: secret", comment_id="c-1"),
        commented("hidden", comment_id="c-2", visibility="internal"),
        commented("hello", comment_id="c-3", author_role="agent"),
    )
    assert [(row.ref, row.kind, row.comments) for row in found.asked.values()] == [
        ("r-1", "request", "We have waited for a week."), ("c-1", "comment", None)
    ]  # fmt: skip


def test_who_is_assigned_wins_over_who_was_named_at_the_opening() -> None:
    found = hear(did(reported.Assigned, NOON, agent=person("new")), opened())
    row = found.cases[CASE]
    assert (row.assigned_agent_id, row.agent_id) == ("new", "agent")
    assert (row.assigned_manager_id, row.support_manager_id) == (None, "manager")
