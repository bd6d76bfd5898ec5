"""One case, whole: what is due, what may be done, why it was decided, what happened."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.projections.review.questions import case as case_questions
from services.projections.review.questions.open_board import Asked, board
from services.projections.review.questions.queries import ReviewQueries, Until
from services.projections.review.web.asking import address
from services.projections.review.web.drawing import draw
from services.projections.review.web.forms import ACTIONS
from services.projections.review.web.pages import common
from services.projections.review.web.people import Visitor
from services.projections.review.web.state import NotFound, asking, page_of, visitor_of
from services.projections.review.words.cells import kind_of, told_to
from services.projections.review.words.event_gist import DECIDED, REPORTED, Reading, gist
from services.projections.review.words.rule_answers import sentence
from services.projections.review.words.wording import EXPIRED

LAST: Final = 500
_CASE: Final = "SELECT * FROM review.cases WHERE case_id = $1"
_DUTIES: Final = "SELECT * FROM review.duties_of($1) ORDER BY set_at, number"
_ESCALATIONS: Final = """
    SELECT * FROM review.escalation_status WHERE case_id = $1 ORDER BY requested_at
"""


async def seen_case(connection: Any, visitor: Visitor, case_id: str) -> dict[str, Any]:
    """A case that this visitor may see. Errors: ``NotFound``."""
    row = await connection.fetchrow(_CASE, case_id)
    if row is None or not visitor.may_see(row["team"], row["account_id"]):
        raise NotFound
    return dict(row)


async def case(request: Request) -> Response:
    case_id, page = request.path_params["case_id"], page_of(request)
    async with asking(request) as connection:
        visitor = await visitor_of(request, connection)
        found = address(dict(request.query_params), visitor)
        row = await seen_case(connection, visitor, case_id)
        ask = ReviewQueries(connection)
        about = case_questions.About(case_id, found.zone, page.policies)
        receipts, telling = await case_questions.receipts_asked(ask, about)
        story, _ = await case_questions.story_asked(ask, about, LAST)
        now = await connection.fetchval("SELECT now()")
        answer = await board(connection, Asked(visitor.teams, visitor.accounts, case_id=case_id))
        open_row = next((one for one in answer.rows if one["case_id"] == case_id), None)
        values = {
            "case": row, "row": open_row, "receipts": receipts, "telling": telling,
            "entries": entries(story, visitor), "left_out": story.left_out,
            "duties": await connection.fetch(_DUTIES, case_id),
            "escalations": await connection.fetch(_ESCALATIONS, case_id),
            "eligible": await case_questions.eligibility_asked(ask, about, Until(now)),
            "actions": actions_of(open_row, visitor), "sentence": sentence, "at": now,
            **await common(connection, visitor, found, None), "answer": answer,
        }  # fmt: skip
    return draw("case.html", **values)


def entries(story: Any, visitor: Visitor) -> list[dict[str, Any]]:
    """The timeline in words; customers see nothing internal."""
    reading = Reading(story.subject, story.names, story.zone, story.policies, story.missed)
    found = []
    for one in story.entries():
        is_internal = (one.get("data") or {}).get("visibility") == "internal"
        if visitor.accounts is None or not is_internal:
            found.append(_entry(one, reading))
    return found


def _entry(one: dict[str, Any], reading: Reading) -> dict[str, Any]:
    if one["name"] == "message":
        told = "told" if one["told"] else "NOT told"
        why = "" if one["told"] else f": {one['why_not']}"
        return {"at": one["occurred_at"], "what": f"{told}: {told_to(one['audience'])}",
                "details": f"{kind_of(one['template'])}{why}", "decided": True}  # fmt: skip
    known = DECIDED if one["decided"] else REPORTED
    name = known.get(one["name"], one["name"].replace("-", " "))
    return {"at": one["occurred_at"], "what": name, "decided": one["decided"],
            "details": EXPIRED if one["text_expired"] else gist(one, reading)}  # fmt: skip


def actions_of(row: dict[str, Any] | None, visitor: Visitor) -> list[Any]:
    """What may be done about an open escalation by this visitor."""
    if row is None or not visitor.may_act or visitor.accounts is not None:
        return []
    return [one for one in ACTIONS.values() if row["status"] in one.statuses]
