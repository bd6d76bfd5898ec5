"""What operators see of the notifier: readiness, metrics, one warning an outage, nobody's data."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import psutil

from infra.workbench.parts import free_port
from schemas import reported
from tests.notifier.decisions import accepted, missed, raised, rejected
from tests.notifier.stage import Stage, inbox
from tests.notifier.test_telling import asked, case, now
from tests.stories import did, person
from tests.world import World, answered, until

SECRET = "Zwetschgenknoedel"
ANN = person(
    "customer", name=f"Ann {SECRET}", email=f"{SECRET}@customer.example", phone=f"{SECRET}-1",
    working_hours=SECRET,
)  # fmt: skip


@dataclass
class Gate:
    """A way to Postgres that can be closed."""

    host: str
    port: int
    here: int = field(default_factory=free_port)
    server: asyncio.Server | None = None
    lines: set[asyncio.StreamWriter] = field(default_factory=set)

    async def open(self) -> None:
        self.server = await asyncio.start_server(self._pass, "127.0.0.1", self.here)

    async def close(self) -> None:
        if self.server is not None:
            self.server.close()
        for line in tuple(self.lines):
            line.close()
        self.lines.clear()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self.host, self.port)
        self.lines |= {writer, back}
        with contextlib.suppress(OSError):
            await asyncio.gather(_pump(reader, back), _pump(there, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def gate_to(dsn: str) -> AsyncIterator[tuple[Gate, str]]:
    found = urlparse(dsn)
    gate = Gate(found.hostname or "127.0.0.1", found.port or 5432)
    await gate.open()
    try:
        yield gate, dsn.replace(f"{found.hostname}:{found.port}", f"127.0.0.1:{gate.here}")
    finally:
        await gate.close()


def logged(log: Path, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    return [line for line in lines if line["event"] == event]


async def test_an_outage_is_one_warning_and_readiness_falls_with_postgres(world: World) -> None:
    port, log = free_port(), world.logs / "notifier.log"
    async with inbox() as box, gate_to(world.dsn) as (gate, through):
        world.more = box.settings() | {
            "ESCALATION_HEALTH__PORT": str(port), "ESCALATION_POSTGRES__DSN": through,
            "ESCALATION_NOTIFIER__RETRY_FIRST": "PT0.2S",
        }  # fmt: skip
        world.start("notifier")
        await until(lambda: _status(port, 200), 60)
        await gate.close()
        await until(lambda: _status(port, 503), 30)
        assert "postgres" in (await answered(port, "/readyz"))[1]
        await box.close()
        await gate.open()
        await until(lambda: _status(port, 200), 60)
        stage = Stage(world)
        told = [case(opened_by=ANN), asked(requested_by=ANN, comments=SECRET)]
        why = did(reported.LevelRaised, now(), to="team-manager", why=SECRET)
        await stage.tell([
            (told[0], []), (told[1], [accepted(now()), missed(now())]),
            (why, [raised(at=now())]),
            (asked("r-2", requested_by=ANN), [rejected("too-early", at=now(), request_id="r-2")]),
        ])  # fmt: skip
        await world.publish_raw([(b"case-1", b"{")], "support.escalation.events.v1")
        await until(lambda: _logged(log, "mail-server-away"), 30)
        await asyncio.sleep(2)
        await box.open()
        await stage.until_settled(6)
        metrics = (await answered(port, "/metrics"))[1]
        commands = " ".join(" ".join(_command(one)) for one in psutil.process_iter())
        letters = await until(lambda: world.records("support.dlq.notifier.v1"), 20)
    for event in ("postgres-away", "postgres-back", "mail-server-away", "mail-server-back"):
        assert len(logged(log, event)) == 1, event
    for name in ("lag_seconds", "lag_records", "messages_planned_total", "messages_settled_total",
                 "in_doubt_total", "delivery_seconds_count"):  # fmt: skip
        assert f"notifier_{name}" in metrics
    assert 'escalation_dead_letters_total{consumer="notifier"' in metrics
    headers = " ".join(str(value) for _, value in letters[0].headers)
    for seen in (log.read_text("utf-8"), metrics, commands, headers):
        assert SECRET.casefold() not in seen.casefold()
    assert any(SECRET in to for _, to, _ in box.received)


async def _status(port: int, wanted: int) -> bool:
    return (await answered(port, "/readyz"))[0] == wanted


async def _logged(log: Path, event: str) -> bool:
    return bool(logged(log, event))


def _command(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return list(process.cmdline())
    return []
