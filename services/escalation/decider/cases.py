"""The states of a partition's subjects, and when each of them must next be looked at.

In memory a state is its bytes, as the state topic has them. What a batch changes is open until
it is handed over.
"""

from __future__ import annotations

from datetime import datetime
from heapq import heappop, heappush

from services.escalation.core.case import Case
from services.escalation.core.deadlines import next_fire
from services.escalation.decider import states
from services.escalation.decider.batch import Row
from services.escalation.decider.states import StoredState


class Cases:
    """Every state of a partition by its key."""

    def __init__(self) -> None:
        self.stored: dict[bytes, bytes] = {}
        self._open: dict[bytes, StoredState] = {}
        self._pending: list[tuple[datetime, bytes]] = []

    def __contains__(self, key: object) -> bool:
        return key in self.stored

    def __len__(self) -> int:
        return len(self.stored)

    def get(self, key: bytes) -> StoredState:
        """The state of a subject; a new one where nothing is known of it."""
        kept = self._open.get(key)
        if kept is None:
            stored = self.stored.get(key)
            kept = StoredState(None, -1, Case()) if stored is None else states.load(stored)
        return kept

    def put(self, key: bytes, kept: StoredState) -> None:
        """Take a state as it is from now on. Where it cannot be stored, this raises and the
        former one stands."""
        stored = states.dump(kept)
        planned = states.fires_at(self.stored.get(key, b""))
        self.stored[key], self._open[key] = stored, kept
        if kept.fires_at is not None and kept.fires_at != planned:
            heappush(self._pending, (kept.fires_at, key))

    def changed(self) -> list[Row]:
        """Hand over every state that changed since the last time."""
        rows = [(key, self.stored[key]) for key in self._open]
        self._open.clear()
        return rows

    # --- deadlines -------------------------------------------------------------------------

    def plan(self) -> None:
        """Plan the deadlines of everything restored."""
        for key, stored in self.stored.items():
            if (at := states.fires_at(stored)) is not None:
                self._pending.append((at, key))
        self._pending.sort()

    def with_deadlines(self) -> list[bytes]:
        """The keys of everything that waits for a deadline, in order."""
        return sorted(key for key, stored in self.stored.items() if states.fires_at(stored))

    def next_fire(self) -> datetime | None:
        """When the clock must next be looked at; perhaps earlier than anything is due."""
        return self._pending[0][0] if self._pending else None

    def wake(self, key: bytes, at: datetime) -> None:
        """Look at this subject when the clock has reached ``at``."""
        heappush(self._pending, (at, key))

    def woken(self, clock: datetime) -> set[bytes]:
        """The subjects that must be looked at, each once."""
        found = set()
        while self._pending and self._pending[0][0] <= clock:
            found.add(heappop(self._pending)[1])
        return found


def following(case: Case, offset: int) -> StoredState:
    """The state after the record at ``offset`` changed the case."""
    return StoredState(next_fire(case), offset, case)
