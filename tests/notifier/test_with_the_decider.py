"""What customers write, decided by the decider and told by the notifier: the whole way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from schemas import reported
from tests import stories
from tests.notifier.stage import Inbox, Stage
from tests.stories import commented, did, opened, person, requested
from tests.world import World

ANN = person("ann", name="Ann", email="ann@customer.example", timezone="Asia/Kolkata")
BEN = person("ben", name="Ben", email="ben@support.example")
PHRASE = {"opened_by": ANN, "support_manager": BEN, "program": "comment-phrase"}


def subjects(box: Inbox) -> list[tuple[str, str]]:
    return sorted(
        (to, str(message_from_bytes(content, policy=default)["Subject"]))
        for _, to, content in box.received
    )


@pytest.mark.rule("001-12")
@pytest.mark.rule("001-14")
async def test_each_is_told_what_concerns_them_and_nothing_else(world: World, box: Inbox) -> None:
    world.more = box.settings()
    world.start("decider", "notifier")
    now = datetime.now(UTC)
    early = requested(now, "r-1", requested_by=ANN)
    await world.publish([
        opened(now - timedelta(hours=1), opened_by=ANN, support_manager=BEN),
        early,
        stories.event(early.data, now),
        did(reported.Assigned, now, agent=person("cid", email="cid@support.example")),
    ])  # fmt: skip
    told = [
        opened(now - timedelta(hours=1), **PHRASE),
        commented("please, an escalaton request", now, author=ANN),
        commented("Escalation   Request: it is down", now, author=ANN),
        commented("escalation request, again", now, author=ANN),
    ]
    for event in told:
        event.subject = "case-2"
    await world.publish(told)
    await Stage(world).until_settled(5)
    assert subjects(box) == [
        ("ann@customer.example", "About your comment on case case-2"),
        ("ann@customer.example", "Your escalation request for case case-1 was not accepted"),
        ("ann@customer.example", "Your escalation request for case case-2 was accepted"),
        ("ann@customer.example", "Your escalation request for case case-2 was not accepted"),
        ("ben@support.example", "Escalated: case case-2 (S1)"),
    ]


DESK: dict[str, Any] = {"program": "resolutions-desk", "opened_by": ANN, "team": "desk"}
FORM: dict[str, Any] = {
    "subject": "Orders", "description": "None is sent", "business_impact": "major",
    "reason": "We go live", "requested_by": ANN,
}  # fmt: skip


@pytest.mark.rule("002-14")
async def test_the_handling_agent_is_reached_before_anybody_else_under_load(
    world: World, box: Inbox
) -> None:
    world.more = box.settings()
    world.start("decider", "notifier")
    now = datetime.now(UTC)
    told = []
    for number in range(150):
        case, agent = f"case-{number}", person(f"agent-{number}", email=f"a{number}@s.example")
        asker = person(f"ann-{number}", email=f"ann{number}@customer.example")
        told += [
            stories.event(opened(**(DESK | {"assigned_agent": agent})).data, now, subject=case),
            stories.event(
                requested(now, **(FORM | {"case_number": case, "requested_by": asker})).data,
                now, subject=case,
            ),
        ]  # fmt: skip
    await world.publish(told)
    await Stage(world).until_settled(450, seconds=120)
    arrived: dict[str, list[str]] = {}
    for _, to, content in box.received:
        subject = str(message_from_bytes(content, policy=default)["Subject"])
        arrived.setdefault(next(w for w in subject.split() if w.startswith("case-")), []).append(to)
    assert len(arrived) == 150
    for case, order in arrived.items():
        which = case.removeprefix("case-")
        assert order == [
            f"a{which}@s.example", "escalation-team@support.example",
            f"ann{which}@customer.example",
        ]  # fmt: skip


@pytest.mark.rule("000-27", "001-19")
async def test_another_contact_reaches_the_manager_at_once_and_every_message_from_then_on(
    world: World, box: Inbox
) -> None:
    world.more = box.settings()
    world.start("decider", "notifier")
    now, eve = datetime.now(UTC), person("eve", name="Eve Example", email="eve@customer.example")
    await world.publish([
        opened(now - timedelta(days=1), opened_by=ANN, support_manager=BEN),
        requested(now, requested_by=ANN),
        did(reported.ContactChanged, now, contact=eve),
    ])  # fmt: skip
    await world.until_decided()
    await Stage(world).until_settled(3)
    await world.publish([did(reported.LevelRaised, now, to="team-manager", by=BEN)])
    await Stage(world).until_settled(4)
    assert ("ben@support.example", "New contact: case case-1") in subjects(box)
    assert {to for _, to, _ in box.received} == {
        "ann@customer.example", "ben@support.example", "team-manager@support.example",
    }  # fmt: skip
    raised = message_from_bytes(box.received[-1][2], policy=default)
    assert "Eve Example, eve@customer.example" in raised.get_body(("plain",)).get_content()  # type: ignore[union-attr]
