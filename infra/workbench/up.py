"""``escalation up``: servers, topics, migrations, services; then one line, and watch."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from infra.runtime.postgres import connection_to
from infra.runtime.registry import PROGRAMS
from infra.runtime.settings import Settings, SettingsProblem, load_settings
from infra.runtime.topic_admin import apply_topics
from infra.workbench.files_named import unusable_files
from infra.workbench.migrating import migrate_all
from infra.workbench.parts import Part, port_answers
from infra.workbench.readiness import until_owned
from infra.workbench.servers_named import try_named_servers
from infra.workbench.supervisor import tell_on_stderr
from infra.workbench.workbench import Endpoints, Workbench
from schemas import topics
from services.projections.review.web.people import PERSONAS
from services.projections.review.web.sessions import make_link

VENDOR_TOPICS: Final = (topics.Topic(topics.SALESFORCE, "Salesforce's changes", "its connector"),)


def default_data() -> Path:
    """A new directory for this run; name one with --data to keep what happens."""
    return Path(tempfile.mkdtemp(prefix="case-escalation-"))


def discard(data: Path) -> None:
    """Remove a directory of ours with everything in it."""
    shutil.rmtree(data, ignore_errors=True)


async def bring_up(bench: Workbench) -> Endpoints:
    """Start everything and wait until it is ready.

    Errors: ``InUse``, ``NamedServerAway``, ``SettingsProblem``, ``TimeoutError``.
    """
    os.umask(0o077)  # the directory holds names, addresses and mails
    if wrong := unusable_files(load_settings()):
        raise SettingsProblem("\n".join(wrong))
    await try_named_servers(tell_on_stderr)
    await bench.start()
    os.environ.update(bench.endpoints.environment())
    settings = load_settings()
    await asyncio.gather(
        apply_topics(settings.kafka, (*topics.TOPICS, *VENDOR_TOPICS)),
        migrate_all(settings.postgres.dsn),
    )
    await bench.add_services([_service(bench, name) for name in PROGRAMS])
    await until_owned(settings.kafka)
    return replace(bench.endpoints, board=f"http://127.0.0.1:{bench.ports['board']}")


def _service(bench: Workbench, name: str) -> Part:
    """A service on these servers, with probes on a port of its own."""
    probes = {
        "ESCALATION_HEALTH__HOST": "127.0.0.1",
        "ESCALATION_HEALTH__PORT": str(bench.ports[f"{name}-probes"]),
    }
    command = (sys.executable, "-m", PROGRAMS[name].package)
    env = bench.endpoints.environment() | probes
    if name != "board":
        return Part(name, command, env=env)
    port = bench.ports["board"]
    env |= {"ESCALATION_BOARD__HOST": "127.0.0.1", "ESCALATION_BOARD__PORT": str(port)}
    return Part(name, command, env=env, ready=lambda: port_answers(port))


async def sign_in_link(settings: Settings, endpoints: Endpoints, persona: str = "manager") -> str:
    """An address that signs in once as a persona of the workbench."""
    async with connection_to(settings.postgres) as connection:
        secret = await make_link(connection, PERSONAS[persona])
    return f"{endpoints.board}/signin/{secret}"


def described(endpoints: Endpoints) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "kafka": endpoints.kafka,
        "postgres": endpoints.postgres,
        "smtp": endpoints.smtp,
        "mail": endpoints.mail,
        "board": endpoints.board,
        "data": str(endpoints.data),
    }


def ready_line(endpoints: Endpoints) -> str:
    """The one line that says: ready."""
    named = described(endpoints).items()
    return "ready: " + "  ".join(f"{name} {value}" for name, value in named if value is not None)


def exports(endpoints: Endpoints) -> str:
    """What leads the program to these servers, for a shell."""
    named = endpoints.environment()
    if endpoints.board is not None:
        named["ESCALATION_BOARD__PORT"] = endpoints.board.rpartition(":")[2]
    return "\n".join(f"  export {name}={value}" for name, value in named.items())


def stop_on_signals() -> asyncio.Event:
    """Set by SIGTERM or Ctrl-C."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def up(data: Path, *, as_json: bool = False, board_port: int | None = None) -> None:
    """Run until stopped. Errors: as ``bring_up``."""
    stop = stop_on_signals()
    bench = Workbench(data, board_port=board_port)
    try:
        starting = asyncio.create_task(bring_up(bench))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            return
        endpoints = await starting
        ready = json.dumps(described(endpoints)) if as_json else ready_line(endpoints)
        print(ready, flush=True)
        if not as_json:
            link = await sign_in_link(load_settings(), endpoints)
            print(f"\nSign in to the review page, once and within ten minutes:\n  {link}",
                  file=sys.stderr)  # fmt: skip
            print(f"\nFrom another shell:\n{exports(endpoints)}", file=sys.stderr, flush=True)
        await stopping
    finally:
        await bench.stop()
