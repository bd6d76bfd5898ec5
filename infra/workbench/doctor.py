"""``escalation doctor``: does everything answer, and what is set."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiosmtplib
import asyncpg
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from infra.runtime.settings import Settings
from infra.runtime.settings_shown import SettingRow, describe_settings
from infra.runtime.topic_admin import check_topics
from schemas import topics


@dataclass(frozen=True)
class Report:
    """What was checked, what is wrong, and every setting as it stands."""

    checked: dict[str, list[str]]
    settings: list[SettingRow]

    @property
    def problems(self) -> list[str]:
        return [problem for found in self.checked.values() for problem in found]

    def as_dict(self) -> dict[str, Any]:
        return {
            "checks": self.checked,
            "settings": {row.name: row.value for row in self.settings},
        }

    def show(self, console: Console) -> None:
        for name, found in self.checked.items():
            console.print(f"{'ok  ' if not found else 'FAIL'} {name}", highlight=False)
            for problem in found:
                console.print(f"     {problem}", markup=False)
        table = Table()
        for column in ("setting", "value", "default", "what it is"):
            table.add_column(column, overflow="fold")
        for row in self.settings:
            table.add_row(row.name, row.value, row.default, row.description)
        console.print(table)


async def examine(settings: Settings) -> Report:
    """Try every server that the settings name."""
    checks: dict[str, Callable[[Settings], Awaitable[list[str]]]] = {
        "Kafka and its topics": _kafka,
        "Postgres": _postgres,
        "mail server": _mail,
    }
    found = {name: await check(settings) for name, check in checks.items()}
    return Report(found, describe_settings(settings))


async def _kafka(settings: Settings) -> list[str]:
    try:
        async with asyncio.timeout(20):
            return await check_topics(settings.kafka, topics.TOPICS)
    except (KafkaError, OSError) as error:
        at = settings.kafka.bootstrap_servers
        return [f"no broker at {at} ({error}): set ESCALATION_KAFKA__BOOTSTRAP_SERVERS"]


async def _postgres(settings: Settings) -> list[str]:
    try:
        connection = await asyncpg.connect(settings.postgres.dsn, timeout=10)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return [f"no Postgres ({error}): set ESCALATION_POSTGRES__DSN"]
    try:
        views = await connection.fetchval("SELECT to_regclass('review.escalation_status')")
        return [] if views else ["the views are missing: run escalation db migrate"]
    finally:
        await connection.close()


async def _mail(settings: Settings) -> list[str]:
    smtp = settings.smtp
    client = aiosmtplib.SMTP(
        hostname=smtp.host, port=smtp.port, timeout=10, use_tls=smtp.tls == "tls", start_tls=False
    )
    try:
        await client.connect()
        await client.quit()
    except (OSError, aiosmtplib.SMTPException) as error:
        at = f"{smtp.host}:{smtp.port}"
        return [f"no mail server at {at} ({error}): set ESCALATION_SMTP__HOST and __PORT"]
    return []
