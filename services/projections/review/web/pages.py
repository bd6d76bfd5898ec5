"""What is read: review, board, case, order, status. Plain requests to plain answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from schemas.zones import zone as zone_named
from services.projections.review.export.tables import BOARD_COLUMNS, as_csv, as_json, as_xlsx
from services.projections.review.questions.attention import BANDS, PARTS
from services.projections.review.questions.freshness import freshness
from services.projections.review.questions.open_board import Answer, board
from services.projections.review.web.asking import Address, address, written
from services.projections.review.web.drawing import draw
from services.projections.review.web.people import Visitor
from services.projections.review.web.seen import seen_rows
from services.projections.review.web.state import NotFound, asking, visitor_of
from services.projections.review.web.submitting import is_shown

SECTIONS: Final = ("new", "raised", "acknowledged", "missed", "de-escalated", "silent")
EVERY: Final = "all"
"""The review of all teams together."""
_DAILY: Final = "SELECT * FROM review.daily($4, $5)"
_SIGNED: Final = """
    SELECT * FROM review.sign_offs WHERE team = $1 AND review_date <= $2
    ORDER BY review_date DESC LIMIT 60
"""
_TEAMS: Final = "SELECT team, name, zone FROM review.teams ORDER BY team"
_REJECTED: Final = """
    SELECT * FROM review.rejections WHERE requested_at > now() - interval '7 days'
"""


async def home(request: Request) -> Response:
    async with asking(request) as connection:
        visitor = await visitor_of(request, connection)
    first = visitor.teams[0] if visitor.teams else EVERY
    return RedirectResponse(f"/review/{first}", 303)


async def review(request: Request) -> Response:
    """The daily review of a team: can it be trusted, how bad is it, what changed, what first."""
    team = request.path_params["team"]
    async with asking(request) as connection:
        visitor = await visitor_of(request, connection)
        teams = {row["team"]: row for row in await connection.fetch(_TEAMS)}
        if team not in _visible(teams, visitor):
            raise NotFound
        zone = zone_named(teams[team]["zone"]) if team in teams else UTC
        parameters = dict(request.query_params)
        found = address(parameters, visitor, zone)
        day = _day(request.path_params.get("day"), found.zone)
        if team != EVERY:
            found.asked.filters["team"] = team
        signed, before = await _sign_offs(connection, team, day)
        found = replace(found, asked=replace(found.asked, as_of=_as_of(day, signed, found.zone)))
        is_late = await _is_late(connection, found)
        answer = await board(connection, found.asked)
        changes = await _changes(connection, day, team, visitor)
        rejected, number = await seen_rows(
            connection, visitor, _REJECTED, "requested_at DESC, request_id", 50
        )
        values = {
            "day": day, "team": team, "teams": _visible(teams, visitor), "changes": changes,
            "signed": signed,
            "before": before, "is_late": is_late,
            "rejected": rejected, "rejections": number,
            **await common(connection, visitor, found, answer),
        }  # fmt: skip
    return draw("review.html", **values)


def _day(text: str | None, zone: tzinfo) -> date:
    if text is None:
        return datetime.now(zone).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound from None


async def _sign_offs(connection: Any, team: str, day: date) -> tuple[Any, Any]:
    """The sign-off of a day, and the one before it; there is none of all teams together."""
    rows = [] if team == EVERY else await connection.fetch(_SIGNED, team, day)
    own = next((row for row in rows if row["review_date"] == day), None)
    signed = (row for row in rows if row["review_date"] < day and row["signed_off_at"])
    return own, next(signed, None)


async def _is_late(connection: Any, found: Address) -> bool:
    """Whether what was sent last is not in the rows yet."""
    return found.after is not None and not await is_shown(connection, *found.after)


def _as_of(day: date, signed: Any, zone: tzinfo) -> datetime | None:
    """A day that is over is shown as it stood at its sign-off, else at its end; today is now."""
    if day >= datetime.now(zone).date():
        return None
    if signed is not None and signed["signed_off_at"] is not None:
        at: datetime = signed["signed_off_at"]
        return at
    return datetime.combine(day + timedelta(days=1), time(), zone)


def _visible(teams: dict[str, Any], visitor: Visitor) -> list[str]:
    if visitor.accounts is not None:
        return [EVERY]  # how support is organised is no business of customers
    return [EVERY, *teams] if visitor.teams is None else list(visitor.teams)


async def _changes(
    connection: Any, day: date, team: str, visitor: Visitor
) -> dict[str, list[dict[str, Any]]]:
    one_team = None if team == EVERY else team
    rows, _ = await seen_rows(
        connection, visitor, _DAILY, "changed_at, escalation_id", None, day, one_team
    )
    return {name: [row for row in rows if row["section"] == name] for name in SECTIONS}


async def common(
    connection: Any, visitor: Visitor, found: Address, answer: Answer | None
) -> dict[str, Any]:
    """What every page with rows needs."""
    after = answer and written(answer.next_cursor(found.asked.limit))
    return {
        "visitor": visitor, "address": found, "answer": answer, "zone": found.zone,
        "fresh": await freshness(connection), "more": after, "bands": BANDS,
    }  # fmt: skip


async def open_board(request: Request) -> Response:
    """Every open escalation, in the order of attention, filtered by the address."""
    async with asking(request) as connection:
        visitor = await visitor_of(request, connection)
        found = address(dict(request.query_params), visitor)
        is_late = await _is_late(connection, found)
        answer = await board(connection, found.asked)
        values = await common(connection, visitor, found, answer)
    return draw("board.html", is_late=is_late, **values)


def exported(form: str) -> Callable[[Request], Any]:
    """The same rows, all of them, as a file."""

    async def answer(request: Request) -> Response:
        async with asking(request) as connection:
            visitor = await visitor_of(request, connection)
            found = address(dict(request.query_params), visitor)
            rows = await board(connection, found.asked.whole())
        return file_of(form, rows.rows, rows.at, "board")

    return answer


def file_of(form: str, rows: Sequence[dict[str, Any]], at: datetime, name: str) -> Response:
    """Rows as a file whose name says as of when."""
    kinds: dict[str, tuple[str, Callable[[], bytes]]] = {
        "csv": ("text/csv; charset=utf-8", lambda: as_csv(rows, BOARD_COLUMNS)),
        "xlsx": (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            lambda: as_xlsx(rows, BOARD_COLUMNS, at),
        ),
        "json": ("application/json", lambda: as_json(rows, BOARD_COLUMNS, at)),
    }
    kind, make = kinds[form]
    file = f"{name}-{at:%Y-%m-%dT%H%MZ}.{form}"
    return Response(make(), headers={"content-disposition": f'attachment; filename="{file}"'},
                    media_type=kind)  # fmt: skip


async def order(request: Request) -> HTMLResponse:
    """How the order is made, from the table that makes it."""
    async with asking(request) as connection:
        visitor = await visitor_of(request, connection)
        values = await common(connection, visitor, address({}, visitor), None)
    return draw("order.html", score_parts=PARTS, **values)


async def status(request: Request) -> Response:
    """How fresh the figures are; without a session only that the page is alive."""
    async with asking(request) as connection:
        fresh = await freshness(connection)
    return JSONResponse({"alive": True, "state": fresh.state})


async def fresh(request: Request) -> Response:
    """What the page asks for every few seconds: an answer of its own only where it changed."""
    async with asking(request) as connection:
        await visitor_of(request, connection)
        found = await freshness(connection)
    etag = f'W/"{found.state}-{found.behind}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"etag": etag})
    return JSONResponse({"state": found.state, "behind": found.behind}, headers={"etag": etag})
