"""When a missed duty is told: the first at once, what follows soon after as one message.

A case whose duties go on being missed is told ever more seldom: each window that follows within
half a day on the one before is twice as long, up to half a day. So a runaway plan sends a handful
of messages a day, however often it is missed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

LONGEST: Final = timedelta(hours=12)
"""The longest window, and how long a case must have been quiet to begin anew."""
MOST_LISTED: Final = 20
"""Misses that one message names; the others are counted."""


@dataclass(slots=True)
class Window:
    """What was told of a case to an address last, and until when the next waits.

    ``gatherer`` is the message that takes what is missed until then, where there is one that was
    not sent and not cancelled.
    """

    subject: str
    address: str
    until: datetime
    length: timedelta
    gatherer: UUID | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a miss is told: in a message of its own ``at`` an instant, or in the one that waits."""

    how: Literal["at-once", "gathers", "joins"]
    at: datetime
    window: Window


def place(
    before: Window | None, subject: str, address: str, now: datetime, gather: timedelta
) -> Placement:
    """Where a miss goes, and the window from then on."""
    if before is None or now >= before.until + LONGEST:
        return Placement("at-once", now, Window(subject, address, now + gather, gather))
    if now >= before.until:
        length = min(before.length * 2, max(LONGEST, gather))
        return Placement("at-once", now, Window(subject, address, now + length, length))
    how: Literal["gathers", "joins"] = "gathers" if before.gatherer is None else "joins"
    return Placement(how, before.until, replace(before))
