"""What follows from how an attempt ended: done, again later, or failed for good.

Pure. A refusal of the recipient or the message (5xx) is final at once: the server has said that
asking again is of no use. Anything else is tried again, ever more seldom, for three days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

GIVE_UP_AFTER: Final = timedelta(days=3)
UNKNOWN_AT_MOST: Final = 5
"""Every attempt with an unknown end may have delivered the mail: do not send it for ever."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How long to wait between tries."""

    first: timedelta
    longest: timedelta

    def wait(self, tries: int) -> timedelta:
        """Twice as long each time, up to the longest."""
        return min(self.longest, self.first * (1 << min(max(tries - 1, 0), 20)))

    def after(self, outcome: str, tries: int, age: timedelta) -> timedelta | str:
        """The state that settles the message, or how long to wait."""
        if outcome == "accepted":
            return "sent"
        if outcome == "unreachable":
            return self.first
        if outcome in ("refused", "unwritable") or age > GIVE_UP_AFTER:
            return "failed"
        if outcome == "unknown" and tries >= UNKNOWN_AT_MOST:
            return "failed"
        return self.wait(tries)
