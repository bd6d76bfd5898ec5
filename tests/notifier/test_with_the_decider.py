"""What customers write, decided by the decider and told by the notifier: the whole way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default

import pytest

from schemas import reported
from tests import stories
from tests.notifier.stage import Inbox, Stage, inbox
from tests.stories import commented, did, opened, person, requested
from tests.world import World

ANN = person("ann", name="Ann", email="ann@customer.example", timezone="Asia/Kolkata")
BEN = person("ben", name="Ben", email="ben@support.example")
PHRASE = {"opened_by": ANN, "support_manager": BEN, "program": "comment-phrase"}


@pytest.fixture
async def box() -> AsyncIterator[Inbox]:
    async with inbox() as box:
        yield box


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
