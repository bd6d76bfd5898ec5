"""Kafka clients with the settings that keep a promise: acks from all, no auto commit,
committed records only. aiokafka's own defaults are others."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CorruptRecordException
from aiokafka.helpers import create_ssl_context

from infra.runtime import tolerant_records
from infra.runtime.logs import get_logger
from infra.runtime.settings import KafkaSettings

FETCH_AGAIN_AFTER: Final = 0.2
"""Seconds until what arrived damaged is fetched again."""

log = get_logger(__name__)
tolerant_records.install()


def topic_name(kafka: KafkaSettings, name: str) -> str:
    """A topic's name on this cluster."""
    return f"{kafka.topic_prefix}{name}"


def group_name(kafka: KafkaSettings, group: str) -> str:
    """A consumer group's name: deployments that share a cluster must not share groups."""
    return f"{kafka.topic_prefix}{group}"


def connection(kafka: KafkaSettings) -> dict[str, Any]:
    """What every client needs to reach the brokers."""
    options: dict[str, Any] = {
        "bootstrap_servers": kafka.bootstrap_servers,
        "security_protocol": kafka.security_protocol,
    }
    if kafka.security_protocol.endswith("SSL"):
        options["ssl_context"] = create_ssl_context(
            cafile=kafka.ssl_cafile and str(kafka.ssl_cafile),
            certfile=kafka.ssl_certfile and str(kafka.ssl_certfile),
            keyfile=kafka.ssl_keyfile and str(kafka.ssl_keyfile),
        )
    if kafka.security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = kafka.sasl_mechanism
        options["sasl_plain_username"] = kafka.sasl_username
        secret = kafka.sasl_password
        options["sasl_plain_password"] = secret and secret.get_secret_value()
    return options


class TolerantConsumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka has no types
    """Goes on behind what cannot be parsed: see ``tolerant_records``."""

    async def getmany(self, *partitions: Any, **options: Any) -> dict[Any, list[Any]]:
        """As aiokafka's; what arrived damaged is fetched again."""
        try:
            found: dict[Any, list[Any]] = await super().getmany(*partitions, **options)
            return found
        except CorruptRecordException as error:
            log.warning("batch-damaged", why=str(error)[:200])
            await asyncio.sleep(FETCH_AGAIN_AFTER)
            return {}


def make_consumer(kafka: KafkaSettings, *topics: str, **overrides: Any) -> Any:
    """A consumer, not yet started: read committed, from the beginning, commits by hand.

    ``group_id`` is the group's name in the catalogue; the cluster's prefix is added here.
    """
    options: dict[str, Any] = {
        "group_id": None,
        "isolation_level": "read_committed",
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
    }
    chosen = options | overrides
    if chosen["group_id"] is not None:
        chosen["group_id"] = group_name(kafka, str(chosen["group_id"]))
    return TolerantConsumer(*topics, **connection(kafka), **chosen)


def make_producer(kafka: KafkaSettings, **overrides: Any) -> Any:
    """A producer, not yet started: idempotent, every replica in sync has it."""
    options = {"enable_idempotence": True, "acks": "all"}
    return AIOKafkaProducer(**connection(kafka), **(options | overrides))


def make_admin(kafka: KafkaSettings) -> Any:
    return AIOKafkaAdminClient(**connection(kafka))
