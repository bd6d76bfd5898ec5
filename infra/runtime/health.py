"""Whether a process makes progress: alive is who moves, not who is connected."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable


class Stuck(RuntimeError):
    """There is something to read and nothing moves: the process ends, and starts again."""


class Progress:
    """The position of each partition, and since when something waits there unread.

    A partition that was quiet for long is not stuck at the moment at which records arrive: what
    counts is since when a check has found something to read at the same position.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at: dict[Hashable, int] = {}
        self._waiting: dict[Hashable, tuple[int, float]] = {}

    def moved(self, partition: Hashable, position: int) -> None:
        """This partition has been read up to here."""
        self._at[partition] = position

    def at(self, partition: Hashable) -> int | None:
        """Up to where this partition has been read; None where it has not begun."""
        return self._at.get(partition)

    def partitions(self) -> list[Hashable]:
        return list(self._at)

    def forget(self) -> None:
        """No partition is owned any more."""
        self._at.clear()
        self._waiting.clear()

    def stuck(self, ends: dict[Hashable, int], patience: float) -> list[Hashable]:
        """Partitions in which something has waited unread for ``patience`` seconds of checks."""
        now = self._clock()
        before, self._waiting = self._waiting, {}
        for partition, position in self._at.items():
            if ends.get(partition, position) > position:
                seen = before.get(partition)
                is_same = seen is not None and seen[0] == position
                self._waiting[partition] = seen if seen and is_same else (position, now)
        return [one for one, (_, since) in self._waiting.items() if now - since > patience]
