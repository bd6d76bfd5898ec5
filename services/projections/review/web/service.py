"""The page as a process: it reads the views, keeps its sessions, and publishes what forms say."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable

import asyncpg
import uvicorn
from aiokafka.errors import KafkaError

from infra.runtime.logs import get_logger
from infra.runtime.outage import Outage
from infra.runtime.postgres import POSTGRES_AWAY
from infra.runtime.probes import PROBES
from infra.runtime.settings import KafkaSettings, Settings
from policies.catalogue import policies_in, shipped
from policies.file import parsed
from policies.topic import PolicyTopic
from schemas import topics
from services.projections.review.web.app import application
from services.projections.review.web.state import Page
from services.projections.review.web.submitting import Forms, Publisher

LOOK_EVERY = 2.0
log = get_logger(__name__)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve the page until asked to stop."""
    PROBES.set("postgres", False)
    own = settings.decider
    policies = policies_in(shipped(), own.default_policy, own.policies_folder)
    pool = await asyncpg.create_pool(
        settings.postgres.dsn, min_size=1, max_size=8, command_timeout=10,
        server_settings={"application_name": "escalation-board", "statement_timeout": "5s"},
    )  # fmt: skip
    key = settings.board.key.get_secret_value() or secrets.token_urlsafe(32)
    publisher = Publisher(settings.kafka)
    page = Page(settings, policies, pool, Forms(key), publisher)

    def learn(texts: list[str]) -> None:
        page.policies = page.policies.with_versions(parsed(texts, topics.POLICIES.name)[0])

    beside = [
        asyncio.create_task(_follow_policies(settings.kafka, learn)),
        asyncio.create_task(_watch(pool)),
    ]
    try:
        await _served(settings, page, stop)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, publisher.close(), return_exceptions=True)
        pool.terminate()


async def _served(settings: Settings, page: Page, stop: asyncio.Event) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            application(page),
            settings.board.host,
            settings.board.port,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=5,
        )
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # ours are in place
    serving = asyncio.create_task(server._serve())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving


async def _follow_policies(kafka: KafkaSettings, learn: Callable[[list[str]], None]) -> None:
    """Learn the versions that are published, for ever; the page is there without the brokers."""
    outage = Outage("kafka")
    while True:
        topic = PolicyTopic(kafka)
        try:
            learn(await topic.poll())
            outage.over()
            await topic.follow(learn)
        except (KafkaError, OSError, TimeoutError) as error:
            await asyncio.sleep(outage.failed(error))
        finally:
            with contextlib.suppress(KafkaError, OSError):
                await topic.close()


async def _watch(pool: asyncpg.Pool) -> None:
    """Ready means that the database answers."""
    while True:
        try:
            async with asyncio.timeout(5):
                await pool.fetchval("SELECT 1")
            PROBES.set("postgres", True)
        except POSTGRES_AWAY:
            PROBES.set("postgres", False)
        await asyncio.sleep(LOOK_EVERY)
