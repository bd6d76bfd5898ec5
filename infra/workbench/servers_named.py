"""Servers that the environment names instead of the embedded ones: said, and tried before use."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable

import asyncpg
from aiokafka.errors import KafkaError

from infra.runtime.kafka import make_admin
from infra.runtime.secrets import secrets_of, shown_address, without
from infra.runtime.settings import Settings, load_settings
from infra.workbench.supervisor import Tell
from infra.workbench.workbench import KAFKA, POSTGRES, SMTP

WITHIN = 10.0
"""Seconds for each server to answer."""


class NamedServerAway(RuntimeError):
    """Which setting names a server that does not answer, and what to do."""


async def try_named_servers(tell: Tell) -> None:
    """Say which servers the environment names, and see that they answer.

    Errors: ``NamedServerAway``. Whoever has run the exports of an earlier ``up`` and stopped it
    since is in this place, most likely without wanting to be.
    """
    settings, named = load_settings(), sorted({KAFKA, POSTGRES, *SMTP} & os.environ.keys())
    if not named:
        return
    shown = {
        KAFKA: settings.kafka.bootstrap_servers,
        POSTGRES: shown_address(settings.postgres.dsn),
        SMTP[0]: settings.smtp.host,
        SMTP[1]: str(settings.smtp.port),
    }
    tell(
        "not embedded, because the environment names them: "
        + ", ".join(f"{name}={shown[name]}" for name in named)
    )
    for name, tries in ((KAFKA, _kafka), (POSTGRES, _postgres)):
        if name in named and (why := await _away(tries, settings)):
            raise NamedServerAway(
                f"{name} names {shown[name]}, which does not answer ({why}). Start that server, or "
                f"use the embedded ones:\n  unset {' '.join(named)}"
            )


async def _away(tries: Callable[[Settings], Awaitable[None]], settings: Settings) -> str:
    try:
        async with asyncio.timeout(WITHIN):
            await tries(settings)
    except (KafkaError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        said = str(error).partition("\n")[0] or type(error).__name__
        return without(secrets_of(settings), said)
    return ""


async def _kafka(settings: Settings) -> None:
    admin = make_admin(settings.kafka)
    try:
        await admin.start()
    finally:
        await admin.close()


async def _postgres(settings: Settings) -> None:
    connection = await asyncpg.connect(settings.postgres.dsn, timeout=WITHIN)
    await connection.close()
