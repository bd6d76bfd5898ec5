"""Servers and services as one thing on one directory: ``supervisor.py`` keeps them running."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Final, Self

from infra.runtime.settings import load_settings
from infra.workbench.kafka_server import kafka
from infra.workbench.parts import NotEmbedded, Part, free_port, port_answers
from infra.workbench.postgres_server import dsn, postgres
from infra.workbench.supervisor import Supervisor, Tell, tell_on_stderr

KAFKA: Final = "ESCALATION_KAFKA__BOOTSTRAP_SERVERS"
POSTGRES: Final = "ESCALATION_POSTGRES__DSN"
SMTP: Final = ("ESCALATION_SMTP__HOST", "ESCALATION_SMTP__PORT")
PORTS: Final = (
    "kafka", "controller", "postgres", "smtp", "mail",
    "decider-probes", "intake-probes", "notifier-probes", "projections-probes",
    "board", "board-probes",
)  # fmt: skip


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
    board: str | None = None

    def environment(self) -> dict[str, str]:
        """The settings that lead a service here."""
        host, _, port = self.smtp.rpartition(":")
        return {KAFKA: self.kafka, POSTGRES: self.postgres, SMTP[0]: host, SMTP[1]: port}


class Workbench:
    """``async with Workbench(directory) as bench: bench.endpoints``."""

    def __init__(
        self, data: Path, tell: Tell = tell_on_stderr, board_port: int | None = None
    ) -> None:
        self.data = data.resolve()
        self._board_port = board_port
        self.ports: dict[str, int] = {}
        self._parts = Supervisor(self.data, tell)
        self._lock: IO[str] | None = None
        self.endpoints: Endpoints

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()  # whoever cannot enter does not leave either
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the servers that the environment does not name. Errors: ``InUse``, ``OSError``,
        ``TimeoutError``."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._take_lock()
        self.ports, given = self._ports(), load_settings()
        named, ports = os.environ.keys(), self.ports
        servers: list[Part] = []
        kafka_at, dsn_at = given.kafka.bootstrap_servers, given.postgres.dsn
        smtp_at, mail_at = f"{given.smtp.host}:{given.smtp.port}", None
        if KAFKA not in named:
            servers.append(kafka(self.data, ports["kafka"], ports["controller"]))
            kafka_at = f"127.0.0.1:{ports['kafka']}"
        if POSTGRES not in named:
            servers.append(postgres(self.data, ports["postgres"]))
            dsn_at = dsn(ports["postgres"])
        if not named & set(SMTP):
            servers.append(_mail(self.data, ports["smtp"], ports["mail"]))
            smtp_at, mail_at = (
                f"127.0.0.1:{ports['smtp']}", f"http://127.0.0.1:{ports['mail']}"
            )  # fmt: skip
        self.endpoints = Endpoints(kafka_at, dsn_at, smtp_at, mail_at, self.data)
        await self._parts.add_all(servers)

    async def add_services(self, parts: Sequence[Part]) -> None:
        await self._parts.add_all(parts)

    def pid(self, name: str) -> int | None:
        return self._parts.pid(name)

    async def kill(self, name: str) -> None:
        """Kill a part without warning and wait until it is gone; it comes back on its own."""
        await self._parts.kill(name)

    async def stop(self) -> None:
        """End everything: services first, then the servers they need."""
        if self._lock is None:
            return  # the directory is somebody else's
        await self._parts.stop()
        self._lock.close()
        self._lock = None

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
        known = _known_ports(file)
        ports = {name: _still_free(known.get(name)) for name in PORTS}
        ports["board"] = self._board_port or ports["board"]
        file.write_text(json.dumps(ports), "utf-8")
        return ports


def _known_ports(file: Path) -> dict[str, Any]:
    """What an earlier start wrote; nothing where a full disk cut it short."""
    try:
        known = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _still_free(port: Any) -> int:
    if isinstance(port, int):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    return free_port()


def _mail(data: Path, smtp: int, http: int) -> Part:
    if find_spec("aiosmtpd") is None:
        raise NotEmbedded
    command = (
        sys.executable, "-m", "infra.workbench.mail_sink",
        str(smtp), str(http), str(data / "mail.jsonl"),
    )  # fmt: skip

    async def both() -> None:
        await port_answers(smtp)
        await port_answers(http)

    return Part("mail", command, ready=both, is_server=True)
