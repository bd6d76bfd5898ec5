"""Who is told of what, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schemas import decided
from schemas.codec import Decided
from schemas.decided import PolicyRef
from services.notifier.directory.support import Directory
from services.notifier.planning.audience import Known
from services.notifier.planning.escalations import EscalationState
from services.notifier.planning.plan import PATIENCE, Intent, Timing, plan
from tests.notifier.decisions import (
    CASE,
    DIRECTORY,
    NOON,
    accepted,
    awaiting,
    decision,
    hint,
    missed,
    raised,
    rejected,
)

THREE_DAYS = timedelta(days=3)


def running(policy: PolicyRef, **but: Any) -> EscalationState:
    return EscalationState(
        escalation_id="escalation-1", subject=CASE, policy=policy, status="escalated", **but
    )


EVERYBODY = {
    "customer": "ann@customer.example", "manager": "ben@support.example",
    "sponsor": "hal@customer.example",
}  # fmt: skip
KNOWN = Known(
    emails={"customer": "ann@customer.example", "manager": "ben@support.example"},
    asker_id="customer",
    support_manager_id="manager",
    escalation=running(PolicyRef(name="time-gated", version=1)),
)


def told(event: Decided, known: Known = KNOWN, directory: Directory = DIRECTORY) -> list[Intent]:
    return list(plan(event, known, directory, Timing(NOON, THREE_DAYS)))


def places(intents: list[Intent]) -> list[tuple[str, str | None, str]]:
    return [(one.audience, one.address, one.state) for one in intents]


@pytest.mark.rule("001-12")
@pytest.mark.parametrize("policy", ["time-gated", "comment-phrase"])
def test_an_accepted_request_is_confirmed_first_and_then_the_manager_is_told(policy: str) -> None:
    confirmation, handover = told(accepted(policy=policy))
    assert places([confirmation, handover]) == [
        ("requester", "ann@customer.example", "planned"),
        ("support-manager", "ben@support.example", "planned"),
    ]
    assert (confirmation.due_at, confirmation.after) == (NOON, None)
    assert (handover.due_at, handover.after) == (NOON + PATIENCE, confirmation.message_id)


@pytest.mark.rule("000-36")
def test_the_team_is_told_where_the_case_names_no_manager() -> None:
    nobody = Known(emails=KNOWN.emails, asker_id="customer")
    _, handover = told(accepted(owner_id=None), nobody)
    assert handover.address == DIRECTORY.addresses.team


@pytest.mark.rule("000-36")
def test_the_team_is_told_where_the_manager_has_no_address() -> None:
    _, handover = told(accepted(owner_id="somebody-else"))
    assert (handover.person_id, handover.address) == (None, DIRECTORY.addresses.team)


def test_the_team_named_on_the_case_is_told_at_its_own_address() -> None:
    addresses = DIRECTORY.addresses.model_copy(update={"teams": {"emea": "emea@support.example"}})
    directory = Directory(addresses, DIRECTORY.policies)
    _, handover = told(accepted(owner_id=None), Known(team="emea"), directory)
    assert handover.address == "emea@support.example"


@pytest.mark.rule("001-12")
def test_a_rejected_request_is_answered_to_its_requester_alone() -> None:
    assert places(told(rejected("too-early"))) == [("requester", "ann@customer.example", "planned")]


@pytest.mark.rule("001-13")
def test_a_hint_goes_to_the_author_of_the_comment() -> None:
    assert places(told(hint())) == [("author", "ann@customer.example", "planned")]


def test_a_missed_duty_tells_who_owes_it_and_the_level_it_is_at() -> None:
    assert places(told(missed(level="team-manager"))) == [
        ("support-manager", "ben@support.example", "planned"),
        ("level", "team-manager@support.example", "planned"),
    ]


def test_who_would_read_the_same_words_at_the_same_address_is_told_once() -> None:
    nobody = Known(escalation=running(PolicyRef(name="time-gated", version=1)))
    assert places(told(missed(), nobody)) == [
        ("support-manager", DIRECTORY.addresses.team, "planned")
    ]


def test_a_raised_level_is_told() -> None:
    assert places(told(raised("executive"))) == [("level", "executive@support.example", "planned")]


def test_most_decisions_are_told_to_nobody() -> None:
    one = "escalation-1"
    assert told(decision(decided.Acknowledged, escalation_id=one)) == []
    assert told(decision(decided.MonitoringEnded, escalation_id=one, why="closed")) == []


def test_nobody_to_tell_is_recorded_and_holds_nobody_up() -> None:
    confirmation, handover = told(accepted(), Known(emails={"manager": "ben@support.example"}))
    assert (confirmation.state, confirmation.address) == ("no-address", None)
    assert (handover.due_at, handover.after) == (NOON, None)


@pytest.mark.parametrize("address", ["", "ann", "a@b, c@d", "a b@c.example", "root@localhost"])
def test_what_is_no_single_address_is_no_address(address: str) -> None:
    known = Known(emails={"customer": address}, asker_id="customer")
    assert places(told(rejected("too-early"), known)) == [("requester", None, "no-address")]


def test_what_happened_long_ago_is_planned_as_suppressed() -> None:
    long_ago = NOON - THREE_DAYS - timedelta(seconds=1)
    assert {one.state for one in told(accepted(long_ago))} == {"suppressed"}
    assert {one.state for one in told(accepted(NOON - THREE_DAYS))} == {"planned"}


def test_an_intent_has_the_same_id_whenever_it_is_planned() -> None:
    event = accepted()
    later = plan(event, KNOWN, DIRECTORY, Timing(NOON + timedelta(days=1), THREE_DAYS))
    assert [one.message_id for one in later] == [one.message_id for one in told(event)]
    assert len({one.message_id for one in later}) == 2


def under(policy: str, **more: Any) -> Known:
    emails = dict(KNOWN.emails, agent="cid@support.example", lead="lead@support.example")
    ref = PolicyRef(name=policy, version=1)
    return Known(
        emails=emails, asker_id="customer", agent_id="agent",
        escalation=running(ref, approvers=("escalation-manager",)), **more,
    )  # fmt: skip


@pytest.mark.rule("002-14")
def test_the_handling_agent_is_told_first_then_the_team_then_who_asked() -> None:
    event = accepted(policy="resolutions-desk", owner_id="agent")
    agent, team, requester = told(event, under("resolutions-desk"))
    assert [one.audience for one in (agent, team, requester)] == [
        "handling-agent", "team", "requester",
    ]  # fmt: skip
    assert (agent.due_at, agent.after) == (NOON, None)
    assert (team.due_at, team.after) == (NOON + PATIENCE, agent.message_id)
    assert (requester.due_at, requester.after) == (NOON + 2 * PATIENCE, team.message_id)


@pytest.mark.rule("003-14")
def test_the_technician_is_told_first() -> None:
    event = accepted(policy="engineer-led", owner_id="agent")
    assert places(told(event, under("engineer-led"))) == [
        ("handling-agent", "cid@support.example", "planned"),
        ("requester", "ann@customer.example", "planned"),
        ("management", "team-manager@support.example", "planned"),
    ]


def test_a_case_without_an_agent_is_told_to_the_team() -> None:
    event = accepted(policy="engineer-led", owner_id=None)
    first, *_ = told(event, Known(emails=KNOWN.emails, asker_id="customer"))
    assert (first.audience, first.address) == ("handling-agent", DIRECTORY.addresses.team)


@pytest.mark.rule("004-13")
def test_a_request_for_approval_goes_to_the_approvers_and_is_confirmed() -> None:
    wanted, confirmed = told(awaiting(), under("templated"))
    assert (wanted.template, wanted.address) == (
        "approval-wanted", "escalation-managers@support.example",
    )  # fmt: skip
    assert (confirmed.template, confirmed.audience) == ("approval-requested", "requester")
    assert (confirmed.due_at, confirmed.after) == (NOON, None)


@pytest.mark.rule("004-13")
def test_a_missed_approval_is_told_to_the_approvers_again() -> None:
    assert places(told(missed(duty="approval"), under("templated")))[0] == (
        "role:escalation-manager", "escalation-managers@support.example", "planned",
    )  # fmt: skip


@pytest.mark.rule("004-05")
def test_an_account_escalation_is_handed_to_its_manager() -> None:
    event = accepted(policy="templated", owner_id="lead", subject="account/acme", case_id=None)
    _, handover = told(event, under("templated"))
    assert (handover.template, handover.address) == ("handover", "lead@support.example")


@pytest.mark.rule("004-05")
def test_an_account_escalation_without_approval_is_told_to_those_who_manage_them() -> None:
    event = accepted(policy="templated", owner_id=None, subject="account/acme", case_id=None)
    known = replace(under("templated"), escalation=None)
    assert places(told(event, known))[1] == (
        "role:escalation-manager", "escalation-managers@support.example", "planned",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("duty", "policy", "audience"),
    [("acknowledge", "resolutions-desk", "team"), ("agent-update", "resolutions-desk",
     "handling-agent"), ("evaluate", "engineer-led", "support-manager")],
)  # fmt: skip
def test_a_missed_duty_is_told_to_who_owes_it(duty: str, policy: str, audience: str) -> None:
    assert told(missed(duty=duty), under(policy))[0].audience == audience


def test_a_duty_with_an_address_of_its_own_is_told_there_too() -> None:
    addresses = DIRECTORY.addresses.model_copy(
        update={"duties": {"first-contact": "calls@support.example"}}
    )
    directory = Directory(addresses, DIRECTORY.policies)
    assert places(told(missed(), KNOWN, directory))[-1] == (
        "duty", "calls@support.example", "planned",
    )  # fmt: skip
