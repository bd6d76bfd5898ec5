"""Wait at the start of a process until Kafka answers: one behaviour for every service."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from aiokafka.errors import KafkaError

from infra.runtime.kafka import make_admin
from infra.runtime.outage import Outage
from infra.runtime.settings import KafkaSettings

WITHIN: Final = 10.0
"""Seconds for a broker to answer one try."""


async def until_kafka_answers(kafka: KafkaSettings, stop: asyncio.Event) -> bool:
    """Wait with growing pauses, said once as a warning; not ready meanwhile.

    False where ``stop`` was set before. A login that is refused is waited out like an outage: the
    account may be on its way, and the warning names the reason.
    """
    outage = Outage("kafka", is_condition=True)
    while not stop.is_set():
        try:
            async with asyncio.timeout(WITHIN):
                await _ask(kafka)
        except (KafkaError, OSError, TimeoutError) as error:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), outage.failed(error))
        else:
            outage.over()
            return True
    return False


async def _ask(kafka: KafkaSettings) -> None:
    admin = make_admin(kafka)
    try:
        await admin.start()
    finally:
        await admin.close()
