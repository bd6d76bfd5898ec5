"""What the page holds while it runs, and what each request is given of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from infra.runtime.settings import Settings
from policies.catalogue import Policies
from services.projections.review.web import sessions
from services.projections.review.web.people import Visitor
from services.projections.review.web.submitting import Forms, Publisher


@dataclass
class Page:
    """``policies`` are those of now: whoever learns of a version replaces them."""

    settings: Settings
    policies: Policies
    pool: Any
    forms: Forms
    publisher: Publisher

    @property
    def cookie(self) -> str:
        """Without TLS a browser keeps no cookie of the name that asks for it."""
        return "__Host-session" if self.settings.board.is_secure else "session"


def page_of(request: Request) -> Page:
    found: Page = request.app.state.page
    return found


@asynccontextmanager
async def asking(request: Request) -> AsyncIterator[Any]:
    """A connection for one request."""
    async with page_of(request).pool.acquire(timeout=5) as connection:
        yield connection


class SignInFirst(Exception):
    """Nobody is signed in."""


class NotFound(Exception):
    """There is no such thing, or it is none of the visitor's business: both read alike."""


async def visitor_of(request: Request, connection: Any) -> Visitor:
    """Who asks. Errors: ``SignInFirst``."""
    secret = request.cookies.get(page_of(request).cookie)
    found = None if secret is None else await sessions.whose(connection, secret)
    if found is None:
        raise SignInFirst
    return found
