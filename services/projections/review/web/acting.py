"""From click to decision: drawing a form, sending it, and saying exactly what is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.projections.review.questions import case as case_questions
from services.projections.review.questions.freshness import freshness
from services.projections.review.questions.queries import ReviewQueries, Until
from services.projections.review.web import forms
from services.projections.review.web.case_page import seen_case
from services.projections.review.web.drawing import draw
from services.projections.review.web.forms import Action, Field
from services.projections.review.web.people import Visitor
from services.projections.review.web.sessions import SQL
from services.projections.review.web.state import NotFound, Page, asking, page_of, visitor_of
from services.projections.review.web.submitting import NotConfirmed, WrongForm, decided, submit
from services.projections.review.words.rule_answers import sentence
from services.projections.review.words.wording import because

_ESCALATION: Final = """
    SELECT s.*, (
        SELECT e.data->>'request_id' FROM review.case_events AS e
        WHERE e.subject = coalesce(s.case_id, 'account/' || s.account_id) AND e.decided
          AND e.name IN ('accepted', 'approval-requested')
          AND e.data->>'escalation_id' = s.escalation_id
        ORDER BY e.kafka_offset LIMIT 1
    ) AS request_id
    FROM review.escalation_status AS s WHERE s.escalation_id = $1
"""
_TEAM: Final = "SELECT 1 FROM review.teams WHERE team = $1"


class Draft:
    """One form on its way: what it is about, what it asks, and what is said beside it."""

    def __init__(self, action: Action, subject: str, back: str, fields: tuple[Field, ...]) -> None:
        self.action, self.subject, self.back, self.fields = action, subject, back, fields
        self.data: dict[str, Any] = {}
        self.beside: dict[str, Any] = {
            "guidance": forms.Guidance(), "eligible": None, "standing": None
        }  # fmt: skip

    def page(
        self, page: Page, visitor: Visitor, values: Mapping[str, str], errors: Mapping[str, str]
    ) -> HTMLResponse:
        signed = page.forms.draw(visitor, self.subject, self.action.code)
        return draw(
            "form.html", 422 if errors else 200, visitor=visitor, draft=self, values=values,
            errors=errors, signed=signed, **self.beside,
        )  # fmt: skip


async def escalate(request: Request) -> Response:
    """The customer's button: the fields that the policy asks, and the sources' own guidance."""
    case_id, page = request.path_params["case_id"], page_of(request)
    async with asking(request) as connection:
        visitor = await _acting(request, connection)
        row = await seen_case(connection, visitor, case_id)
        now = await connection.fetchval("SELECT now()")
        policy = page.policies.judging(row["program"], now)
        about = case_questions.About(case_id, now.tzinfo, page.policies)
        ask = ReviewQueries(connection)
        action = Action("escalate", "escalation-requested", "Ask for an escalation", "Escalate")
        draft = Draft(action, case_id, f"/cases/{case_id}", forms.request_fields(policy))
        draft.beside |= {
            "guidance": forms.guidance(policy),
            "eligible": await case_questions.eligibility_asked(ask, about, Until(now)),
        }
        return await _drawn_or_sent(request, connection, visitor, draft)


async def act(request: Request) -> Response:
    """Something is done about an escalation."""
    action = forms.ACTIONS.get(request.path_params["action"])
    async with asking(request) as connection:
        visitor = await _acting(request, connection)
        row = await connection.fetchrow(_ESCALATION, request.path_params["escalation_id"])
        seen = row is not None and visitor.may_see(row["team"], row["account_id"])
        if action is None or not seen or visitor.accounts is not None:
            raise NotFound
        subject = row["case_id"] or f"account/{row['account_id']}"
        back = f"/cases/{row['case_id']}" if row["case_id"] else "/board"
        draft = Draft(action, subject, back, action.fields)
        draft.data = action.of_row(row)
        draft.beside["standing"] = row["status"]
        return await _drawn_or_sent(request, connection, visitor, draft)


async def sign_off(request: Request) -> Response:
    """The day of a team is signed off."""
    team, day = request.path_params["team"], request.path_params["day"]
    async with asking(request) as connection:
        visitor = await _acting(request, connection)
        may = visitor.teams is None or team in visitor.teams
        if not may or await connection.fetchval(_TEAM, team) is None or not _is_day(day):
            raise NotFound
        fields = forms.SIGN_OFF.fields
        if (fresh := await freshness(connection)).state in ("stopped", "empty"):
            fields = (*fields, forms.knows_that_it_ends(fresh.seen_at))
        draft = Draft(forms.SIGN_OFF, f"review/{team}", f"/review/{team}/{day}", fields)
        draft.data = {"review_date": day}
        return await _drawn_or_sent(request, connection, visitor, draft)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


async def _acting(request: Request, connection: Any) -> Visitor:
    """Who asks, where they may act at all. Errors: ``SignInFirst``, ``NotFound``."""
    visitor = await visitor_of(request, connection)
    if not visitor.may_act:
        raise NotFound
    return visitor


async def _drawn_or_sent(
    request: Request, connection: Any, visitor: Visitor, draft: Draft
) -> Response:
    page = page_of(request)
    if request.method == "GET":
        return draft.page(page, visitor, {}, {})
    given = {name: str(value) for name, value in (await request.form()).items()}
    try:
        form = page.forms.read(given.get("form", ""), visitor, draft.subject, draft.action.code)
    except WrongForm:
        return draft.page(
            page, visitor, given, {"": "This form is not valid any more: send it again"}
        )
    if errors := forms.missing(draft.fields, given):
        return draft.page(page, visitor, given, errors)
    try:
        sent = await submit(connection, page.publisher, form, draft.action.event,
                            _data(draft, visitor, given))  # fmt: skip
    except ValidationError as error:
        return draft.page(page, visitor, given, _said(error))
    except NotConfirmed as error:
        return RedirectResponse(f"/submissions/{error.event_id}", 303)
    return RedirectResponse(f"/submissions/{sent}", 303)


def _data(draft: Draft, visitor: Visitor, given: Mapping[str, str]) -> dict[str, Any]:
    """The data of the event. Who acts, and in which roles, comes from the session alone."""
    me = {"id": visitor.id, "name": visitor.name, "roles": list(visitor.roles)}
    data = forms.data_of(draft.fields, given) | draft.data
    if draft.action.code == "escalate":
        source = "internal" if visitor.accounts is None else "customer"
        return data | {"channel": "form", "requested_by": me, "source": source}
    return data | {"by": me}


def _said(error: ValidationError) -> dict[str, str]:
    return {
        str(one["loc"][0]) if one["loc"] else "": f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
        for one in error.errors(include_input=False, include_url=False)
    }


async def submission(request: Request) -> Response:
    """What became of what was sent, in words that are true at this moment."""
    async with asking(request) as connection:
        visitor = await visitor_of(request, connection)
        row = await connection.fetchrow(SQL["submission"], request.path_params["id"], visitor.id)
        if row is None:
            raise NotFound
        found = [] if row["topic_offset"] is None else await decided(connection, row)
    return draw("submission.html", visitor=visitor, sent=row, decisions=found, because=because,
                after=_after(row), sentence=sentence, back=_back(row["subject"]))  # fmt: skip


def _after(row: Any) -> str:
    """What the way back to the board carries: where the event stands."""
    if row["topic_offset"] is None:
        return ""
    return f"?after={row['topic_partition']}:{row['topic_offset']}"


def _back(subject: str) -> str:
    kind, _, rest = subject.partition("/")
    return f"/review/{rest}" if kind == "review" else "/board" if rest else f"/cases/{subject}"


async def submissions(request: Request) -> Response:
    """One's own last fifty: did it go through?"""
    async with asking(request) as connection:
        visitor = await visitor_of(request, connection)
        rows = await connection.fetch(SQL["own_submissions"], visitor.id)
    return draw("submissions.html", visitor=visitor, rows=rows)
