"""Pages that are one list each: approvals, rejections, radar, duties, improvements, an account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from services.projections.review.export.tables import as_csv
from services.projections.review.web.asking import BadAddress, address
from services.projections.review.web.drawing import draw
from services.projections.review.web.pages import common
from services.projections.review.web.people import Visitor
from services.projections.review.web.seen import IS_SEEN, seen_rows
from services.projections.review.web.state import NotFound, asking, visitor_of

MOST: Final = 1_000


@dataclass(frozen=True)
class Listing:
    """``sql`` gives the rows, ``order`` says which stands first, ``columns`` are shown, in this
    order; ``parameter`` is what the address may say, with its default."""

    path: str
    title: str
    says: str
    sql: str
    order: str
    columns: tuple[str, ...]
    parameter: tuple[str, str] | None = None


RADAR: Final = """
    SELECT e.case_id, e.account_id, e.team, e.severity, e.tier, e.policy, e.eligible_at,
           said.unanswered, said.last_answer
    FROM review.eligibility AS e
    LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE c.data->>'author_role' = 'customer'
                                  AND c.occurred_at > coalesce(last.at, '-infinity')) AS unanswered,
               max(last.at) AS last_answer
        FROM (
            SELECT max(a.occurred_at) AS at FROM review.case_events AS a
            WHERE a.subject = e.case_id AND a.name = 'comment-added'
              AND a.data->>'author_role' IN ('agent', 'manager', 'team')
        ) AS last
        LEFT JOIN review.case_events AS c
            ON c.subject = e.case_id AND c.name = 'comment-added'
    ) AS said ON true
    WHERE e.eligible_at <= now() + make_interval(hours => $4::integer)
"""
LISTINGS: Final = {
    one.path: one
    for one in (
        Listing("approvals", "What waits for a decision",
                "Requests that an approver has to decide, what is due first on top.",
                "SELECT * FROM review.open_escalations WHERE status = 'awaiting-approval'",
                "next_due_at, escalation_id",
                ("case_id", "title", "account_id", "team", "escalation_severity", "severity",
                 "requested_at", "next_due_at", "policy")),
        Listing("rejections", "Requests that were not accepted",
                "The latest first, each with every reason.",
                "SELECT * FROM review.rejections", "requested_at DESC, request_id",
                ("case_id", "account_id", "team", "requested_at", "codes", "eligible_at",
                 "policy")),
        Listing("radar", "Who may escalate soon",
                "Open cases that may be escalated now or within so many hours, with the customers' "
                "comments that nobody has answered.", RADAR,
                "unanswered DESC NULLS LAST, eligible_at, case_id",
                ("case_id", "account_id", "team", "severity", "tier", "eligible_at", "unanswered",
                 "last_answer", "policy"), ("hours", "24")),
        Listing("duties", "Duties", "The promise ledger: what was owed, and what became of it.",
                "SELECT * FROM review.duties", "set_at DESC, escalation_id, duty, number",
                ("case_id", "account_id", "team", "duty", "number", "kind", "owed_by", "owner",
                 "set_at", "due_at", "outcome", "fulfilled_at", "lateness")),
        Listing("improvements", "Improvements", "What was named, or waived, after an escalation.",
                "SELECT * FROM review.improvements", "given_at DESC",
                ("case_id", "account_id", "team", "kind", "given_at", "given_by", "category",
                 "link", "words")),
        Listing("gaps", "Escalations of which nobody heard",
                "Nobody could be reached, and nobody is about to be.",
                "SELECT * FROM review.notification_gaps", "accepted_at DESC",
                ("case_id", "account_id", "team", "accepted_at", "messages", "states")),
    )
}  # fmt: skip
KEPT: Final = f"""
    SELECT count(*) FILTER (WHERE outcome IN ('kept', 'kept-reported-late')) AS kept,
           count(*) FILTER (WHERE outcome IN ('kept', 'kept-reported-late', 'missed')) AS judged
    FROM review.duties
    WHERE kind = 'promise' AND {IS_SEEN}
"""  # noqa: S608 - a condition of ours


def listed(listing: Listing, form: str | None = None) -> Callable[[Request], Any]:
    """The page of a list, or its rows as CSV."""

    async def answer(request: Request) -> Response:
        given, own = _given(request, listing)
        async with asking(request) as connection:
            visitor = await visitor_of(request, connection)
            most = MOST if form is None else None
            mine, total = await seen_rows(
                connection, visitor, listing.sql, listing.order, most, *own
            )
            values = await common(connection, visitor, address(given, visitor), None)
            kept = await _kept(connection, visitor) if listing.path == "duties" else None
        if form == "csv":
            name = f"{listing.path}-{values['fresh'].at:%Y-%m-%dT%H%MZ}.csv"
            head = {"content-disposition": f'attachment; filename="{name}"'}
            return Response(as_csv(mine, listing.columns), headers=head, media_type="text/csv")
        return draw("list.html", listing=listing, rows=mine, total=total, kept=kept,
                    own=own[0] if own else None, **values)  # fmt: skip

    return answer


async def _kept(connection: Any, visitor: Visitor) -> Any:
    """How many promises were kept, of those that can be judged."""
    return await connection.fetchrow(KEPT, visitor.teams, visitor.accounts)


def _given(request: Request, listing: Listing) -> tuple[dict[str, str], list[int]]:
    """What the address says beside the list's own parameter. Errors: ``BadAddress``."""
    given = dict(request.query_params)
    if listing.parameter is None:
        return given, []
    name, default = listing.parameter
    text = given.pop(name, default)
    if not text.isdecimal() or int(text) > 10_000:
        raise BadAddress(f"{name}: write a number of {name}")
    return given, [int(text)]


_ACCOUNT: Final = "SELECT * FROM review.escalation_status WHERE account_id = $4"
_CASES: Final = "SELECT * FROM review.cases WHERE account_id = $4"


async def account(request: Request) -> Response:
    """The escalations and cases of one account."""
    id_ = request.path_params["account_id"]
    async with asking(request) as connection:
        visitor = await visitor_of(request, connection)
        escalations, _ = await seen_rows(
            connection, visitor, _ACCOUNT, "requested_at DESC", None, id_
        )
        cases, _ = await seen_rows(connection, visitor, _CASES, "opened_at DESC", 500, id_)
        if not escalations and not cases:
            raise NotFound
        values = await common(connection, visitor, address({}, visitor), None)
    return draw("account.html", account=id_, escalations=escalations, cases=cases, **values)
