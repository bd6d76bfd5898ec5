"""``/api/v1``: the rows of the page for machines, by bearer token or by session."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel

from services.projections.review.export.tables import BOARD_COLUMNS
from services.projections.review.questions import case as case_questions
from services.projections.review.questions.open_board import board
from services.projections.review.questions.queries import ReviewQueries, Until
from services.projections.review.web import sessions
from services.projections.review.web.asking import BadAddress, address, written
from services.projections.review.web.case_page import seen_case
from services.projections.review.web.people import Visitor
from services.projections.review.web.seen import seen_rows
from services.projections.review.web.state import (
    NotFound,
    SignInFirst,
    asking,
    page_of,
    visitor_of,
)

api = APIRouter(prefix="/api/v1")
_MOST: Final = 1_000


class Rows(BaseModel):
    """Rows as of an instant. ``total`` counts all that match, also those that are not in
    ``rows``; ``next`` is the cursor of the next page, null on the last."""

    as_of: datetime
    total: int
    rows: list[dict[str, Any]]
    next: str | None = None


class Eligibility(BaseModel):
    """Whether a case may be escalated, from when, and which policy says so."""

    case_id: str
    eligible: bool
    eligible_at: datetime | None
    standing: str
    escalation_status: str | None
    policy: str
    policy_version: int
    severity: str | None
    tier: str | None
    program_known: bool | None
    tier_known: bool | None


async def caller(request: Request, connection: Any) -> Visitor:
    """Who calls, by token or session. Errors: 401."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        found = await sessions.of_token(connection, secret.strip())
        if found is not None:
            return found
    try:
        return await visitor_of(request, connection)
    except SignInFirst:
        raise HTTPException(401, "a bearer token is needed: escalation token create NAME",
                            {"www-authenticate": "Bearer"}) from None  # fmt: skip


@api.get("/board", summary="Open escalations in the order of attention")
async def the_board(
    request: Request,
    team: str | None = None, owner: str | None = None, severity: str | None = None,
    status: str | None = None, account: str | None = None, band: str | None = None,
    q: str | None = None, as_of: str | None = None, cursor: str | None = None,
    rows: int = Query(100, ge=1, le=500),
) -> Rows:  # fmt: skip
    """The rows of the page: filters, order and counts are the same."""
    given = {"team": team, "owner": owner, "severity": severity, "status": status,
             "account": account, "band": band, "q": q, "as_of": as_of, "cursor": cursor,
             "rows": str(rows)}  # fmt: skip
    async with asking(request) as connection:
        visitor = await caller(request, connection)
        try:
            found = address({k: v for k, v in given.items() if v is not None}, visitor)
        except BadAddress as error:
            raise HTTPException(400, str(error)) from None
        answer = await board(connection, found.asked)
    shown = [{name: row.get(name) for name in BOARD_COLUMNS} for row in answer.rows]
    after = written(answer.next_cursor(found.asked.limit))
    return Rows(as_of=answer.at, total=answer.total, rows=shown, next=after)


async def _view(request: Request, view: str, order: str) -> Rows:
    async with asking(request) as connection:
        visitor = await caller(request, connection)
        query = f"SELECT * FROM review.{view}"  # noqa: S608 - a name of ours
        found, total = await seen_rows(connection, visitor, query, order, _MOST)
        at = await connection.fetchval("SELECT now()")
    rows = [{k: _plain(v) for k, v in row.items()} for row in found]
    return Rows(as_of=at, total=total, rows=rows)


def _plain(value: Any) -> Any:
    return value.total_seconds() if hasattr(value, "total_seconds") else value


@api.get("/duties", summary="The promise ledger: the latest duties first")
async def duties(request: Request) -> Rows:
    """At most 1,000 rows of ``review.duties``; lateness is in seconds."""
    return await _view(request, "duties", "set_at DESC, escalation_id, duty, number")


@api.get("/rejections", summary="Rejected requests, the latest first")
async def rejections(request: Request) -> Rows:
    """At most 1,000 rows of ``review.rejections``."""
    return await _view(request, "rejections", "requested_at DESC, request_id")


@api.get("/cases/{case_id}", summary="One case: its facts and its receipts")
async def one_case(request: Request, case_id: str) -> dict[str, Any]:
    """The case as it stands, and every decision on a request about it."""
    async with asking(request) as connection:
        visitor = await caller(request, connection)
        row = await _seen(connection, visitor, case_id)
        now = await connection.fetchval("SELECT now()")
        about = case_questions.About(case_id, now.tzinfo, page_of(request).policies)
        receipts, _ = await case_questions.receipts_asked(ReviewQueries(connection), about)
    return {"as_of": now, "case": row, "receipts": receipts}


@api.get("/cases/{case_id}/eligibility", summary="May this case be escalated, and from when?")
async def eligibility(request: Request, case_id: str) -> Eligibility:
    """What a CRM's escalate button asks."""
    async with asking(request) as connection:
        visitor = await caller(request, connection)
        await _seen(connection, visitor, case_id)
        now = await connection.fetchval("SELECT now()")
        about = case_questions.About(case_id, now.tzinfo, page_of(request).policies)
        found = await case_questions.eligibility_asked(ReviewQueries(connection), about, Until(now))
    return Eligibility(**found)


async def _seen(connection: Any, visitor: Visitor, case_id: str) -> dict[str, Any]:
    try:
        return await seen_case(connection, visitor, case_id)
    except NotFound:
        raise HTTPException(404, "there is no such case") from None
