"""Servers that are away and recipients that hang: mail is delayed, and nothing else is."""

from __future__ import annotations

import asyncio

from tests.notifier.decisions import rejected
from tests.notifier.stage import Inbox, Stage
from tests.notifier.test_telling import addresses, asked, case, mail, now
from tests.stories import person
from tests.world import until


async def test_an_outage_of_the_mail_server_delays_and_loses_nothing(
    stage: Stage, box: Inbox
) -> None:
    await box.close()
    told = [(asked(f"r-{n}"), [rejected("too-early", at=now(), request_id=f"r-{n}")])
            for n in range(40)]  # fmt: skip
    await stage.tell([(case(), []), *told])
    await until(lambda: stage.world.query("SELECT 1 FROM notifier.message OFFSET 39"), 30)
    await asyncio.sleep(2)
    assert {row["state"] for row in await stage.rows()} == {"planned"}
    await box.open()
    rows = await stage.until_settled(40)
    assert {row["state"] for row in rows} == {"sent"}
    assert len(box.received) == 40


async def test_recipients_who_hang_hold_up_nobody_else(stage: Stage, box: Inbox) -> None:
    slow = [person(f"slow-{n}", email=f"slow{n}@hangs.example") for n in range(6)]
    box.hang = {one["email"] for one in slow}
    told = [(asked(f"r-{n}", requested_by=slow[n % 6]),
             [rejected("too-early", at=now(), request_id=f"r-{n}")])
            for n in range(24)]  # fmt: skip
    told += [(asked(f"q-{n}"), [rejected("too-early", at=now(), request_id=f"q-{n}")])
             for n in range(60)]  # fmt: skip
    await stage.tell([(case(), []), *told])
    await until(lambda: _all_sent(box, "ann@customer.example", 60), 40)
    rows = await until(lambda: stage.rows("put_off"), 20)
    assert {row["state"] for row in rows} == {"planned"}
    attempts = await stage.world.query("SELECT DISTINCT outcome FROM notifier.attempt")
    assert {row["outcome"] for row in attempts} <= {"accepted", "deferred", None}


async def _all_sent(box: Inbox, address: str, number: int) -> bool:
    return addresses(box).count(address) == number


async def test_connections_to_postgres_that_break_are_made_again(stage: Stage, box: Inbox) -> None:
    told = [(asked(f"r-{n}"), [rejected("too-early", at=now(), request_id=f"r-{n}")])
            for n in range(200)]  # fmt: skip
    telling = asyncio.create_task(stage.tell([(case(), []), *told]))
    for _ in range(10):
        await asyncio.sleep(0.2)
        await stage.world.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await telling
    rows = await stage.until_settled(200)
    assert {row["state"] for row in rows} == {"sent"}
    assert len({m["Message-ID"] for m in (mail(box, n) for n in range(len(box.received)))}) == 200
    assert stage.world.processes["notifier"].poll() is None
