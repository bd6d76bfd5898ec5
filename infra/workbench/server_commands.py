"""``escalation up``, ``demo`` and ``run``: everything on this machine, or one service.

What starts servers is imported where it is asked for: ``run`` should not wait for it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from infra.runtime.registry import PROGRAMS

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Keep everything in this directory, for the next start too."),
]
BoardPort = Annotated[
    int | None,
    typer.Option("--board-port", min=1, max=65535, help="Of the review page; else a free one."),
]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
stderr = Console(stderr=True)


def mount(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("up")(up_command)
    for command in (demo, run):
        app.command()(command)


# The members are computed, which the type checker cannot follow.
Service = StrEnum("Service", {name.upper(): name for name in PROGRAMS})  # type: ignore[misc]
"""What ``run`` can run."""


def up_command(data: Data = None, board_port: BoardPort = None, json: Json = False) -> None:
    """Start embedded servers and every service, and run until Ctrl-C.

    ESCALATION_KAFKA__BOOTSTRAP_SERVERS, ESCALATION_POSTGRES__DSN and
    ESCALATION_SMTP__HOST/PORT, where they are set, name servers that are used instead of
    the embedded ones. Logs, mails and the ports of probes are in the directory of --data.

    Example: escalation up --data ./data
    """
    from infra.workbench.up import default_data, discard, up

    at = data or default_data()
    if data is None:
        stderr.print(
            f"everything is in {at}, which is removed at the end: see --data", markup=False
        )
    try:
        _run(up(at, as_json=json, board_port=board_port))
    finally:
        if data is None:
            discard(at)


def demo(
    data: Data = None,
    exit: Annotated[
        bool, typer.Option("--exit", help="End after the review, also on a terminal.")
    ] = False,
) -> None:
    """Play a day of support through everything, then show the daily review.

    On a terminal it goes on until Ctrl-C, with the review page; elsewhere it ends.

    Example: escalation demo --exit
    """
    from infra.workbench.demo import play
    from infra.workbench.up import default_data, discard

    at = data or default_data()
    try:
        _run(play(at, go_on=not exit and sys.stdout.isatty()))
    finally:
        if data is None:
            discard(at)


def run(service: Service) -> None:
    """Run one service, configured by environment (see: escalation doctor).

    Example: ESCALATION_KAFKA__BOOTSTRAP_SERVERS=kafka:9092 escalation run decider
    """
    os.execv(sys.executable, [sys.executable, "-m", PROGRAMS[service.value].package])  # noqa: S606 - no shell is wanted


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)
