"""The ``escalation`` program: every service's commands under one name.

Data goes to stdout, everything else to stderr. Exit 0 ok, 1 failure, 2 usage, 3 a check found
something.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from infra.runtime.plain_text import visible_lines
from infra.runtime.settings import Settings, load_settings
from infra.workbench import operator_commands
from infra.workbench import publish as publishing
from infra.workbench.demo import play
from infra.workbench.remedies import MENDABLE, explained
from infra.workbench.up import SERVICES, default_data, discard, up
from schemas import topics
from services.escalation.authoring import commands as policies
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

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Keep everything in this directory, for the next start too."),
]
BoardPort = Annotated[
    int | None, typer.Option("--board-port", help="For a review page; not part of this version.")
]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
stderr = Console(stderr=True)


class Service(StrEnum):
    """What ``run`` can run."""

    INTAKE = "intake"
    DECIDER = "decider"
    NOTIFIER = "notifier"
    PROJECTIONS = "projections"


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
    os.execv(sys.executable, [sys.executable, "-m", SERVICES[service.value]])  # noqa: S606


@app.command()
def send(file: Path) -> None:
    """Publish a file of CloudEvents, one JSON object a line. Nothing is sent if a line is wrong.

    Example: escalation send events.jsonl
    """
    lines = list(_lines(file))
    if wrong := [line for line in lines if line.problem is not None]:
        _tell(wrong)
        stderr.print(f"nothing was sent: {len(wrong)} of {len(lines)} lines are wrong")
        raise typer.Exit(1)
    records = (publishing.to_case_topic(line.subject, line.text) for line in lines)
    number = _run(publishing.publish(_settings().kafka, records))
    stderr.print(f"{number} events sent to {topics.CASE_EVENTS.name}")


@app.command()
def validate(file: Path, json: Json = False) -> None:
    """Check a file of CloudEvents without sending it; exit 3 where a line is wrong.

    Example: escalation validate events.jsonl
    """
    lines = list(_lines(file))
    wrong = [line for line in lines if line.problem is not None]
    if json:
        _print_json([{"line": one.number, "problem": one.problem} for one in wrong])
    else:
        _tell(wrong)
        print(f"{len(lines) - len(wrong)} of {len(lines)} lines are right")
    if wrong:
        raise typer.Exit(3)


def _lines(file: Path) -> list[publishing.Line]:
    try:
        return list(publishing.read_lines(file))
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}") from None


def _tell(wrong: list[publishing.Line]) -> None:
    table = Table("line", "what is wrong")
    for line in wrong[:50]:
        table.add_row(str(line.number), line.problem)
    if wrong:
        stderr.print(table)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, default=str))


def _settings() -> Settings:
    return load_settings()


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
