"""Servers and services as one thing: started in order, watched, restarted, ended together.

Every process runs under a shepherd that kills it when our end of its pipe closes, so nothing
is left behind even if we are killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Self

from infra.runtime.settings import load_settings
from infra.workbench.kafka_server import kafka
from infra.workbench.parts import Part, free_port, port_answers
from infra.workbench.postgres_server import dsn, postgres

SHEPHERD: Final = Path(__file__).with_name("shepherd.py")
GRACE: Final = 8.0
"""Seconds from SIGTERM to SIGKILL for each of the two rounds, services and servers."""


class InUse(RuntimeError):
    """Another workbench runs on this directory."""


@dataclass(frozen=True)
class Endpoints:
    """Where everything answers."""

    kafka: str
    postgres: str
    smtp: str
    mail: str | None
    data: Path

    def environment(self) -> dict[str, str]:
        """The settings that lead a service here."""
        host, _, port = self.smtp.rpartition(":")
        return {
            "ESCALATION_KAFKA__BOOTSTRAP_SERVERS": self.kafka,
            "ESCALATION_POSTGRES__DSN": self.postgres,
            "ESCALATION_SMTP__HOST": host,
            "ESCALATION_SMTP__PORT": port,
        }


@dataclass
class _Running:
    part: Part
    shepherd: asyncio.subprocess.Process | None = None
    pid: int | None = None
    wanted: bool = True
    watcher: asyncio.Task[None] | None = None
    starts: list[float] = field(default_factory=list)


class Workbench:
    """``async with Workbench(directory) as bench: bench.endpoints``."""

    def __init__(self, data: Path) -> None:
        self.data = data.resolve()
        self._parts: dict[str, _Running] = {}
        self._lock: IO[str] | None = None
        self.endpoints: Endpoints

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the servers that the environment does not name."""
        self.data.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        ports, given = self._ports(), load_settings()
        named = os.environ.keys()
        servers: list[Part] = []
        kafka_at, dsn_at = given.kafka.bootstrap_servers, given.postgres.dsn
        smtp_at, mail_at = f"{given.smtp.host}:{given.smtp.port}", None
        if "ESCALATION_KAFKA__BOOTSTRAP_SERVERS" not in named:
            servers.append(kafka(self.data, ports["kafka"], ports["controller"]))
            kafka_at = f"127.0.0.1:{ports['kafka']}"
        if "ESCALATION_POSTGRES__DSN" not in named:
            servers.append(postgres(self.data, ports["postgres"]))
            dsn_at = dsn(ports["postgres"])
        if not {"ESCALATION_SMTP__HOST", "ESCALATION_SMTP__PORT"} & named:
            servers.append(_mail(self.data, ports["smtp"], ports["mail"]))
            smtp_at, mail_at = (
                f"127.0.0.1:{ports['smtp']}", f"http://127.0.0.1:{ports['mail']}"
            )  # fmt: skip
        self.endpoints = Endpoints(kafka_at, dsn_at, smtp_at, mail_at, self.data)
        await asyncio.gather(*(self.add(part) for part in servers))

    async def add(self, part: Part) -> None:
        """Start a part, wait until it is ready, and keep it running from now on."""
        running = self._parts[part.name] = _Running(part)
        await self._launch(running)
        running.watcher = asyncio.create_task(self._watch(running))
        if part.ready is not None:
            await part.ready()

    async def add_services(self, parts: Sequence[Part]) -> None:
        await asyncio.gather(*(self.add(part) for part in parts))

    def pid(self, name: str) -> int | None:
        return self._parts[name].pid

    def kill(self, name: str) -> None:
        """Kill a part without warning; it comes back on its own."""
        pid = self.pid(name)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    async def stop(self) -> None:
        """End everything: services first, then the servers they need."""
        if self._lock is None:
            return  # the directory is somebody else's
        for running in self._parts.values():
            running.wanted = False
        services = [one for one in self._parts.values() if not one.part.is_server]
        servers = [one for one in self._parts.values() if one.part.is_server]
        await _end(services)
        await _end(servers)
        (self.data / "pids.json").unlink(missing_ok=True)
        self._lock.close()
        self._lock = None

    # --- one process -----------------------------------------------------------------------

    async def _launch(self, running: _Running) -> None:
        part = running.part
        logs = self.data / "logs"
        logs.mkdir(exist_ok=True)
        with (logs / f"{part.name}.log").open("ab") as log:
            running.shepherd = await asyncio.create_subprocess_exec(
                sys.executable, "-S", "-E", str(SHEPHERD), part.user, "--", *part.command,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
                env={**os.environ, **part.env}, start_new_session=True,
            )  # fmt: skip
        assert running.shepherd.stdout is not None
        running.pid = int(await running.shepherd.stdout.readline() or 0) or None
        running.starts.append(asyncio.get_running_loop().time())
        self._write_pids()

    async def _watch(self, running: _Running) -> None:
        while True:
            assert running.shepherd is not None
            await running.shepherd.wait()
            if not running.wanted:
                return
            now = asyncio.get_running_loop().time()
            recent = [start for start in running.starts if now - start < 60]
            running.starts = recent
            await asyncio.sleep(min(5.0, 0.1 * 2 ** max(0, len(recent) - 3)))
            if running.wanted:
                await self._launch(running)

    # --- the directory ---------------------------------------------------------------------

    def _take_lock(self) -> None:
        lock = (self.data / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._lock = lock
        except BlockingIOError:
            lock.close()
            raise InUse(
                f"{self.data} is in use by another workbench: stop that one, or choose another "
                "directory with --data"
            ) from None

    def _ports(self) -> dict[str, int]:
        """The ports of an earlier start, where nobody has taken them since."""
        file = self.data / "ports.json"
        known = json.loads(file.read_text("utf-8")) if file.exists() else {}
        names = ("kafka", "controller", "postgres", "smtp", "mail")
        ports = {name: _still_free(known.get(name)) for name in names}
        file.write_text(json.dumps(ports), "utf-8")
        return ports

    def _write_pids(self) -> None:
        pids = {name: [one.pid] if one.pid else [] for name, one in self._parts.items()}
        part = self.data / "pids.json.part"
        part.write_text(json.dumps(pids), "utf-8")
        part.replace(self.data / "pids.json")


def _still_free(port: Any) -> int:
    if isinstance(port, int):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    return free_port()


def _mail(data: Path, smtp: int, http: int) -> Part:
    command = (
        sys.executable, "-m", "infra.workbench.mail_sink",
        str(smtp), str(http), str(data / "mail.jsonl"),
    )  # fmt: skip

    async def both() -> None:
        await port_answers(smtp)
        await port_answers(http)

    return Part("mail", command, ready=both, is_server=True)


async def _end(parts: list[_Running]) -> None:
    """SIGTERM, some grace, and then the pipe: the shepherd kills what is left."""
    for one in parts:
        if one.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                # Postgres ends its sessions at once on SIGINT; SIGTERM would wait for them.
                fast = signal.SIGINT if one.part.name == "postgres" else signal.SIGTERM
                os.kill(one.pid, fast)
    waits = [one.shepherd.wait() for one in parts if one.shepherd is not None]
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*waits), GRACE - 2)
    for one in parts:
        if one.shepherd is not None and one.shepherd.stdin is not None:
            one.shepherd.stdin.close()
    await asyncio.gather(*(one.shepherd.wait() for one in parts if one.shepherd is not None))
    for one in parts:
        one.pid = None
