"""``escalation demo``: play a seeded day through Kafka, then show what a manager would ask.

Nothing is printed from what was generated: every line is read back from the views, the topics
and the mail sink.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
import asyncpg
from aiokafka import TopicPartition
from rich.console import Console
from rich.panel import Panel
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.text import Text

from infra.runtime import plain_text
from infra.runtime.kafka import make_consumer, topic_name
from infra.runtime.settings import Settings, load_settings
from infra.workbench import demo_day
from infra.workbench.publish import Outgoing, publish, to_case_topic
from infra.workbench.up import (
    bring_up,
    exports,
    ready_line,
    sign_in_link,
    stop_on_signals,
)
from infra.workbench.workbench import Endpoints, Workbench
from schemas import topics
from services.projections.review.cli import commands as review

SEED: Final = 20261123
CASES: Final = 320
SALESFORCE_CASES: Final = 12


async def play(data: Path, *, go_on: bool = True) -> None:
    """Bring everything up, play the day, show it; then go on until stopped, or end."""
    stop, console = stop_on_signals(), plain_text.console()
    bench = Workbench(data)
    try:
        with _busy("starting Kafka, Postgres, a mail server and five services"):
            endpoints = await bring_up(bench)
        settings = load_settings()
        with _busy("playing a day of support"):
            number = await publish(settings.kafka, iter(list(records(datetime.now(UTC)))))
        with _busy("waiting until everything is decided, told and shown"):
            await _until_quiet(settings, endpoints)
        console.print(
            f"{number} records were published: {CASES}+ cases of the last days, of five "
            "organisations.\n"
        )
        if go_on:
            link = await sign_in_link(settings, endpoints)
            console.print(
                f"The review page: {endpoints.board}\nThis link signs in, once and within ten "
                f"minutes:\n  {link}\n", markup=False, highlight=False, soft_wrap=True,
            )  # fmt: skip
        case = await _show(console, settings, endpoints)
        console.print(_next(case, endpoints if go_on else None), markup=False)
        if go_on:
            console.print(ready_line(endpoints), markup=False, highlight=False, soft_wrap=True)
            console.print("Ctrl-C ends it.")
            await stop.wait()
    finally:
        await bench.stop()


def records(now: datetime) -> Iterator[Outgoing]:
    """The day: cases, a few that become overdue while we watch, Salesforce, and bad records."""
    for subject, value in demo_day.day(SEED, CASES, now):
        yield to_case_topic(subject, value)
    for subject, value in demo_day.account(now):
        yield to_case_topic(subject, value)
    for subject, value in demo_day.due_soon(now):
        yield to_case_topic(subject, value)
    for key, value in demo_day.bad_records():
        yield Outgoing(topics.CASE_EVENTS.name, key, value, headers=())
    for value in demo_day.salesforce(SEED, SALESFORCE_CASES, now):
        yield Outgoing(topics.SALESFORCE, None, value, headers=())


@contextlib.contextmanager
def _busy(what: str) -> Iterator[None]:
    console = Console(stderr=True)
    if not console.is_terminal:
        console.print(what)
        yield
        return
    with Progress(SpinnerColumn(), TextColumn(what), console=console, transient=True) as bar:
        bar.add_task(what)
        yield


async def _until_quiet(settings: Settings, endpoints: Endpoints, seconds: float = 120) -> None:
    """Until the late duties were missed, the views hold the topics and no mail is pending."""
    connection = await asyncpg.connect(settings.postgres.dsn)
    try:
        async with asyncio.timeout(seconds):
            while await _missed(connection) < 4 or not await _caught_up(settings, connection):
                await asyncio.sleep(0.5)
            while not await _told(settings, connection):
                await asyncio.sleep(0.5)
    finally:
        await connection.close()


async def _missed(connection: Any) -> int:
    query = (
        "SELECT count(*) FROM analytics.fct_case_event "
        "WHERE type = 'support.escalation.deadline-missed.v1' AND subject LIKE 'CASE-9%'"
    )
    return int(await connection.fetchval(query))


VIEWS: Final = "SELECT partition, next_offset FROM analytics.projection_watermark WHERE topic = $1"
MAILS: Final = "SELECT partition, next_offset FROM notifier.position WHERE topic = $1"


async def _told(settings: Settings, connection: Any) -> bool:
    """The notifier has read everything, and no mail is on its way."""
    if not await _caught_up(settings, connection, MAILS):
        return False
    return int(await connection.fetchval("SELECT notifier.pending()")) == 0


async def _caught_up(settings: Settings, connection: Any, query: str = VIEWS) -> bool:
    consumer = make_consumer(settings.kafka)
    await consumer.start()
    try:
        for topic in (topics.CASE_EVENTS, topics.ESCALATION_EVENTS):
            name = topic_name(settings.kafka, topic.name)
            places = [TopicPartition(name, number) for number in range(topic.partitions)]
            ends = await consumer.end_offsets(places)
            rows = await connection.fetch(query, name)
            at = {row["partition"]: row["next_offset"] for row in rows}
            if any(at.get(tp.partition, 0) < end - 2 for tp, end in ends.items() if end):
                return False
    finally:
        await consumer.stop()
    return True


async def _show(console: Console, settings: Settings, endpoints: Endpoints) -> str:
    """The review, one receipt and three mails; the case of the receipt."""
    await review.show_review(settings, console)
    connection = await asyncpg.connect(settings.postgres.dsn)
    case = await connection.fetchval(
        "SELECT case_id FROM review.rejections WHERE 'too-early' = ANY(codes) ORDER BY 1 LIMIT 1"
    )
    await connection.close()
    await review.show_explanation(settings, console, case)
    if endpoints.mail is not None:
        for mail in await _three_mails(endpoints.mail):
            body = f"To: {', '.join(mail['to'])}\nSubject: {mail['subject']}\n\n{mail['text']}"
            text = plain_text.visible_lines(body.rstrip())
            console.print(Panel(Text(text), title="a mail as received"))
    return str(case)


async def _three_mails(url: str) -> list[dict[str, Any]]:
    """One that accepts, one that rejects, one to a support manager."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/messages") as answer:
        mails = await answer.json()
    chosen: dict[str, dict[str, Any]] = {}
    for mail in mails:
        chosen.setdefault(_kind(mail), mail)
    return [chosen[kind] for kind in ("accepted", "rejected", "staff") if kind in chosen]


def _kind(mail: dict[str, Any]) -> str:
    if mail["subject"].startswith("Escalated"):
        return "staff"
    if mail["subject"].startswith("Your escalation request"):
        return "rejected" if "not accepted" in mail["subject"] else "accepted"
    return "other"


def _next(case: str, endpoints: Endpoints | None) -> str:
    """What to try; None: everything has ended."""
    how = "run .venv/bin/escalation demo without --exit; in another shell, with what it exports:"
    if endpoints is not None:
        how = f"while this runs, in another shell:\n{exports(endpoints)}"
    return _TRY.format(how=how, case=case)


_TRY = """
What you can try: {how}
  .venv/bin/escalation token link        a link that signs in to the review page
  .venv/bin/escalation review            the daily review
  .venv/bin/escalation explain {case}    why a request was decided as it was
  .venv/bin/escalation timeline {case}   everything that happened to a case
  .venv/bin/escalation explain account/northwind   the same for an account
  .venv/bin/escalation policy list       the five practices; explain NAME reads one out
  .venv/bin/escalation doctor            does everything answer
"""
