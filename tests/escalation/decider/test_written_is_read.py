"""What the decider writes, every reader reads: no decision of ours is foreign to our own codec."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.codec import Record, read_decided
from schemas.envelope import Envelope
from tests.projections.consumed import DECISIONS, a_day


def test_every_decision_of_a_day_is_read_back() -> None:
    decisions = [one for one in a_day(800, datetime.now(UTC), 3) if one.topic == DECISIONS]
    read = [read_decided(Record(one.key, one.value, one.headers)) for one in decisions]
    assert [one for one in read if not isinstance(one, Envelope)] == []
    names = {one.type.split(".")[2] for one in read if isinstance(one, Envelope)}
    assert {"duty-replanned", "update-given", "accepted", "rejected"} <= names
