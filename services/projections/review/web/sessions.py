"""Sessions, one-time links and machine tokens; of every secret only its hash is kept."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from infra.runtime.sql_files import statements
from services.projections.review.web.people import Visitor

IDLE: Final = timedelta(hours=2)
LONGEST: Final = timedelta(hours=12)
LINK_LASTS: Final = timedelta(minutes=10)
SQL: Final = statements(__package__ or "", "statements.sql")


def hashed(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


async def make_link(connection: Any, visitor: Visitor) -> str:
    """The secret of a link that signs somebody in, once and within ten minutes."""
    secret = secrets.token_urlsafe(32)
    await connection.execute(SQL["make_link"], hashed(secret), *_columns(visitor), LINK_LASTS)
    return secret


async def use_link(connection: Any, secret: str) -> Visitor | None:
    """Whom a link lets in; it is used up."""
    return _visitor(await connection.fetchrow(SQL["use_link"], hashed(secret)))


async def begin(connection: Any, visitor: Visitor) -> str:
    """The secret of a new session."""
    secret = secrets.token_urlsafe(32)
    await connection.execute(SQL["begin_session"], hashed(secret), *_columns(visitor))
    return secret


async def whose(connection: Any, secret: str) -> Visitor | None:
    """Who is signed in by this secret; None once it was not used for too long, or ended."""
    return _visitor(await connection.fetchrow(SQL["whose"], hashed(secret), IDLE, LONGEST))


async def end(connection: Any, secret: str) -> None:
    await connection.execute(SQL["end_session"], hashed(secret))


async def make_token(connection: Any, name: str, accounts: list[str] | None) -> str:
    """A machine's token. Errors: ``UniqueViolationError`` where the name is taken."""
    secret = f"esc_{secrets.token_urlsafe(32)}"
    await connection.execute(SQL["make_token"], name, hashed(secret), accounts)
    return secret


async def of_token(connection: Any, secret: str) -> Visitor | None:
    """The machine that a token names; it reads and does nothing else."""
    row = await connection.fetchrow(SQL["of_token"], hashed(secret))
    if row is None:
        return None
    accounts = None if row["accounts"] is None else tuple(row["accounts"])
    return Visitor(f"token/{row['name']}", row["name"], ("reader",), None, accounts)


def _columns(visitor: Visitor) -> tuple[Any, ...]:
    return visitor.id, visitor.name, visitor.roles, visitor.teams, visitor.accounts


def _visitor(row: Any) -> Visitor | None:
    if row is None:
        return None
    teams, accounts = row["teams"], row["accounts"]
    return Visitor(
        row["person_id"], row["name"], tuple(row["roles"]),
        None if teams is None else tuple(teams), None if accounts is None else tuple(accounts),
    )  # fmt: skip
