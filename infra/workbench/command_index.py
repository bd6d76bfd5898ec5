"""Every command of the program, and the module that brings it.

A module is imported when one of its commands is asked for: the list of commands, a policy's check
and a file's check need neither Kafka's client nor the database's.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Final

import typer


@dataclass(frozen=True)
class Command:
    """A command's module, which has ``mount(app)``, and the line of it in the list of commands."""

    module: str
    help: str


REVIEW: Final = "services.projections.review.cli.commands"
EVENTS: Final = "infra.workbench.event_commands"
SERVERS: Final = "infra.workbench.server_commands"
OPERATORS: Final = "infra.workbench.operator_commands"
POLICIES: Final = "policies.authoring.commands"
EXPORT: Final = "services.projections.review.export.commands"
TOKENS: Final = "services.projections.review.web.commands"

COMMANDS: Final[dict[str, Command]] = {
    "review": Command(
        REVIEW,
        "Show the daily review: what is overdue, due, watched, new, refused, and who was not told.",
    ),
    "explain": Command(
        REVIEW,
        "Say why each request about a case was accepted or rejected, and what became of it.",
    ),
    "eligibility": Command(
        REVIEW, "Say whether a case may be escalated, from when, and which policy says so."
    ),
    "timeline": Command(
        REVIEW,
        "Show everything that happened to a case in order of time, and who was told of it.",
    ),
    "doctor": Command(
        OPERATORS,
        "Try brokers, database and mail server, look for what is wrong, and list every setting.",
    ),
    "send": Command(
        EVENTS,
        "Publish a file of CloudEvents, one JSON object a line. Nothing is sent if a line is "
        "wrong.",
    ),
    "validate": Command(
        EVENTS, "Check a file of CloudEvents without sending it; exit 3 where a line is wrong."
    ),
    "up": Command(SERVERS, "Start embedded servers and every service, and run until Ctrl-C."),
    "demo": Command(
        SERVERS, "Play a day of support through everything, then show the daily review."
    ),
    "run": Command(SERVERS, "Run one service, configured by environment (see: escalation doctor)."),
    "policy": Command(POLICIES, "Read, check, compare and publish policies."),
    "calendar": Command(POLICIES, "Change working hours and holidays."),
    "topics": Command(OPERATORS, "Create and compare Kafka topics."),
    "db": Command(OPERATORS, "Create and compare the Postgres schemas."),
    "export": Command(
        EXPORT, "Write the open escalations as a file: the rows of the review page, in its order."
    ),
    "token": Command(TOKENS, "Let people and machines in to the review page."),
    "dlq": Command(OPERATORS, "Look at records that could not be used."),
}


def mount(app: typer.Typer, asked: str | None) -> None:
    """Add the module of the command asked for; without such a command, the list of all."""
    if asked in COMMANDS:
        import_module(COMMANDS[asked].module).mount(app)
        return
    for name, command in COMMANDS.items():
        app.command(name, help=command.help)(_only_listed)


def mount_all(app: typer.Typer) -> None:
    """Add every module's commands."""
    for module in dict.fromkeys(command.module for command in COMMANDS.values()):
        import_module(module).mount(app)


def _only_listed() -> None:
    """Stands in the list of commands; whoever asks for the command gets its module instead."""
