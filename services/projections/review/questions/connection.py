"""A connection that only reads, and one sentence for each way in which it can fail.

No sentence repeats the DSN or what a library says about it: a password may be part of either.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import asyncpg
from asyncpg import exceptions as pg

DSN: Final = "ESCALATION_POSTGRES__DSN"
PATIENCE: Final = 10.0
"""Seconds until a server that does not answer counts as away."""
UNREADABLE = (
    f"{DSN} is not the address of a Postgres server: write "
    "postgresql://user:password@host:5432/database (special characters in the password as %40 "
    "and the like)"
)
SENTENCES: Final[tuple[tuple[tuple[type[BaseException], ...], str], ...]] = (
    (
        (pg.InvalidAuthorizationSpecificationError,),  # a wrong password is one of these
        f"Postgres does not let this user in: check the user and the password in {DSN}",
    ),
    ((pg.InvalidCatalogNameError,), f"Postgres has no database of the name in {DSN}: check it"),
    (
        (pg.InsufficientPrivilegeError,),
        f"the user in {DSN} may not read the views: let their owner run "
        "GRANT escalation_reader TO that user",
    ),
    (
        (pg.UndefinedTableError, pg.InvalidSchemaNameError, pg.UndefinedColumnError,
         pg.UndefinedFunctionError),
        "the views are missing or older than this program: let their owner run "
        "escalation db migrate",
    ),
    (
        (pg.CannotConnectNowError, pg.TooManyConnectionsError),
        "Postgres takes no connection at the moment: try again shortly",
    ),
    ((pg.QueryCanceledError,), "Postgres took too long and was stopped: try again"),
    (
        (pg.PostgresConnectionError, pg.InternalClientError, OSError, TimeoutError),
        f"Postgres does not answer: check host and port in {DSN}, or start one by escalation up",
    ),
)  # fmt: skip


class CannotRead(RuntimeError):
    """Why the views could not be read, in a sentence. ``code`` is what the program exits with."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Any]:
    """A read-only connection. Errors: ``CannotRead``, also for what is asked over it."""
    with _told_in_a_sentence():
        connection = await _connect(dsn)
        try:
            yield connection
        finally:
            connection.terminate()


async def _connect(dsn: str) -> Any:
    settings = {"default_transaction_read_only": "on", "application_name": "escalation-review"}
    try:
        return await asyncpg.connect(dsn, timeout=PATIENCE, server_settings=settings)
    except OSError:
        raise
    except (ValueError, OverflowError, TypeError, pg.InterfaceError):
        raise CannotRead(UNREADABLE, 2) from None


@contextmanager
def _told_in_a_sentence() -> Iterator[None]:
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        for kinds, sentence in SENTENCES:
            if isinstance(error, kinds):
                raise CannotRead(sentence) from None
        state = getattr(error, "sqlstate", None) or type(error).__name__
        raise CannotRead(f"Postgres refused what was asked ({state}): see its log") from None
