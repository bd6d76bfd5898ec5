"""``escalation export``: the rows of the board as a file."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from infra.runtime.plain_text import visible
from infra.runtime.settings import Settings, load_settings
from services.projections.review.export.tables import BOARD_COLUMNS, as_csv, as_json, as_xlsx
from services.projections.review.questions import periods
from services.projections.review.questions.attention import BANDS
from services.projections.review.questions.connection import CannotRead, connected
from services.projections.review.questions.open_board import Answer, Asked, board


class Form(StrEnum):
    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"


Filter = Annotated[str | None, typer.Option()]


def mount(app: typer.Typer) -> None:
    """Add this command to the program."""
    app.command()(export)


def export(
    form: Form,
    to: Annotated[Path | None, typer.Option(help="A file; without it standard output.")] = None,
    team: Filter = None,
    owner: Filter = None,
    severity: Filter = None,
    status: Filter = None,
    account: Filter = None,
    band: Annotated[
        str | None, typer.Option(help=f"One of {', '.join(one.code for one in BANDS)}.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="A past moment, such as 2026-11-23T09:00:00Z.")
    ] = None,
) -> None:
    """Write the open escalations as a file: the rows of the review page, in its order.

    Example: escalation export csv --band broken --to broken.csv
    """
    named = {"team": team, "owner": owner, "severity": severity, "status": status,
             "account": account, "band": band}  # fmt: skip
    if band is not None and band not in {one.code for one in BANDS}:
        raise typer.BadParameter(f"{visible(band)} is not a band: see escalation export --help")
    filters = {name: value for name, value in named.items() if value is not None}
    asked = Asked(as_of=_moment(as_of), filters=filters).whole()
    try:
        found = asyncio.run(_answer(load_settings(), asked))
    except CannotRead as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(problem.code) from None
    _write(_file(form, found), to)


async def _answer(settings: Settings, asked: Asked) -> Answer:
    async with connected(settings.postgres.dsn) as connection:
        return await board(connection, asked)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = periods.moment(text)
    except ValueError as error:
        raise typer.BadParameter(visible(error)) from None
    if at > datetime.now(UTC):
        raise typer.BadParameter("that is still to come; give a moment up to now")
    return at


def _file(form: Form, found: Answer) -> bytes:
    if form is Form.CSV:
        return as_csv(found.rows, BOARD_COLUMNS)
    make = as_json if form is Form.JSON else as_xlsx
    return make(found.rows, BOARD_COLUMNS, found.at)


def _write(data: bytes, to: Path | None) -> None:
    if to is None:
        sys.stdout.buffer.write(data)
        return
    try:
        to.write_bytes(data)
    except OSError as error:
        typer.echo(f"{to} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(1) from None
