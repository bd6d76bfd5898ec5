"""The ``escalation`` program: every service's commands under one name.

Data goes to stdout, everything else to stderr. Exit 0 ok, 1 failure, 2 usage, 3 a check found
something.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from infra.runtime.plain_text import visible_lines
from infra.runtime.registry import SERVICES
from infra.workbench import event_commands, operator_commands
from infra.workbench.demo import play
from infra.workbench.remedies import MENDABLE, explained
from infra.workbench.up import default_data, discard, up
from policies.authoring import commands as policies
from services.projections.review import commands as review

app = typer.Typer(
    no_args_is_help=True,
    help="Which cases are escalated, why each request was decided as it was, who owes what.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
review.mount(app)
policies.mount(app)
operator_commands.mount(app)
event_commands.mount(app)

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Keep everything in this directory, for the next start too."),
]
BoardPort = Annotated[
    int | None, typer.Option("--board-port", help="For a review page; not part of this version.")
]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
stderr = Console(stderr=True)


# The members are computed, which the type checker cannot follow.
Service = StrEnum("Service", {name.upper(): name for name in SERVICES})  # type: ignore[misc]
"""What ``run`` can run."""


@app.command("up")
def up_command(data: Data = None, board_port: BoardPort = None, json: Json = False) -> None:
    """Start embedded servers and every service, and run until Ctrl-C.

    ESCALATION_KAFKA__BOOTSTRAP_SERVERS, ESCALATION_POSTGRES__DSN and
    ESCALATION_SMTP__HOST/PORT, where they are set, name servers that are used instead of
    the embedded ones. Logs, mails and the ports of probes are in the directory of --data.

    Example: escalation up --data ./data
    """
    if board_port is not None:
        raise typer.BadParameter("the review page is not part of this version; leave it out")
    at = data or default_data()
    if data is None:
        stderr.print(
            f"everything is in {at}, which is removed at the end: see --data", markup=False
        )
    try:
        _run(up(at, "json" if json else ""))
    finally:
        if data is None:
            discard(at)


@app.command()
def demo(data: Data = None, exit: Annotated[bool, typer.Option("--exit")] = False) -> None:
    """Play a day of support through everything, then show the daily review.

    Example: escalation demo --exit
    """
    at = data or default_data()
    try:
        _run(play(at, "exit" if exit else ""))
    finally:
        if data is None:
            discard(at)


@app.command()
def run(service: Service) -> None:
    """Run one service, configured by environment (see: escalation doctor).

    Example: ESCALATION_KAFKA__BOOTSTRAP_SERVERS=kafka:9092 escalation run decider
    """
    os.execv(sys.executable, [sys.executable, "-m", SERVICES[service.value].package])  # noqa: S606


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def main() -> None:
    """Run the program; what a person can mend is said in a sentence, not in a traceback."""
    logging.basicConfig(level=logging.CRITICAL)  # what libraries say is not for this reader
    try:
        app()
    except MENDABLE as problem:
        sentence, code = explained(problem)
        stderr.print(visible_lines(sentence), markup=False, soft_wrap=True)
        sys.exit(code)
