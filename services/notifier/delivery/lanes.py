"""Two lanes of a channel, so that a recipient who keeps its server waiting holds up nobody else.

A message goes through the fast lane first, where a recipient's server gets a few seconds. What
was put off there is tried again in the slow lane, with all the time that SMTP allows, and so is
whatever else goes to the same address until then.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID


@dataclass
class Lane:
    """Messages claimed and not yet tried; ``lines`` connections send them."""

    slow: bool
    lines: int
    most: int
    patience: float
    queue: deque[UUID] = field(default_factory=deque)
    filled: asyncio.Event = field(default_factory=asyncio.Event)
    sending: set[UUID] = field(default_factory=set)

    @property
    def room(self) -> int:
        """How many more to claim: a slow message is not kept waiting behind others."""
        held = len(self.queue) + (len(self.sending) if self.slow else 0)
        return self.most - held if held * 2 <= self.most else 0

    def put(self, messages: list[UUID]) -> None:
        """Take what was claimed, and was not before: a lease may end while one waits here."""
        held = self.sending.union(self.queue)
        self.queue.extend(one for one in messages if one not in held)
        if self.queue:
            self.filled.set()

    def take(self) -> UUID | None:
        """The next message, until it is ``done``."""
        if not self.queue:
            self.filled.clear()
            return None
        message_id = self.queue.popleft()
        self.sending.add(message_id)
        return message_id

    def done(self, message_id: UUID) -> None:
        self.sending.discard(message_id)


FAST_LINES: Final = 3
SLOW_LINES: Final = 2
SESSIONS: Final = FAST_LINES + SLOW_LINES
"""Connections of a channel at a time."""
QUICK: Final = 5.0
"""Seconds that a recipient may take in the fast lane."""


def fast_and_slow(patience: float) -> tuple[Lane, Lane]:
    """Both lanes, empty; ``patience`` is what the slow one allows a recipient, in seconds."""
    return (
        Lane(slow=False, lines=FAST_LINES, most=30, patience=QUICK),
        Lane(slow=True, lines=SLOW_LINES, most=SLOW_LINES, patience=patience),
    )
