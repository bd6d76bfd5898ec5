"""Who is told of what, and in which order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas import decided
from schemas.codec import Decided
from services.notifier.addresses import load_directory
from services.notifier.core.addresses import Directory
from services.notifier.core.audience import Escalation, Known
from services.notifier.core.plan import PATIENCE, Intent, Pointless, plan, pointless
from tests.notifier.decisions import NOON, accepted, decision, hint, missed, raised, rejected

DIRECTORY = load_directory(None)
THREE_DAYS = timedelta(days=3)
KNOWN = Known(
    emails={"customer": "ann@customer.example", "manager": "ben@support.example"},
    asker_id="customer",
    support_manager_id="manager",
    escalation=Escalation("time-gated"),
)


def told(event: Decided, known: Known = KNOWN, directory: Directory = DIRECTORY) -> list[Intent]:
    return list(plan(event, known, directory, NOON, THREE_DAYS))


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
    directory = DIRECTORY.model_copy(update={"addresses": addresses})
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
    nobody = Known(escalation=Escalation("time-gated"))
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


@pytest.mark.parametrize("address", ["", "ann", "a@b, c@d", "a b@c.example", "<a@b.example>"])
def test_what_is_no_single_address_is_no_address(address: str) -> None:
    known = Known(emails={"customer": address}, asker_id="customer")
    assert places(told(rejected("too-early"), known)) == [("requester", None, "no-address")]


def test_what_happened_long_ago_is_planned_as_suppressed() -> None:
    long_ago = NOON - THREE_DAYS - timedelta(seconds=1)
    assert {one.state for one in told(accepted(long_ago))} == {"suppressed"}
    assert {one.state for one in told(accepted(NOON - THREE_DAYS))} == {"planned"}


def test_an_intent_has_the_same_id_whenever_it_is_planned() -> None:
    event = accepted()
    later = plan(event, KNOWN, DIRECTORY, NOON + timedelta(days=1), THREE_DAYS)
    assert [one.message_id for one in later] == [one.message_id for one in told(event)]
    assert len({one.message_id for one in later}) == 2


def test_an_order_of_three_waits_step_by_step() -> None:
    audiences = DIRECTORY.otherwise.model_copy(
        update={"accepted": [["requester"], ["agent", "team", "role:lead"]]}
    )
    addresses = DIRECTORY.addresses.model_copy(update={"roles": {"lead": "lead@support.example"}})
    directory = Directory(addresses=addresses, policies={}, otherwise=audiences)
    known = Known(emails=dict(KNOWN.emails, agent="cid@support.example"), agent_id="agent")
    requester, agent, team, lead = told(accepted(), known, directory)
    assert (requester.state, agent.due_at, agent.after) == ("no-address", NOON, None)
    assert (team.due_at, team.after) == (NOON + PATIENCE, agent.message_id)
    assert (lead.due_at, lead.after) == (NOON + 2 * PATIENCE, team.message_id)


# --- what becomes pointless -----------------------------------------------------------------


def test_a_voided_escalation_makes_what_support_would_read_pointless() -> None:
    event = decision(
        decided.Voided, escalation_id="escalation-1", reason="entered-by-mistake",
        restores_right=True,
    )  # fmt: skip
    (found,) = pointless(event.data)
    assert found.why == "voided"
    assert "handover" in found.templates and "accepted" not in found.templates


def test_a_fulfilled_duty_makes_only_its_own_alarm_pointless() -> None:
    event = decision(
        decided.CustomerContacted, escalation_id="escalation-1",
        fulfilled=[{"duty": "first-contact", "due_at": NOON, "at": NOON, "kept": True}],
    )  # fmt: skip
    assert pointless(event.data) == (
        Pointless("escalation-1", ("deadline-missed",), "fulfilled", "first-contact", NOON),
    )


def test_an_acknowledgement_makes_nothing_pointless() -> None:
    assert pointless(decision(decided.Acknowledged, escalation_id="escalation-1").data) == ()
