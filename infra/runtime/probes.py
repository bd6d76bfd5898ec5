"""``/livez``, ``/readyz`` and ``/metrics`` of a service, on its health port.

Alive: its event loop has turned in the last half minute. Ready: it has said that it works, for
example that it has its partitions. Answered from a thread, so that a loop that hangs is seen.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

PATIENCE: Final = 30.0
"""Seconds without a turn of the event loop after which a process counts as hung."""


@dataclass
class Probes:
    """What a process says about itself."""

    ready: bool = False
    turned_at: float = field(default_factory=time.monotonic)

    async def beat(self) -> None:
        """Note every second that the loop turns, for ever."""
        while True:
            self.turned_at = time.monotonic()
            await asyncio.sleep(1)

    def is_alive(self) -> bool:
        return time.monotonic() - self.turned_at < PATIENCE

    def is_ready(self) -> bool:
        return self.ready and self.is_alive()


PROBES: Final = Probes()
"""This process's own. A service sets ``ready`` when it works."""


def serve_probes(port: int) -> None:
    """Answer on 127.0.0.1 from a thread of its own. Errors: ``OSError`` where the port is taken."""
    server = make_server("127.0.0.1", port, _app(), _Server, _Quiet)
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()


def _app() -> Any:
    metrics = make_wsgi_app()
    answers: dict[str, Callable[[], bool]] = {
        "/livez": PROBES.is_alive,
        "/readyz": PROBES.is_ready,
    }

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asks = answers.get(environ["PATH_INFO"])
        if asks is None:
            found: Iterable[bytes] = metrics(environ, start_response)
            return found
        yes = asks()
        start_response("200 OK" if yes else "503 Service Unavailable", [])
        return [b"yes\n" if yes else b"no\n"]

    return app


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *_: Any) -> None:
        """A probe a second is nothing to log."""
