"""A notifier on real servers, told by hand what was reported and what was decided."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.request import urlopen

from aiosmtpd.smtp import SMTP

from infra.runtime.kafka import make_producer, topic_name
from infra.workbench.parts import free_port
from schemas import topics
from schemas.codec import STRUCTURED_HEADERS, Decided, Reported, write
from tests.world import World, until


@dataclass
class Stage:
    """Publishes a reported event together with the decisions that it caused."""

    world: World

    async def tell(self, stories: Iterable[tuple[Reported, list[Decided]]]) -> None:
        """Append what was reported, then what was decided because of it, as the decider would."""
        producer = make_producer(self.world.kafka, linger_ms=5)
        await producer.start()
        try:
            cases = topic_name(self.world.kafka, topics.CASE_EVENTS.name)
            sent = [
                (await producer.send(cases, write(one), key=one.key,
                                     headers=list(STRUCTURED_HEADERS)), decisions)
                for one, decisions in stories
            ]  # fmt: skip
            for waiting, decisions in sent:
                placed = await waiting
                await self._decide(producer, decisions, (placed.partition, placed.offset))
            await producer.flush()
        finally:
            await producer.stop()

    async def decide(self, decisions: Iterable[Decided], cause: tuple[int, int]) -> None:
        producer = make_producer(self.world.kafka, linger_ms=5)
        await producer.start()
        try:
            await self._decide(producer, decisions, cause)
            await producer.flush()
        finally:
            await producer.stop()

    async def _decide(
        self, producer: Any, decisions: Iterable[Decided], cause: tuple[int, int]
    ) -> None:
        name = topic_name(self.world.kafka, topics.ESCALATION_EVENTS.name)
        for one in decisions:
            event = replace(one, source_partition=cause[0], source_offset=cause[1])
            await producer.send(name, write(event), key=event.key, partition=cause[0],
                                headers=list(STRUCTURED_HEADERS))  # fmt: skip

    # --- what came of it ----------------------------------------------------------------------

    async def messages(self) -> list[dict[str, Any]]:
        """What the world's mail sink has received about this world's cases."""
        assert self.world.servers.mail is not None
        url = f"{self.world.servers.mail}/messages"
        return await asyncio.to_thread(lambda: json.load(urlopen(url, timeout=10)))

    async def rows(self, where: str = "true") -> list[Any]:
        return await self.world.query(
            f"SELECT * FROM notifier.message WHERE {where} ORDER BY due_at, audience"
        )

    async def until_settled(self, number: int, seconds: float = 60) -> list[Any]:
        """Until so many messages are planned and none of them waits any more."""

        async def all_settled() -> list[Any]:
            rows = await self.rows()
            done = len(rows) >= number and all(row["settled_at"] for row in rows)
            return rows if done else []

        return await until(all_settled, seconds)


@dataclass
class Inbox:
    """A mail server of the test's own, that can refuse, stall and go away."""

    port: int = field(default_factory=free_port)
    received: list[tuple[str, str, bytes]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    hang: set[str] = field(default_factory=set)
    server: asyncio.Server | None = None

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.hang:
            await asyncio.sleep(60)
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        assert len(envelope.rcpt_tos) == 1
        self.received.append((envelope.mail_from, envelope.rcpt_tos[0], envelope.content))
        return "250 kept"

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(
            lambda: SMTP(self, enable_SMTPUTF8=True, loop=loop), "127.0.0.1", self.port
        )

    async def close(self) -> None:
        if self.server is not None:
            self.server.close()
            self.server = None

    def settings(self) -> dict[str, str]:
        return {"ESCALATION_SMTP__HOST": "127.0.0.1", "ESCALATION_SMTP__PORT": str(self.port)}


@asynccontextmanager
async def inbox() -> AsyncIterator[Inbox]:
    box = Inbox()
    await box.open()
    try:
        yield box
    finally:
        await box.close()
