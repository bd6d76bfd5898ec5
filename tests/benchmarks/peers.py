"""What every peer shares: the same core functions on the same records."""

from __future__ import annotations

from datetime import UTC, datetime

from policies.catalogue import Policies, policies_in, shipped
from schemas.codec import Envelope, Record, read_reported, write  # type: ignore[attr-defined]
from services.escalation.core.case import Case, Moment
from services.escalation.core.decider import apply
from services.escalation.decider import outgoing, states
from services.escalation.decider.states import StoredState


def shipped_policies() -> Policies:
    return policies_in(shipped(), "time-gated")


def decided(
    policies: Policies, stored: bytes | None, record: Record, place: tuple[int, int, int]
) -> tuple[bytes | None, list[bytes]]:
    """State and decisions after one record; ``place`` is partition, offset and timestamp."""
    event = read_reported(record, None)
    if not isinstance(event, Envelope) or "/" in event.subject:
        return stored, []
    kept = StoredState(None, -1, Case()) if stored is None else states.load(stored)
    at = datetime.fromtimestamp(place[2] / 1000, UTC)
    case, decisions = apply(kept.case, event, policies, Moment(event.time, at, at))
    written = [write(outgoing.caused(event, one, case, place[:2])) for one in decisions]
    return states.dump(StoredState(None, place[1], case)), written
