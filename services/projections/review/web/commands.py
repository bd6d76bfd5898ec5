"""``escalation token``: who gets in, people by one-time links and machines by tokens."""

from __future__ import annotations

import asyncio
import json as as_json
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated, Any

import asyncpg
import typer

from infra.runtime.plain_text import visible
from infra.runtime.postgres import connection_to
from infra.runtime.settings import load_settings
from services.projections.review.web import sessions
from services.projections.review.web.people import PERSONAS

token_app = typer.Typer(no_args_is_help=True)
# The members are computed, which the type checker cannot follow.
Persona = StrEnum("Persona", {name.upper(): name for name in PERSONAS})  # type: ignore[misc]  # members are computed
Json = Annotated[bool, typer.Option("--json", help="For machines.")]


def mount(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(token_app, name="token", help="Let people and machines in to the review page.")


@token_app.command("link")
def link(persona: Persona = Persona.MANAGER, json: Json = False) -> None:  # type: ignore[attr-defined]  # likewise
    """Print a link that signs in once, within ten minutes. For a machine of one's own.

    Example: escalation token link --persona approver
    """
    board = load_settings().board
    secret = _asked(lambda one: sessions.make_link(one, PERSONAS[persona.value]))
    address = f"http://{board.host}:{board.port}/signin/{secret}"
    print(as_json.dumps({"link": address}) if json else address)


@token_app.command("create")
def create(
    name: str,
    account: Annotated[
        list[str] | None, typer.Option(help="Only cases of this account; may be repeated.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a bearer token for a machine. It is shown once: only its hash is kept.

    Example: escalation token create crm --account account-1
    """
    try:
        secret = _asked(lambda one: sessions.make_token(one, name, account))
    except asyncpg.UniqueViolationError:
        raise typer.BadParameter(
            f"there is a token {visible(name)} already: revoke it, or choose another name"
        ) from None
    print(as_json.dumps({"name": name, "token": secret}) if json else secret)


@token_app.command("list")
def list_(json: Json = False) -> None:
    """List the tokens, those that were revoked among them.

    Example: escalation token list --json
    """
    rows = [dict(row) for row in _asked(lambda one: one.fetch(sessions.SQL["tokens"]))]
    if json:
        print(as_json.dumps(rows, default=str, indent=2))
        return
    for row in rows:
        state = f"revoked {row['revoked_at']}" if row["revoked_at"] else "valid"
        accounts = ", ".join(row["accounts"]) if row["accounts"] else "all accounts"
        print(visible(f"{row['name']}: {state}, {accounts}"))


@token_app.command("revoke")
def revoke(name: str) -> None:
    """Revoke a token from now on.

    Example: escalation token revoke crm
    """
    if _asked(lambda one: one.fetchval(sessions.SQL["revoke_token"], name)) is None:
        typer.echo(f"there is no valid token {visible(name)}: see escalation token list", err=True)
        raise typer.Exit(1)
    print(f"{visible(name)} is revoked")


def _asked(question: Callable[[Any], Awaitable[Any]]) -> Any:
    async def answer() -> Any:
        async with connection_to(load_settings().postgres) as connection:
            return await question(connection)

    try:
        return asyncio.run(answer())
    except asyncpg.UniqueViolationError:
        raise
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        typer.echo(f"Postgres cannot be asked ({type(error).__name__}): see escalation doctor",
                   err=True)  # fmt: skip
        raise typer.Exit(1) from None
