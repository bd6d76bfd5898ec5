"""What every answer carries, and which requests may change anything."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_BODY: Final = 64 * 1024
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'"
)
ALWAYS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "",
    "cache-control": "private, no-cache",
}
Scope = MutableMapping[str, Any]


def is_same_origin(headers: Headers) -> bool:
    """Whether a request that changes something comes from our own pages: by Fetch Metadata, else
    by its Origin. One that has neither comes from no browser."""
    if (site := headers.get("sec-fetch-site")) is not None:
        return site in ("same-origin", "none")
    if (origin := headers.get("origin")) is None:
        return True
    return urlsplit(origin).netloc == headers.get("host")


class Safety:
    """Refuses what comes from elsewhere or is too large, and adds the headers of every answer."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Scope) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
            await send(message)

        if (refused := _refused(scope)) is not None:
            await refused(scope, receive, with_headers)
        else:
            await self._app(scope, receive, with_headers)


def _refused(scope: Scope) -> PlainTextResponse | None:
    headers = Headers(scope=scope)
    if scope["method"] in SAFE:
        return None
    if not is_same_origin(headers):
        return PlainTextResponse("This form was sent from another site. Nothing was done.", 403)
    size = headers.get("content-length", "0")
    if not size.isdecimal() or int(size) > LARGEST_BODY:
        return PlainTextResponse(
            "That is more than a form of ours can hold. Nothing was done.", 413
        )
    return None
