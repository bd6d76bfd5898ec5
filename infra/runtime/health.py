"""Whether a process makes progress: alive is who moves, not who is connected."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable


class Progress:
    """The position of each partition, and since when it has not moved."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at: dict[Hashable, tuple[int, float]] = {}

    def moved(self, partition: Hashable, position: int) -> None:
        """This partition has been read up to here."""
        before = self._at.get(partition)
        if before is None or before[0] != position:
            self._at[partition] = (position, self._clock())

    def partitions(self) -> list[Hashable]:
        return list(self._at)

    def forget(self) -> None:
        """No partition is owned any more."""
        self._at.clear()

    def stuck(self, ends: dict[Hashable, int], patience: float) -> list[Hashable]:
        """Partitions with something left to read that have not moved for ``patience`` seconds."""
        now = self._clock()
        return [
            partition
            for partition, (position, since) in self._at.items()
            if ends.get(partition, position) > position and now - since > patience
        ]
