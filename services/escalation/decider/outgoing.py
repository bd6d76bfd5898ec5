"""Give decisions their envelopes: derived ids, causes, and the record that they come from.

Everything here is a function of the record read, so a replay gives the same bytes.
"""

from __future__ import annotations

import re
from typing import Final

from schemas import decided, reported
from schemas.codec import Decided, Reported
from schemas.envelope import Envelope, caused_id, deadline_id
from services.escalation.core.accounts import Link
from services.escalation.core.case import Case

SOURCE: Final = "/escalation/decider"
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def caused(
    event: Reported,
    decision: decided.Decision,
    case: Case,
    at: tuple[int, int],
    subject: str | None = None,
) -> Decided:
    """The envelope of a decision about an event. ``at`` is its partition and offset; ``subject``
    where the event was about another one, as a calendar's change is."""
    about = subject or event.subject
    type_ = decided.type_of(type(decision))
    parts = (decision.escalation_id or "", getattr(decision, "duty", ""))
    return Envelope(
        id=caused_id((event.source, event.id), type_, about, parts),
        source=SOURCE,
        type=type_,
        subject=about,
        time=event.time,
        data=decision,
        correlation_id=_conversation(decision, case),
        causation_id=event.id,
        traceparent=_sound(event.traceparent),
        source_partition=at[0],
        source_offset=at[1],
    )


def linked(event: Reported, link: Link) -> Reported:
    """The envelope of a fact that we report ourselves, to another partition."""
    type_ = reported.type_of(type(link.fact))
    return Envelope(
        id=caused_id((event.source, event.id), type_, link.subject, (link.fact.escalation_id, "")),
        source=SOURCE,
        type=type_,
        subject=link.subject,
        time=event.time,
        data=link.fact,
        correlation_id=event.correlation_id,
        causation_id=event.id,
        traceparent=_sound(event.traceparent),
    )


def overdue(
    subject: str, missed: decided.DeadlineMissed, case: Case, at: tuple[int, int]
) -> Decided:
    """The envelope of a missed deadline: it happened when it was due, whoever noticed."""
    type_ = decided.type_of(type(missed))
    parts = (missed.escalation_id or "", missed.duty)
    return Envelope(
        id=deadline_id(type_, subject, parts, missed.due_at),
        source=SOURCE,
        type=type_,
        subject=subject,
        time=missed.due_at,
        data=missed,
        correlation_id=_conversation(missed, case),
        source_partition=at[0],
        source_offset=at[1],
    )


def _conversation(decision: decided.Decision, case: Case) -> str | None:
    """The request that began it all."""
    if decision.request_id is not None:
        return decision.request_id
    return None if case.escalation is None else case.escalation.request_id


def _sound(traceparent: str | None) -> str | None:
    """A trace id and nothing else: the log is kept for ever and takes nobody's words."""
    return traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else None
