"""What is planned on a real Postgres, and what a mail says when it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas import decided, reported
from services.notifier.planner import Planner
from tests.notifier.decisions import accepted, decision, missed, raised, rejected
from tests.notifier.planned import mail_of, planner_on, records, take
from tests.stories import commented, did, opened, person, requested

NOW = datetime.now(UTC).replace(microsecond=0)
ANN = person("customer", name="Ann", email="ann@customer.example")
BEN = person("manager", name="Ben", email="ben@support.example")
CASE = opened(NOW, opened_by=ANN, support_manager=BEN, title="Orders stay open")
ASKED = requested(NOW, "request-1", requested_by=ANN)
MANAGER = "audience = 'support-manager' AND template = 'deadline-missed'"


@pytest.fixture
async def planner(database: str) -> AsyncIterator[Planner]:
    async with planner_on(database) as (planner, letters):
        yield planner
        assert letters.found == {}


def flat(text: str) -> str:
    return " ".join(text.split())


async def planned(planner: Planner, where: str) -> list[Any]:
    rows: list[Any] = await planner.pool.fetch(
        f"SELECT * FROM notifier.message WHERE {where} ORDER BY due_at"
    )
    return rows


def misses(number: int, every: timedelta = timedelta(hours=4), **but: Any) -> list[Any]:
    data = {"duty": "next-update", "level": "support"} | but
    return [missed(NOW - every * (number - n), **data) for n in range(number)]


# --- missed duties ------------------------------------------------------------------------------


async def test_the_first_miss_is_told_at_once_and_what_follows_as_one_message(
    planner: Planner,
) -> None:
    await take(planner, records(CASE, ASKED, accepted(NOW), *misses(3)))
    first, rest = await planned(planner, MANAGER)
    assert rest["due_at"] - first["due_at"] == timedelta(minutes=15)
    assert abs(first["due_at"] - first["planned_at"]) < timedelta(minutes=1)
    text = (await mail_of(planner, f"message_id = '{rest['message_id']}'")).text
    assert text.count("* the next update of the communication plan: due on") == 2


async def test_later_misses_join_the_message_that_waits(planner: Planner) -> None:
    told = [CASE, ASKED, accepted(NOW), *misses(30)]
    await take(planner, records(*told[:5]))
    await take(planner, records(*told)[5:])
    _, rest = await planned(planner, MANAGER)
    mail = await mail_of(planner, f"message_id = '{rest['message_id']}'")
    assert "29 duties" in mail.subject and "* and 9 more" in mail.text


async def test_a_miss_that_was_made_good_is_struck(planner: Planner) -> None:
    late = misses(3)
    good = [{"duty": "next-update", "due_at": one.time, "at": NOW, "kept": False} for one in late]
    told = [CASE, ASKED, accepted(NOW), *late, _updated(good[1])]
    await take(planner, records(*told))
    _, rest = await planned(planner, MANAGER)
    text = (await mail_of(planner, f"message_id = '{rest['message_id']}'")).text
    assert text.count("* the next update") == 1
    await take(planner, records(*told, _updated(good[0]), _updated(good[2]))[-2:])
    rows = await planned(planner, MANAGER)
    assert [row["pointless"] for row in rows] == ["fulfilled", "fulfilled"]


def _updated(fulfilled: Any) -> Any:
    return decision(
        decided.UpdateGiven, NOW, escalation_id="escalation-1", audience="customer",
        fulfilled=[fulfilled],
    )  # fmt: skip


async def test_a_runaway_plan_sends_a_handful_of_messages_a_day(planner: Planner) -> None:
    """A miss every minute for a day; what is due is sent at once."""
    told = records(CASE, ASKED, accepted(NOW), *misses(1_440, timedelta(minutes=1)))
    await take(planner, told[:3])
    for number, one in enumerate(told[3:]):
        if number % 60 == 0:  # an hour has passed
            await planner.pool.execute(
                "UPDATE notifier.miss_window SET until = until - interval '1 hour'; "
                "UPDATE notifier.message SET due_at = due_at - interval '1 hour'; "
                "UPDATE notifier.message SET state = 'sent', settled_at = now() "
                "WHERE due_at <= now() AND settled_at IS NULL"
            )
        if number % 60 in (0, 1, 2):
            await take(planner, [one])
    rows = await planned(planner, MANAGER)
    assert 4 <= len(rows) <= 16


# --- what a mail says is true when it is sent ---------------------------------------------------


async def test_a_handover_claims_nothing_overdue_that_was_done(planner: Planner) -> None:
    long_ago = NOW - timedelta(hours=26)
    event = accepted(long_ago)
    due = event.data.model_dump(mode="json")["duties"][0]["due_at"]
    handover = "audience = 'support-manager'"
    told = [CASE, ASKED, event]
    await take(planner, records(*told))
    before = flat((await mail_of(planner, handover)).text)
    assert "overdue since" in before
    contacted = decision(
        decided.CustomerContacted, long_ago, escalation_id="escalation-1",
        fulfilled=[{"duty": "first-contact", "due_at": due, "at": long_ago, "kept": True}],
    )  # fmt: skip
    await take(planner, records(*told, contacted)[-1:])
    after = flat((await mail_of(planner, handover)).text)
    assert "overdue" not in after and "first contact" not in after


@pytest.mark.rule("001-11")
async def test_a_handover_quotes_the_comment_that_asked(planner: Planner) -> None:
    comment = commented(
        "Escalation request: nothing is sent.\nPlease call.", NOW, author=ANN, comment_id="c-1"
    )
    event = accepted(NOW, policy="comment-phrase", request_id="c-1", channel="comment")
    await take(planner, records(CASE, comment, event))
    text = (await mail_of(planner, "audience = 'support-manager'")).text
    assert "> Escalation request: nothing is sent.\n> Please call." in text
    assert "Title:         Orders stay open" in text and "S1, tier gold" in text


async def test_a_raised_level_says_who_raised_it_and_why(planner: Planner) -> None:
    why = did(reported.LevelRaised, NOW, to="team-manager", by=BEN, why="Nobody answers.")
    event = raised("team-manager", NOW, by_id="manager")
    await take(planner, records(CASE, ASKED, accepted(NOW), why, event))
    text = flat((await mail_of(planner, "template = 'level-raised'")).text)
    assert "by Ben" in text and "> Nobody answers." in text
    assert "> We have waited for a week." in text and "What is owed: * first contact" in text


# --- a case that was not known ------------------------------------------------------------------


async def test_a_request_before_its_case_is_answered_later_and_truly(planner: Planner) -> None:
    early = rejected("case-unknown", at=NOW)
    await take(planner, records(ASKED, early))
    (row,) = await planned(planner, "true")
    assert timedelta(minutes=9) < row["due_at"] - row["planned_at"] < timedelta(minutes=11)
    unknown = flat((await mail_of(planner)).text)
    assert "We do not know this case" in unknown
    await take(planner, records(ASKED, early, CASE)[-1:])
    known = flat((await mail_of(planner)).text)
    assert "please ask again" in known and "do not know" not in known
    again = records(ASKED, early, CASE, requested(NOW, "r-2"), accepted(NOW, request_id="r-2"))
    await take(planner, again[-2:])
    escalated = flat((await mail_of(planner, "template = 'rejected'")).text)
    assert "has been escalated: there is nothing to do" in escalated


# --- a comment on what is only watched ----------------------------------------------------------


@pytest.mark.rule("001-15", "001-19")
async def test_a_customers_comment_on_a_watched_case_reaches_its_manager(planner: Planner) -> None:
    calm = decision(
        decided.Deescalated, NOW, escalation_id="escalation-1", by_id="manager", conditions={},
        still_monitored=True,
    )  # fmt: skip
    early = commented("While it ran.", NOW, author=ANN, comment_id="c-1")
    ends = did(reported.Deescalated, NOW, by=BEN)
    later = commented("It is down again.", NOW, author=ANN, comment_id="c-2")
    robot = commented("I am away.", NOW, author=ANN, comment_id="c-3", automatic=True)
    told = records(CASE, ASKED, accepted(NOW), early, ends, calm, later, robot)
    await take(planner, told)
    text = (await mail_of(planner, "template = 'customer-commented'")).text
    assert "> It is down again." in text and "still watched" in flat(text)
    (row,) = await planned(planner, "template = 'customer-commented'")
    assert (row["audience"], row["address"]) == ("support-manager", "ben@support.example")
    await take(planner, told)
    assert len(await planned(planner, "template = 'customer-commented'")) == 1


async def test_a_comment_that_was_read_before_the_decision_reaches_the_manager_too(
    planner: Planner,
) -> None:
    calm = decision(
        decided.Deescalated, NOW, escalation_id="escalation-1", by_id="manager", conditions={},
        still_monitored=True,
    )  # fmt: skip
    ends = did(reported.Deescalated, NOW, by=BEN)
    later = commented("It is down again.", NOW, author=ANN, comment_id="c-2")
    told = records(CASE, ASKED, accepted(NOW), ends, calm, later)
    said, decisions = [told[0], told[1], told[3], told[5]], [told[2], told[4]]
    await take(planner, said)
    await take(planner, decisions)
    assert len(await planned(planner, "template = 'customer-commented'")) == 1
