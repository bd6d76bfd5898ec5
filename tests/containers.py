"""Kafka and Postgres in containers, for people whose machine has a Docker engine.

The images are the official ones; ``ESCALATION_TESTS_KAFKA_IMAGE`` and
``ESCALATION_TESTS_POSTGRES_IMAGE`` name others that take the same environment variables.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import docker
from aiokafka.errors import KafkaError
from docker.errors import DockerException
from testcontainers.core.config import testcontainers_config as config
from testcontainers.core.container import DockerContainer

from infra.runtime.kafka import make_admin
from infra.runtime.settings import KafkaSettings
from infra.workbench.parts import free_port

KAFKA_IMAGE = os.environ.get("ESCALATION_TESTS_KAFKA_IMAGE", "apache/kafka:4.1.0")
POSTGRES_IMAGE = os.environ.get("ESCALATION_TESTS_POSTGRES_IMAGE", "postgres:18")


def engine_answers() -> bool:
    """Whether a Docker engine answers and has the images, or can get them."""
    client = _client()
    if client is None:
        return False
    try:
        for image in _images():
            if not client.images.list(image):
                client.images.pull(image)
    except DockerException as error:
        print(f"no containers, embedded servers instead: {error}", file=sys.stderr)
        return False
    finally:
        client.close()
    return True


def _client() -> docker.DockerClient | None:
    """Where nobody answers, the library drops its socket without closing it; that is its warning,
    collected here and not during some test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            return docker.from_env(timeout=120)
        except DockerException:
            pass
        gc.collect()
    return None


def _images() -> list[str]:
    """Ours, and the one that clears up after a killed run."""
    ours = [KAFKA_IMAGE, POSTGRES_IMAGE]
    return ours if config.ryuk_disabled else [*ours, config.ryuk_image]


@asynccontextmanager
async def started() -> AsyncIterator[dict[str, str]]:
    """Both servers; what is given are the settings that lead there."""
    kafka_port, postgres_port = free_port(), free_port()
    parts = _kafka(kafka_port), _postgres(postgres_port)
    try:
        for part in parts:
            await asyncio.to_thread(part.start)
        dsn = f"postgresql://postgres:escalation@127.0.0.1:{postgres_port}/postgres"
        await _kafka_answers(f"127.0.0.1:{kafka_port}")
        await _postgres_answers(dsn)
        yield {
            "ESCALATION_KAFKA__BOOTSTRAP_SERVERS": f"127.0.0.1:{kafka_port}",
            "ESCALATION_POSTGRES__DSN": dsn,
        }
    finally:
        for part in parts:
            await asyncio.to_thread(part.stop)


def _kafka(port: int) -> DockerContainer:
    """The advertised address is the one outside, so its port is chosen beforehand; the broker
    reaches itself, to write the markers of transactions, by another."""
    settings = {
        "NODE_ID": "1",
        "PROCESS_ROLES": "broker,controller",
        "LISTENERS": "PLAINTEXT://:9092,INSIDE://:9094,CONTROLLER://:9093",
        "ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port},INSIDE://localhost:9094",
        "INTER_BROKER_LISTENER_NAME": "INSIDE",
        "CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "LISTENER_SECURITY_PROTOCOL_MAP": ",".join(
            f"{name}:PLAINTEXT" for name in ("PLAINTEXT", "INSIDE", "CONTROLLER")
        ),
        "CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "AUTO_CREATE_TOPICS_ENABLE": "false",
        "OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "OFFSETS_TOPIC_NUM_PARTITIONS": "4",
        "TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "TRANSACTION_STATE_LOG_NUM_PARTITIONS": "4",
        "GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }
    part = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, port)
    for name, value in settings.items():
        part = part.with_env(f"KAFKA_{name}", value)
    return part


def _postgres(port: int) -> DockerContainer:
    part = DockerContainer(POSTGRES_IMAGE).with_bind_ports(5432, port)
    return part.with_env("POSTGRES_PASSWORD", "escalation")


async def _kafka_answers(at: str) -> None:
    """Docker's own proxy takes connections before the broker does, so a broker must answer."""
    async with asyncio.timeout(120):
        while True:
            admin = make_admin(KafkaSettings(bootstrap_servers=at))
            try:
                await admin.start()
            except KafkaError:
                await asyncio.sleep(0.5)
            else:
                return
            finally:
                await admin.close()


async def _postgres_answers(dsn: str) -> None:
    """The image starts once to prepare itself and then again: two answers in a row count."""
    in_a_row = 0
    async with asyncio.timeout(120):
        while in_a_row < 2:
            try:
                connection = await asyncpg.connect(dsn)
            except (OSError, asyncpg.PostgresError, asyncpg.InternalClientError):
                in_a_row = 0
            else:
                await connection.close()
                in_a_row += 1
            await asyncio.sleep(0.5)
