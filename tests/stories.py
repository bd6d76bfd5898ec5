"""Events to tell stories with: a test names only what matters to it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas import reported
from schemas.codec import Reported
from schemas.envelope import Envelope
from schemas.reported import Fact

NOON = datetime(2030, 1, 7, 12, tzinfo=UTC)  # a Monday
CASE = "case-1"
A_MOMENT = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

_ids = itertools.count(1)


def event(
    fact: Fact, at: datetime = NOON, *, subject: str = CASE, event_id: str | None = None
) -> Reported:
    """A reported event around a fact."""
    return Envelope(
        id=event_id or f"event-{next(_ids)}",
        source="/tests",
        type=reported.type_of(type(fact)),
        subject=subject,
        time=at,
        data=fact,
    )


def person(id_: str = "somebody", **more: Any) -> dict[str, Any]:
    return {"id": id_, **more}


def opened(at: datetime = NOON, **but: Any) -> Reported:
    data = {
        "account_id": "account-1",
        "severity": "S1",
        "tier": "gold",
        "opened_by": person("customer"),
        "support_manager": person("manager"),
        "assigned_agent": person("agent"),
        "team": "team-1",
    }
    return event(reported.Opened.model_validate(data | but), at)


def requested(at: datetime, request_id: str = "request-1", **but: Any) -> Reported:
    data = {
        "request_id": request_id,
        "requested_by": person("customer"),
        "reason": "management-request",
        "comments": "We have waited for a week.",
    }
    return event(reported.EscalationRequested.model_validate(data | but), at)


def commented(body: str, at: datetime = NOON, **but: Any) -> Reported:
    data = {
        "comment_id": f"comment-{next(_ids)}",
        "author": person("customer"),
        "author_role": "customer",
        "body": body,
    }
    return event(reported.CommentAdded.model_validate(data | but), at)


def did(kind: type[Fact], at: datetime, /, **data: Any) -> Reported:
    """Anything else that somebody reported; ``by`` is the support manager."""
    if "by" in kind.model_fields:
        data = {"by": person("manager")} | data
    return event(kind.model_validate(data), at)
