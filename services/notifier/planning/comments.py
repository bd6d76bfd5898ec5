"""A customer's comment on a case that is only watched: its manager hears of it (000-27, 001-15).

While an escalation runs, whoever works on it reads the case. Once it has calmed down nobody does,
so a comment is told, as if it were a decision; nobody decides it.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from schemas import decided
from schemas.codec import Decided
from schemas.envelope import Envelope
from services.notifier.planning.escalations import EscalationState

MOST_A_DAY: Final = 20
"""Comments of one case that are told within a day; whoever looks then sees the others."""


class CustomerCommented(decided.Decision):
    """What stands in for a decision."""

    name: ClassVar[str] = "customer-commented"
    comment_id: str
    by_id: str | None


def commented(
    now: EscalationState, comment_id: str, by_id: str | None, at: datetime, offset: int
) -> Decided:
    """A comment on an escalation that is watched; its id makes it told once."""
    return Envelope(
        id=f"comment/{now.subject}/{comment_id}",
        source="/escalation/notifier",
        type="support.case.comment-added.v1",
        subject=now.subject,
        time=at,
        data=CustomerCommented(
            case_id=now.subject, escalation_id=now.escalation_id, comment_id=comment_id, by_id=by_id
        ),
        source_offset=offset,
    )
