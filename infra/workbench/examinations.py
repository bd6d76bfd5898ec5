"""What ``escalation doctor`` tries, one function each: what is wrong in sentences, with what to do,
and what is worth knowing though nothing is wrong."""

from __future__ import annotations

import asyncio
import platform
import ssl
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any, Final

import aiosmtplib
import asyncpg

from infra.runtime.cluster_state import GroupState, group_states, held_back, members_of
from infra.runtime.dead_letter_reading import dead_letters
from infra.runtime.settings import Settings
from infra.runtime.topic_admin import check_topics
from infra.workbench.files_named import unusable_files
from infra.workbench.migrating import pending_migrations
from infra.workbench.readiness import OWNED
from schemas import topics

FRESH: Final = timedelta(days=1)
"""Dead letters younger than this count as something wrong, older ones are worth knowing."""
BETWEEN_LOOKS: Final = 2.0
"""Seconds between two looks at who is in a group."""


@dataclass
class Examined:
    """``wrong``: sentences that say what to do. ``notes``: what else is known."""

    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


async def files(settings: Settings) -> Examined:
    """Policies, mapping and addresses as services would load them."""
    return Examined(await asyncio.to_thread(unusable_files, settings))


async def catalogue(settings: Settings) -> Examined:
    """Topics, their sizes and retention."""
    return Examined(await check_topics(settings.kafka, topics.TOPICS))


async def groups(settings: Settings) -> Examined:
    """How far each service has read, and whether two processes share an instance id."""
    before = {group: await members_of(settings.kafka, group) for group in OWNED}
    await asyncio.sleep(BETWEEN_LOOKS)
    found = Examined()
    for state in await group_states(settings.kafka, OWNED):
        _judge(state, before[state.group], found)
    return found


def _judge(state: GroupState, before: dict[str, str], found: Examined) -> None:
    service = state.group.removeprefix("escalation-")
    ids = ", ".join(sorted(one.removeprefix(f"{state.group}-") for one in state.members))
    found.notes.append(f"{state.group}: lag {state.lag}, instance ids: {ids or 'none'}")
    if state.lag and not state.members:
        found.wrong.append(
            f"{state.lag} records wait for {state.group} and no process reads them: start "
            f"escalation run {service}, or see why it ended in its log"
        )
    for instance, member in state.members.items():
        if before.get(instance, member) != member:
            found.wrong.append(
                f"instance id {instance.removeprefix(f'{state.group}-')} of {service} went from "
                "one process to another while we looked: if nobody restarted it, two processes "
                f"use it; give each its own ESCALATION_{service.upper()}__INSTANCE_ID"
            )


async def transactions(settings: Settings) -> Examined:
    """A producer that does not end its transaction keeps every reader behind it."""
    read = sorted({name for names in OWNED.values() for name in names})
    return Examined(
        [
            f"{one.topic} partition {one.partition}: nothing after offset {one.stable} can be "
            f"read, though the topic goes on to {one.end}: a producer has not ended its "
            "transaction. Until its timeout no case of this partition is decided: stop that "
            "producer, or end it with kafka-transactions.sh find-hanging and abort"
            for one in await held_back(settings.kafka, read)
        ]
    )


async def letters(settings: Settings) -> Examined:
    """Records that were set aside, by consumer and reason."""
    fresh, older = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    limit = datetime.now(UTC) - FRESH
    async for one in dead_letters(settings.kafka, topics.CONSUMERS):
        (fresh if one.at >= limit else older)[one.consumer, one.reason] += 1
    return Examined(
        [
            f"{consumer} set {number} records aside within a day as {reason}: see escalation dlq "
            f"list --consumer {consumer} --reason {reason}, mend the sender, publish them again"
            for (consumer, reason), number in sorted(fresh.items())
        ],
        [f"{key[0]}: {number} older ones as {key[1]}" for key, number in sorted(older.items())],
    )


async def postgres(settings: Settings) -> Examined:
    """Connection, migrations, views."""
    connection = await asyncpg.connect(settings.postgres.dsn, timeout=10)
    try:
        server = await connection.fetchval("SHOW server_version")
        now = await connection.fetchval("SELECT clock_timestamp()")
    finally:
        await connection.close()
    found = Examined(await pending_migrations(settings.postgres.dsn), [f"PostgreSQL {server}"])
    if abs((datetime.now(UTC) - now).total_seconds()) > BETWEEN_LOOKS:
        found.wrong.append("this clock and that of Postgres differ by seconds: set both by NTP")
    return found


async def mail(settings: Settings) -> Examined:
    """Connection, encryption and login, as the notifier does them; nothing is sent."""
    smtp = settings.smtp
    secret = smtp.password.get_secret_value() if smtp.password else None
    client = aiosmtplib.SMTP(
        hostname=smtp.host, port=smtp.port, timeout=10, username=smtp.username, password=secret,
        use_tls=smtp.tls == "tls", start_tls=smtp.tls == "starttls",
        cert_bundle=str(smtp.cafile) if smtp.cafile else None,
    )  # fmt: skip
    try:
        await client.connect()
        await client.noop()
        await client.quit()
    except aiosmtplib.SMTPAuthenticationError as error:
        return Examined([f"the mail server refuses the login ({error.code}): see "
                        "ESCALATION_SMTP__USERNAME and __PASSWORD"])  # fmt: skip
    except (OSError, aiosmtplib.SMTPException) as error:
        return Examined([_mail_problem(settings, error)])
    finally:
        client.close()
    how = {"none": "unencrypted", "starttls": "STARTTLS", "tls": "TLS"}[smtp.tls]
    return Examined(notes=[f"{how}, {'logged in' if smtp.username else 'no login'}"])


def _mail_problem(settings: Settings, error: Exception) -> str:
    smtp, cause = settings.smtp, error.__cause__ or error.__context__
    at = f"{smtp.host}:{smtp.port}"
    if isinstance(error, ssl.SSLError) or isinstance(cause, ssl.SSLError):
        why = getattr(cause if isinstance(cause, ssl.SSLError) else error, "reason", None)
        return (
            f"no secure line to the mail server at {at} ({why or error}): see ESCALATION_SMTP__TLS,"
            " and set ESCALATION_SMTP__CAFILE to the certificate authority of a private one"
        )
    if smtp.tls == "starttls" and "STARTTLS" in str(error):
        return f"the mail server at {at} offers no STARTTLS: see ESCALATION_SMTP__TLS and __PORT"
    return f"no mail server at {at} ({error}): set ESCALATION_SMTP__HOST and __PORT"


def versions() -> dict[str, str]:
    """Of this program and of the libraries that decide how it talks to its servers."""
    libraries = ("case-escalation", "aiokafka", "asyncpg", "faust-streaming", "tzdata")
    found: dict[str, Any] = {name: version(name) for name in libraries}
    return {"python": platform.python_version()} | found
