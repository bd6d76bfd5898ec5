"""Decisions become mails: planned with the offsets, sent once, recorded whatever comes of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from schemas import decided
from schemas.codec import Reported
from tests import stories
from tests.notifier.decisions import accepted, decision, hint, missed, raised, rejected
from tests.notifier.stage import Inbox, Stage
from tests.stories import person
from tests.world import until

ANN = person("customer", name="Ann", email="ann@customer.example", timezone="Europe/Berlin")
BEN = person("manager", name="Ben", email="ben@support.example")
TEAM = "escalation-team@support.example"


def now() -> datetime:
    return datetime.now(UTC)


def case(**but: Any) -> Reported:
    return stories.opened(now(), **({"opened_by": ANN, "support_manager": BEN} | but))


def asked(request_id: str = "request-1", **but: Any) -> Reported:
    return stories.requested(now(), request_id, **but)


def addresses(box: Inbox) -> list[str]:
    return [to for _, to, _ in box.received]


def mail(box: Inbox, number: int) -> EmailMessage:
    message = message_from_bytes(box.received[number][2], policy=default)
    assert isinstance(message, EmailMessage)
    return message


def plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@pytest.mark.rule("001-12")
async def test_an_accepted_request_is_confirmed_and_the_manager_told(
    stage: Stage, box: Inbox
) -> None:
    await stage.tell([(case(), []), (asked(), [accepted(now())])])
    rows = await stage.until_settled(2)
    assert [(row["audience"], row["state"], row["attempts"]) for row in rows] == [
        ("requester", "sent", 1), ("support-manager", "sent", 1),
    ]  # fmt: skip
    assert addresses(box) == ["ann@customer.example", "ben@support.example"]
    confirmation, handover = mail(box, 0), mail(box, 1)
    assert confirmation["Message-ID"] == f"<{rows[0]['message_id']}@escalation.example>"
    assert confirmation["Auto-Submitted"] == "auto-generated"
    assert "Hello Ann," in plain(confirmation) and "Europe/Berlin" in plain(confirmation)
    assert "We have waited for a week." in plain(handover)
    assert "Contact:       Ann, ann@customer.example" in plain(handover)
    assert stage.world.stop("notifier") < 5


async def test_the_author_of_a_phrase_is_told_as_its_requester(stage: Stage, box: Inbox) -> None:
    eve = person("eve", email="eve@customer.example")
    comment = stories.commented("Escalation request!", now(), author=eve, comment_id="c-1")
    answer = accepted(now(), policy="comment-phrase", request_id="c-1", channel="comment")
    await stage.tell([(case(), []), (comment, [answer])])
    await stage.until_settled(2)
    assert addresses(box)[0] == "eve@customer.example"


async def test_a_rejection_and_a_hint_reach_who_wrote(stage: Stage, box: Inbox) -> None:
    eligible = now() + timedelta(hours=3)
    comment = stories.commented("escalaton request", now(), author=ANN, comment_id="comment-1")
    await stage.tell([
        (case(), []),
        (asked(), [rejected("too-early", "comments-missing", at=now(), eligible_at=eligible)]),
        (comment, [hint(now())]),
    ])  # fmt: skip
    await stage.until_settled(2)
    subjects = {str(mail(box, number)["Subject"]) for number in (0, 1)}
    assert subjects == {
        "Your escalation request for case case-1 was not accepted",
        "About your comment on case case-1",
    }


async def test_support_is_told_of_a_missed_duty_and_of_a_raised_level(
    stage: Stage, box: Inbox
) -> None:
    decisions = [accepted(now()), missed(now(), level="team-manager"), raised(at=now())]
    await stage.tell([(case(), []), (asked(), decisions)])
    await stage.until_settled(5)
    assert sorted(addresses(box)[2:] + addresses(box)[:2]) == [
        "ann@customer.example", "ben@support.example", "ben@support.example",
        "team-manager@support.example", "team-manager@support.example",
    ]  # fmt: skip


async def test_decisions_delivered_again_are_told_once(stage: Stage, box: Inbox) -> None:
    answer = accepted(now())
    await stage.tell([(case(), []), (asked(), [answer, answer])])
    await stage.until_settled(2)
    other = rejected("already-escalated", at=now(), request_id="request-2")
    await stage.tell([(asked("request-2"), [answer, other])])
    await stage.until_settled(3)
    assert len(box.received) == 3


async def test_a_decision_waits_until_the_case_topic_is_read_that_far(
    stage: Stage, box: Inbox
) -> None:
    await stage.tell([(case(), [])])
    (opening,) = await stage.world.records("support.case.events.v1")
    cause = (opening.partition, opening.offset + 1)
    await stage.decide([accepted(now())], cause)
    await until(lambda: _decisions_read(stage, cause[0], 0), 20)
    await asyncio.sleep(1)
    assert await stage.rows() == []
    await stage.tell([(asked(requested_by=person("late", email="late@customer.example")), [])])
    await stage.until_settled(2)
    assert "late@customer.example" in addresses(box)


async def _decisions_read(stage: Stage, partition: int, next_offset: int) -> list[Any]:
    """The notifier owns this partition and has not gone past its start."""
    return await stage.world.query(
        "SELECT 1 FROM notifier.position WHERE topic LIKE '%escalation.events.v1' "
        "AND partition = $1 AND next_offset = $2", partition, next_offset,
    )  # fmt: skip


async def test_what_happened_long_ago_is_recorded_and_not_sent(stage: Stage, box: Inbox) -> None:
    old = now() - timedelta(days=3, minutes=1)
    await stage.tell([(case(), []), (asked(), [accepted(old), missed(now())])])
    rows = await stage.until_settled(3)
    states = {row["audience"]: row["state"] for row in rows if row["template"] != "deadline-missed"}
    assert states == {"requester": "suppressed", "support-manager": "suppressed"}
    assert set(addresses(box)) == {"ben@support.example", TEAM}


async def test_who_has_no_address_is_recorded(stage: Stage, box: Inbox) -> None:
    await stage.tell([(case(opened_by=person("customer")), []), (asked(), [accepted(now())])])
    rows = await stage.until_settled(2)
    assert {row["audience"]: row["state"] for row in rows} == {
        "requester": "no-address",
        "support-manager": "sent",
    }
    assert addresses(box) == ["ben@support.example"]


async def test_a_refused_recipient_fails_for_good_and_holds_nobody_up(
    stage: Stage, box: Inbox
) -> None:
    box.refuse["ann@customer.example"] = "550 5.1.1 no such user"
    began = now()
    await stage.tell([(case(), []), (asked(), [accepted(now())])])
    rows = {row["audience"]: row for row in await stage.until_settled(2)}
    assert (rows["requester"]["state"], rows["requester"]["attempts"]) == ("failed", 1)
    assert rows["support-manager"]["state"] == "sent"
    assert now() - began < timedelta(seconds=30)
    (tried,) = await stage.world.query(
        "SELECT * FROM notifier.fct_notification WHERE audience = 'requester'"
    )
    assert (tried["outcome"], tried["reply_code"]) == ("refused", 550)


async def test_a_server_that_says_later_is_asked_again(stage: Stage, box: Inbox) -> None:
    box.refuse["ann@customer.example"] = "451 4.3.0 try again later"
    await stage.tell([(case(), []), (asked(), [rejected("too-early", at=now())])])
    await until(lambda: stage.rows("attempts >= 3"), 30)
    box.refuse.clear()
    (row,) = await stage.until_settled(1)
    assert row["state"] == "sent"
    outcomes = await stage.world.query("SELECT outcome FROM notifier.attempt ORDER BY attempt")
    assert [one["outcome"] for one in outcomes][-2:] == ["deferred", "accepted"]
    assert len(box.received) == 1


async def test_the_next_is_told_after_a_minute_although_the_one_before_was_not_reached(
    stage: Stage, box: Inbox
) -> None:
    box.refuse["ann@customer.example"] = "451 4.3.0 try again later"
    await stage.tell([(case(), []), (asked(), [accepted(now())])])
    (waiting,) = await until(lambda: stage.rows("audience = 'support-manager'"), 30)
    waits = waiting["due_at"] - waiting["planned_at"]
    assert timedelta(seconds=55) < waits < timedelta(seconds=65)
    await stage.world.query("UPDATE notifier.message SET due_at = now() WHERE after IS NOT NULL")
    await until(lambda: stage.rows("audience = 'support-manager' AND state = 'sent'"), 20)
    assert addresses(box) == ["ben@support.example"]


async def test_a_voided_escalation_is_not_handed_over_but_confirmed(
    stage: Stage, box: Inbox
) -> None:
    await box.close()
    voided = decision(
        decided.Voided, now(), escalation_id="escalation-1", reason="entered-by-mistake",
        restores_right=True,
    )  # fmt: skip
    await stage.tell([(case(), []), (asked(), [accepted(now()), voided])])
    await until(lambda: stage.rows("pointless IS NOT NULL"), 20)
    await box.open()
    rows = {row["audience"]: row for row in await stage.until_settled(2)}
    assert rows["requester"]["state"] == "sent"
    manager = rows["support-manager"]
    assert (manager["state"], manager["pointless"]) == ("cancelled", "voided")
    assert addresses(box) == ["ann@customer.example"]


async def test_an_alarm_for_a_duty_fulfilled_meanwhile_is_not_sent(
    stage: Stage, box: Inbox
) -> None:
    await box.close()
    due = now()
    late = [{"duty": "first-contact", "due_at": due, "at": due, "kept": True}]
    contacted = decision(
        decided.CustomerContacted, now(), escalation_id="escalation-1", fulfilled=late
    )
    await stage.tell([(case(), []), (asked(), [accepted(now()), missed(due), contacted])])
    await until(lambda: stage.rows("pointless IS NOT NULL"), 20)
    await box.open()
    rows = await stage.until_settled(4)
    assert [row["pointless"] for row in rows if row["state"] == "cancelled"] == ["fulfilled"] * 2
    assert len(box.received) == 2


async def test_personal_data_is_forgotten_with_the_case_topic(stage: Stage) -> None:
    await stage.tell([(case(), []), (asked(), [accepted(now())])])
    await stage.until_settled(2)
    await stage.world.query("SELECT notifier.expire(now() + interval '1 minute')")
    held = await stage.world.query(
        "SELECT (SELECT count(*) FROM notifier.person) + (SELECT count(*) FROM notifier.asked) "
        "+ (SELECT count(address) FROM notifier.message) "
        "+ (SELECT count(title) FROM notifier.case_file) AS n"
    )
    assert held[0]["n"] == 0


async def test_an_unreadable_decision_becomes_a_dead_letter_and_the_rest_goes_on(
    stage: Stage, box: Inbox
) -> None:
    await stage.world.publish_raw([(b"case-1", b"{")], "support.escalation.events.v1")
    await stage.tell([(case(), []), (asked(), [rejected("too-early", at=now())])])
    await stage.until_settled(1)
    (letter,) = await until(lambda: stage.world.records("support.dlq.notifier.v1"), 20)
    named = dict(letter.headers)
    assert letter.value == b"{"
    assert named["__connect.errors.exception.class.name"] == b"not-json"
