"""Signing in by a one-time link on a machine of one's own, and signing out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.projections.review.web import sessions
from services.projections.review.web.drawing import draw
from services.projections.review.web.state import asking, page_of

NO_REFERRER = {"referrer-policy": "no-referrer"}


async def sign_in(request: Request) -> Response:
    """Draw the button: a preview of the link uses nothing up."""
    answer = draw("sign_in.html", visitor=None, secret=request.path_params.get("secret"))
    answer.headers.update(NO_REFERRER)
    return answer


async def use_link(request: Request) -> Response:
    """The link is used up, and a session begins under a new secret."""
    async with asking(request) as connection:
        visitor = await sessions.use_link(connection, request.path_params["secret"])
        if visitor is None:
            return draw("sign_in.html", 410, visitor=None, secret=None)
        secret = await sessions.begin(connection, visitor)
    page, answer = page_of(request), RedirectResponse("/", 303, headers=NO_REFERRER)
    answer.set_cookie(
        page.cookie, secret, max_age=int(sessions.LONGEST.total_seconds()), httponly=True,
        secure=page.settings.board.is_secure, samesite="lax", path="/",
    )  # fmt: skip
    return answer


async def sign_out(request: Request) -> Response:
    page = page_of(request)
    if secret := request.cookies.get(page.cookie):
        async with asking(request) as connection:
            await sessions.end(connection, secret)
    answer = RedirectResponse("/signin", 303)
    answer.delete_cookie(page.cookie, path="/")
    return answer
