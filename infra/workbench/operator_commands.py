"""What an operator asks: topics, schemas, ``doctor``."""

from __future__ import annotations

import asyncio
import json as json_module
from typing import Annotated, Any

import typer

from infra.runtime.settings import load_settings
from infra.runtime.topic_admin import apply_topics, check_topics
from infra.workbench.dead_letter_commands import dlq_app
from infra.workbench.doctor import examine
from infra.workbench.migrating import migrate_all, pending_migrations
from infra.workbench.up import VENDOR_TOPICS
from schemas import topics

topics_app = typer.Typer(no_args_is_help=True, help="Create and compare Kafka topics.")
db_app = typer.Typer(no_args_is_help=True, help="Create and compare the Postgres schemas.")
Json = Annotated[bool, typer.Option("--json", help="For machines.")]


def mount(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(topics_app, name="topics")
    app.add_typer(db_app, name="db")
    app.add_typer(dlq_app, name="dlq")
    app.command()(doctor)


@topics_app.command("apply")
def topics_apply(
    crm: Annotated[
        bool, typer.Option("--crm", help="Also the vendors' topics, for a try-out.")
    ] = False,
) -> None:
    """Create the topics that are missing. Example: escalation topics apply"""
    wanted = (*topics.TOPICS, *(VENDOR_TOPICS if crm else ()))
    created = asyncio.run(apply_topics(load_settings().kafka, wanted))
    print("\n".join(f"created {name}" for name in created) or "nothing to do: every topic exists")


@topics_app.command("check")
def topics_check(json: Json = False) -> None:
    """Compare a cluster with the catalogue; exit 3 on differences.

    Example: escalation topics check
    """
    _tell(asyncio.run(check_topics(load_settings().kafka, topics.TOPICS)), json)


@db_app.command("migrate")
def db_migrate() -> None:
    """Apply every service's migrations. Example: escalation db migrate"""
    applied = asyncio.run(migrate_all(load_settings().postgres.dsn))
    print("\n".join(f"applied {one}" for one in applied) or "nothing to do: all are applied")


@db_app.command("status")
def db_status(json: Json = False) -> None:
    """List migrations not yet applied; exit 3 where there are some.

    Example: escalation db status
    """
    _tell(asyncio.run(pending_migrations(load_settings().postgres.dsn)), json)


def doctor(json: Json = False) -> None:
    """Try brokers, database and mail server, look for what is wrong, and list every setting.

    Exit 3 where something is wrong; each finding says what to do. No password is printed.

    Example: escalation doctor
    """
    report = asyncio.run(examine(load_settings()))
    if json:
        _print_json(report.as_dict())
    else:
        report.show()
    if report.problems:
        raise typer.Exit(3)


def _tell(found: list[str], as_json: bool) -> None:
    if as_json:
        _print_json(found)
    else:
        print("\n".join(found) or "nothing differs")
    if found:
        raise typer.Exit(3)


def _print_json(value: Any) -> None:
    print(json_module.dumps(value, indent=2, default=str))
