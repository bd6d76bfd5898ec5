"""Who else is told: whoever owes, management, the customer, those who take part."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas import decided
from services.notifier.directory.support import Directory
from services.notifier.planning.plan import Timing, plan
from tests.notifier.decisions import DIRECTORY, NOON, accepted, decision, rejected
from tests.notifier.planning.test_plan import EVERYBODY, KNOWN, THREE_DAYS, places, told, under


@pytest.mark.rule("003-06", "003-07")
@pytest.mark.parametrize(("situation", "first"), [
    ("production-down", "management"), ("critical-impact", "management"),
    ("dissatisfaction", "handling-agent"),
])  # fmt: skip
def test_management_hears_first_where_the_situation_is_grave(situation: str, first: str) -> None:
    known = under("engineer-led", situations=(situation,))
    assert told(accepted(policy="engineer-led", owner_id="agent"), known)[0].audience == first


@pytest.mark.rule("003-15", "003-16")
def test_whoever_owes_a_duty_that_begins_now_is_told_now_and_once() -> None:
    begun = [{"duty": name, "due_at": NOON, "clock": "elapsed"}
             for name in ("evaluate", "primary-contact", "kickoff-call")]  # fmt: skip
    event = accepted(policy="engineer-led", owner_id="agent", duties=begun)
    found = told(event, under("engineer-led", support_manager_id="manager"))
    assert places(found)[-1] == ("support-manager", "ben@support.example", "planned")
    assert [one.audience for one in found].count("handling-agent") == 1
    assert found[-1].template == "handover"


def test_whoever_owes_updates_is_told_when_they_are_agreed() -> None:
    event = decision(
        decided.CommunicationPlanSet, escalation_id="escalation-1", mode="email",
        frequency="PT4H", attendee_ids=["customer"],
        duties=[{"duty": "next-update", "due_at": NOON, "clock": "elapsed"}],
    )  # fmt: skip
    assert places(told(event, under("engineer-led"))) == [
        ("handling-agent", "cid@support.example", "planned")
    ]


def test_who_leads_a_team_is_told_at_an_address_of_their_own() -> None:
    addresses = DIRECTORY.addresses.model_copy(update={"management": {"emea": "m@s.example"}})
    directory = Directory(addresses, DIRECTORY.policies)
    event = accepted(policy="engineer-led", owner_id="agent", duties=[])
    found = told(event, under("engineer-led", team="emea"), directory)
    assert places(found)[-1] == ("management", "m@s.example", "planned")


@pytest.mark.rule("004-09")
def test_the_customer_for_whom_somebody_asked_is_told_once() -> None:
    known = replace(KNOWN, emails=EVERYBODY, behalf_id="sponsor")
    assert places(told(accepted(), known))[-1] == (
        "on-behalf-of", "hal@customer.example", "planned",
    )  # fmt: skip
    assert len(told(accepted(), replace(known, behalf_id="customer"))) == 2


@pytest.mark.rule("000-27", "001-19")
def test_the_manager_hears_of_another_contact() -> None:
    event = decision(decided.ContactChanged, escalation_id="escalation-1", contact_id="customer")
    assert places(told(event)) == [("support-manager", "ben@support.example", "planned")]


@pytest.mark.rule("002-16")
def test_the_customer_hears_of_a_shared_plan() -> None:
    event = decision(decided.ActionPlanShared, escalation_id="escalation-1")
    assert places(told(event)) == [("customer", "ann@customer.example", "planned")]


@pytest.mark.rule("003-16")
def test_the_primary_contact_and_the_customer_hear_of_each_other() -> None:
    event = decision(
        decided.PrimaryContactAssigned, escalation_id="escalation-1", contact_id="manager"
    )
    assert [(one.template, one.address) for one in told(event)] == [
        ("primary-contact-assigned", "ben@support.example"),
        ("primary-contact-named", "ann@customer.example"),
    ]


def test_a_request_for_a_case_that_may_still_turn_up_is_answered_later() -> None:
    timing = Timing(NOON, THREE_DAYS, timedelta(minutes=10))
    (one,) = plan(rejected("case-unknown"), KNOWN, DIRECTORY, timing)
    assert one.due_at == NOON + timedelta(minutes=10)
    (other,) = plan(rejected("too-early"), KNOWN, DIRECTORY, timing)
    nameless = rejected("case-number-missing", subject="request/r-1", case_id=None)
    (nowhere,) = plan(nameless, KNOWN, DIRECTORY, timing)
    assert other.due_at == nowhere.due_at == NOON
