"""kill -9 of the notifier in mid-flow: every intent is told, and told twice only in the window
that nobody can close, with the same Message-ID, counted."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime
from email import message_from_bytes

import pytest

from schemas.codec import Decided, Reported
from tests import stories
from tests.notifier.decisions import accepted, rejected
from tests.notifier.stage import Inbox, Stage, inbox
from tests.stories import person
from tests.world import World

CASES = 400
KILLS = 8


@pytest.mark.long
async def test_every_intent_is_told_once_through_kills(world: World) -> None:
    stage, chance = Stage(world), random.Random(8)
    async with inbox() as box:
        world.more = box.settings()
        telling = asyncio.create_task(stage.tell(told_stories(CASES)))
        for _ in range(KILLS):
            world.start("notifier")
            await _until_more(box, len(box.received) + chance.randrange(5, 60))
            world.kill("notifier")
        await telling
        world.start("notifier")
        rows = await stage.until_settled(CASES * 3, 120)
        assert world.stop("notifier") < 5
    assert {row["state"] for row in rows} == {"sent"}
    planned = {f"<{row['message_id']}@escalation.example>" for row in rows}
    told = Counter(message_id_of(content) for _, _, content in box.received)
    assert set(told) == planned
    twice = sum(told.values()) - len(planned)
    (counted,) = await world.query(
        "SELECT count(*) AS n FROM notifier.fct_notification WHERE possible_duplicate"
    )
    assert twice <= counted["n"] <= KILLS * 3, "a duplicate outside the declared window"
    print(f"{len(planned)} intents, {KILLS} kills, {twice} came twice, {counted['n']} in doubt")


async def _until_more(box: Inbox, number: int) -> None:
    async with asyncio.timeout(60):
        while len(box.received) < number:
            await asyncio.sleep(0.005)


def message_id_of(content: bytes) -> str:
    return str(message_from_bytes(content)["Message-ID"])


def told_stories(cases: int) -> list[tuple[Reported, list[Decided]]]:
    """Each case is opened, one request is rejected and the next one accepted."""
    now, told = datetime.now(UTC), []
    for number in range(cases):
        subject = f"case-{number}"
        ann = person("ann", email=f"ann{number}@customer.example")
        ben = person("manager", email="ben@support.example")
        opened = stories.opened(now, opened_by=ann, support_manager=ben)
        first = stories.requested(now, "r-1", requested_by=ann)
        second = stories.requested(now, "r-2", requested_by=ann)
        no = rejected("too-early", at=now, request_id="r-1")
        yes = accepted(now, request_id="r-2", escalation_id=f"escalation-{number}")
        told += [(opened, []), (first, [no]), (second, [yes])]
        for event in (opened, first, second, no, yes):
            event.subject = subject
    return told
