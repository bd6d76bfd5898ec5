"""The notifier as a process: it follows the decisions, plans messages, and sends them.

Wires what the other modules hold: ``follower.py`` reads, ``planner.py`` stores, ``sender.py``
sends. An error that is no outage ends the process; the supervisor starts it again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from aiokafka.errors import KafkaError

from infra.runtime.dead_letter_writing import DeadLetterWriter
from infra.runtime.logs import get_logger
from infra.runtime.migrations import NotMigrated, pending
from infra.runtime.outage import Outage
from infra.runtime.postgres import POSTGRES_AWAY, open_pool
from infra.runtime.probes import PROBES
from infra.runtime.settings import PostgresSettings, Settings
from policies.catalogue import policies_in, shipped
from policies.topic import PolicyTopic
from schemas.topics import CASE_EVENTS
from services.notifier.delivery.channels import channels_of
from services.notifier.delivery.lanes import SESSIONS
from services.notifier.delivery.outbox import Outbox
from services.notifier.delivery.retries import Retries
from services.notifier.delivery.sender import Sender
from services.notifier.directory.address_file import load_addresses
from services.notifier.directory.support import Directory
from services.notifier.follower import Follower
from services.notifier.planner import Planner, Waits
from services.notifier.sql import SQL

OWNER: Final = "notifier"
MIGRATIONS: Final = Path(str(files("services.notifier") / "migrations"))
FORGET_EVERY: Final = 6 * 3600.0
GRACE: Final = 4.0
"""Seconds that a mail being handed over may take to finish when we are asked to stop."""

log = get_logger(__name__)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Plan and send until asked to stop. Raises whatever ended one of its parts."""
    for condition in ("postgres", "kafka", "partitions"):
        PROBES.set(condition, False)
    policies = policies_in(
        shipped(), settings.decider.default_policy, settings.decider.policies_folder
    )
    directory = Directory(load_addresses(settings.notifier.addresses_file), policies)
    channels = channels_of(settings)
    postgres = Outage("postgres", is_condition=True)
    kafka = Outage("kafka", is_condition=True)
    most = SESSIONS * len(channels) + 3
    pool = await _until_postgres_answers(settings.postgres, most, stop, postgres)
    if pool is None:
        return
    letters, mine = DeadLetterWriter(settings.kafka, "notifier", "plan"), settings.notifier
    waits = Waits(mine.silent_after, mine.unknown_case_wait, mine.gather_misses)
    planner = Planner(pool, directory, waits, letters)
    retries = Retries(mine.retry_first, mine.retry_longest)
    senders: list[Sender] = []

    def wake() -> None:
        for one in senders:
            one.wake.set()

    follower = Follower(settings, planner, wake, stop, kafka=kafka, postgres=postgres)
    for channel in channels:
        outbox = Outbox(pool, f"notifier-{mine.instance_id}", channel.name)
        senders.append(Sender(outbox, channel, retries, stop, follower.backlog, postgres=postgres))
    topic = PolicyTopic(settings.kafka)
    planner.learn(await _until_kafka_answers(topic, stop, kafka))
    try:
        learning = topic.follow(planner.learn)
        finishing = (follower.run(), *(one.run() for one in senders))
        await _run_all(stop, wake, finishing, (_forget(pool), learning))
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(letters.close(), topic.close()), 2)
        pool.terminate()


async def _run_all(
    stop: asyncio.Event,
    wake: Callable[[], None],
    finishing: Iterable[Coroutine[Any, Any, Any]],
    others: Iterable[Coroutine[Any, Any, Any]],
) -> None:
    """Until asked to stop, or one part has failed; then ``finishing`` get a moment to finish."""
    to_finish = [asyncio.create_task(part) for part in finishing]
    at_once = [asyncio.create_task(part) for part in others]
    working = [*to_finish, *at_once]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([*working, stopping], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    wake()
    for task in at_once:
        task.cancel()
    await asyncio.wait(to_finish, timeout=GRACE)
    for task in working:
        task.cancel()
    results = await asyncio.gather(*working, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _until_kafka_answers(topic: PolicyTopic, stop: asyncio.Event, kafka: Outage) -> list[str]:
    """The policies that were published so far; none if asked to stop before."""
    while not stop.is_set():
        try:
            found = await topic.poll()
        except KafkaError as error:
            wait = kafka.failed(type(error).__name__)
        else:
            kafka.over()
            return found
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait)
    return []


async def _until_postgres_answers(
    server: PostgresSettings, most: int, stop: asyncio.Event, postgres: Outage
) -> Any:
    """A pool of at most so many connections on migrated tables; None if asked to stop before.
    Errors: ``NotMigrated``."""
    while not stop.is_set():
        try:
            missing = await pending(server.dsn, OWNER, MIGRATIONS)
            if missing:
                raise NotMigrated(f"{', '.join(missing)} not applied: run escalation db migrate")
            pool = await open_pool(server, max_size=most)
        except POSTGRES_AWAY as error:
            wait = postgres.failed(type(error).__name__)
        else:
            postgres.over()
            return pool
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait)
    return None


async def _forget(pool: Any) -> None:
    """Names, addresses and words live here as long as in the case topic, and no longer."""
    keep = timedelta(milliseconds=int(CASE_EVENTS.configs["retention.ms"]))
    while True:
        with contextlib.suppress(*POSTGRES_AWAY):
            forgotten = await pool.fetchval(SQL["expire"], keep)
            if forgotten:
                log.info("personal-data-forgotten", rows=forgotten)
        await asyncio.sleep(FORGET_EVERY)
