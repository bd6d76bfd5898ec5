"""From a row of the outbox to what its words may use."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from services.notifier.planning.escalations import EscalationState
from services.notifier.planning.wording import (
    Addressee,
    CaseReference,
    Facts,
    MailContext,
    NamedPerson,
)


def told(row: Any, now: datetime) -> MailContext:
    """What a message can say: the decision, and what is known of the case now."""
    state = row["escalation"]
    return MailContext(
        template=row["template"],
        subject=row["subject"],
        happened_at=row["event_time"],
        written_at=now,
        brief=json.loads(row["brief"]),
        reader=Addressee(row["name"], row["timezone"]),
        audience=row["audience"],
        case=_case(row["file"]),
        **{name: _somebody(row[name]) for name in _PEOPLE},
        comments=row["comments"],
        words=row["words"],
        form=Facts(json.loads(row["form"] or "{}")),
        escalation=None if state is None else EscalationState.model_validate_json(state),
        is_escalated=row["is_escalated"],
    )


_PEOPLE = ("requester", "behalf", "contact", "owner", "primary_contact", "by")


def _case(text: str | None) -> CaseReference:
    if text is None:
        return CaseReference()
    row = json.loads(text)
    named = ("title", "product", "account_id", "severity", "tier", "number", "url")
    return CaseReference(**{name: row[name] for name in named}, known=row["opened"])


def _somebody(text: str | None) -> NamedPerson | None:
    if text is None:
        return None
    row = json.loads(text)
    fields = ("name", "email", "phone", "timezone", "working_hours")
    return NamedPerson(*(row[name] for name in fields))
