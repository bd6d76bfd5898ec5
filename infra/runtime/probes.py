"""``/livez``, ``/readyz`` and ``/metrics`` of a service, on its health host and port.

Alive: its event loop has turned in the last half minute. Ready: every condition that the service
has named holds, for example that it owns partitions and that its database answers. Answered from a
thread, so that a loop that hangs is seen.
"""

from __future__ import annotations

import asyncio
import errno
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import Gauge, make_wsgi_app

from infra.runtime.settings import HealthSettings, SettingsProblem

PATIENCE: Final = 30.0
"""Seconds without a turn of the event loop after which a process counts as hung."""
READY: Final = Gauge("escalation_ready", "1 where a condition of readiness holds", ["condition"])


@dataclass
class Probes:
    """What a process says about itself. Safe to use from any thread."""

    turned_at: float = field(default_factory=time.monotonic)
    _conditions: dict[str, bool] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set(self, name: str, holds: bool) -> None:
        """Name a condition of readiness, and say whether it holds now.

        A service names all of its conditions as False at its start: it is not ready until each of
        them has come true, and no longer ready when one of them is set to False again.
        """
        with self._lock:
            self._conditions[name] = holds
        READY.labels(condition=name).set(holds)

    def clear(self, name: str) -> None:
        """Drop a condition: readiness no longer depends on it."""
        with self._lock:
            if self._conditions.pop(name, None) is not None:
                READY.remove(name)

    async def beat(self) -> None:
        """Note every second that the loop turns, for ever."""
        while True:
            self.turned_at = time.monotonic()
            await asyncio.sleep(1)

    def hung(self) -> list[str]:
        """Why the process is not alive; empty where it is."""
        turns = time.monotonic() - self.turned_at < PATIENCE
        return [] if turns else ["event-loop"]

    def missing(self) -> list[str]:
        """The conditions that keep the process from being ready, by name."""
        with self._lock:
            unmet = sorted(name for name, holds in self._conditions.items() if not holds)
            started = bool(self._conditions)
        return self.hung() + (unmet if started else ["started"])

    def is_alive(self) -> bool:
        return not self.hung()

    def is_ready(self) -> bool:
        return not self.missing()


PROBES: Final = Probes()
"""This process's own."""


def serve_probes(health: HealthSettings, probes: Probes = PROBES) -> None:
    """Answer on the host and port of the settings, where a port is set, from a thread of its own.

    Errors: ``SettingsProblem`` where the host is not this machine's, or the port is taken.
    """
    if health.port is None:
        return
    try:
        server = make_server(health.host, health.port, _app(probes), _Server, _Quiet)
    except OSError as error:
        setting = "PORT" if error.errno in (errno.EADDRINUSE, errno.EACCES) else "HOST"
        raise SettingsProblem(
            f"ESCALATION_HEALTH__{setting}: cannot listen on {health.host}:{health.port} "
            f"({error.strerror}): choose another, or leave ESCALATION_HEALTH__PORT out"
        ) from None
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()


def _app(probes: Probes) -> Any:
    metrics = make_wsgi_app()
    answers: dict[str, Callable[[], list[str]]] = {
        "/livez": probes.hung,
        "/readyz": probes.missing,
    }

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asks = answers.get(environ["PATH_INFO"])
        if asks is None:
            found: Iterable[bytes] = metrics(environ, start_response)
            return found
        missing = asks()
        status = "503 Service Unavailable" if missing else "200 OK"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [f"no: {', '.join(missing)}\n".encode() if missing else b"yes\n"]

    return app


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *_: Any) -> None:
        """A probe a second is nothing to log."""
