"""From a row of the outbox to what its words may use."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from services.notifier.core.wording import About, Reader, Somebody, Told


def told(row: Any, now: datetime) -> Told:
    """What a message can say: the decision, and what is known of the case now."""
    return Told(
        template=row["template"],
        subject=row["subject"],
        happened_at=row["event_time"],
        written_at=now,
        brief=json.loads(row["brief"]),
        reader=Reader(row["name"], row["timezone"]),
        case=About(row["title"], row["product"]),
        requester=_somebody(row["requester"]),
        contact=_somebody(row["contact"]),
        comments=row["comments"],
    )


def _somebody(text: str | None) -> Somebody | None:
    if text is None:
        return None
    row = json.loads(text)
    fields = ("name", "email", "phone", "timezone", "working_hours")
    return Somebody(*(row[name] for name in fields))
