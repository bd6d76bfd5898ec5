"""Reported words live here as long as in the case topic, and no longer: once a day they expire."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from infra.runtime.logs import get_logger
from infra.runtime.postgres import POSTGRES_AWAY
from infra.runtime.settings import PostgresSettings
from schemas.topics import CASE_EVENTS
from services.projections.metrics import EXPIRED
from services.projections.projector.schema import TABLES_MISSING, connect
from services.projections.sql import SQL

KEEP: Final = timedelta(milliseconds=int(CASE_EVENTS.configs["retention.ms"]))
EVERY: Final = 24 * 3600.0
AGAIN_AFTER: Final = 60.0
"""Seconds until the next try where Postgres was away, or its tables were."""

log = get_logger(__name__)


async def expire_daily(postgres: PostgresSettings) -> None:
    """At the start and once a day, for ever."""
    while True:
        try:
            gone = await expire(postgres, KEEP)
        except (*TABLES_MISSING, *POSTGRES_AWAY):
            await asyncio.sleep(AGAIN_AFTER)
            continue
        if gone:
            log.info("reported-text-expired", rows=gone)
        EXPIRED.inc(gone)
        await asyncio.sleep(EVERY)


async def expire(postgres: PostgresSettings, keep: timedelta) -> int:
    """Forget what was recorded longer ago; how many rows lost something."""
    connection = await connect(postgres)
    try:
        gone: int = await connection.fetchval(SQL["expire"], keep, timeout=3600)
        return gone
    finally:
        connection.terminate()
