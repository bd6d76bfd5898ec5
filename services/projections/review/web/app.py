"""The application: every address of the page, and what is said where something fails."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import asyncpg
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from infra.runtime.postgres import POSTGRES_AWAY
from services.projections.review.web import acting, case_page, lists, pages, signing_in
from services.projections.review.web.api import api
from services.projections.review.web.asking import BadAddress
from services.projections.review.web.drawing import draw
from services.projections.review.web.safety import Safety
from services.projections.review.web.state import NotFound, Page, SignInFirst

BOTH: Final = ["GET", "POST"]
QUIET: Final[Any] = {"tracing": False, "metrics": False, "logs": False}


def routes() -> list[BaseRoute]:
    return [
        Route("/", pages.home),
        Route("/signin", signing_in.sign_in),
        Route("/signin/{secret}", signing_in.sign_in, methods=["GET"]),
        Route("/signin/{secret}", signing_in.use_link, methods=["POST"]),
        Route("/signout", signing_in.sign_out, methods=["POST"]),
        Route("/review/{team}", pages.review),
        Route("/review/{team}/{day}", pages.review),
        Route("/review/{team}/{day}/sign-off", acting.sign_off, methods=BOTH),
        Route("/board", pages.open_board),
        *(Route(f"/board.{form}", pages.exported(form)) for form in ("csv", "xlsx", "json")),
        Route("/cases/{case_id}", case_page.case),
        Route("/cases/{case_id}/escalate", acting.escalate, methods=BOTH),
        Route("/escalations/{escalation_id}/{action}", acting.act, methods=BOTH),
        Route("/submissions", acting.submissions),
        Route("/submissions/{id}", acting.submission),
        Route("/accounts/{account_id}", lists.account),
        *(Route(f"/{path}", lists.listed(one)) for path, one in lists.LISTINGS.items()),
        *(Route(f"/{path}.csv", lists.listed(one, "csv")) for path, one in lists.LISTINGS.items()),
        Route("/order", pages.order),
        Route("/freshness", pages.fresh),
        Route("/status", pages.status),
        Mount("/static", StaticFiles(directory=Path(str(files(__package__ or "") / "static")))),
    ]


def application(page: Page) -> Any:
    """The page as an ASGI application."""
    app = FastAPI(
        title="Case escalation", version="1", openapi_url="/api/v1/openapi.json", docs_url=None,
        redoc_url=None, telemetry=QUIET, routes=routes(), exception_handlers=_handlers(),
    )  # fmt: skip
    app.state.page = page
    app.include_router(api)
    app.add_middleware(Safety)
    return app


def _handlers() -> dict[Any, Any]:
    return {
        SignInFirst: _sign_in_first,
        NotFound: _not_found,
        404: _not_found,
        BadAddress: _bad_address,
        asyncpg.DataError: _no_such_text,
        UnicodeEncodeError: _no_such_text,
        **dict.fromkeys((*POSTGRES_AWAY, asyncpg.QueryCanceledError), _away),
    }


async def _sign_in_first(_: Request, __: Exception) -> Response:
    return RedirectResponse("/signin", 303)


async def _not_found(_: Request, __: Exception) -> Response:
    return draw("problem.html", 404, visitor=None, title="There is no such page",
                text="Nothing is here that you may see. Is the address complete?")  # fmt: skip


async def _bad_address(_: Request, error: Exception) -> Response:
    return draw("problem.html", 400, visitor=None, title="This address cannot be read",
                text=str(error))  # fmt: skip


async def _no_such_text(_: Request, __: Exception) -> Response:
    text = "It holds characters that no text here can hold."
    return draw("problem.html", 400, visitor=None, title="This address cannot be read",
                text=text)  # fmt: skip


async def _away(_: Request, __: Exception) -> Response:
    answer = draw("problem.html", 503, visitor=None, title="The database does not answer",
                  text="What a page confirmed is not lost. Try again shortly.")  # fmt: skip
    answer.headers["retry-after"] = "5"
    return answer
