"""Count the lines of libraries that repeat, instead of writing each of them.

A client library may say the same hundreds of times a second while a server is away. The first line
of a kind is written at once; those that follow are counted, and once a minute one of them is
written with how many were left out.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

INTERVAL: Final = 60.0
"""Seconds between two lines of the same kind."""
MOST_KINDS: Final = 500
_VARYING: Final = re.compile(r"0x[0-9a-f]+|\d+", re.IGNORECASE)


@dataclass
class _Kind:
    written_at: float
    left_out: int = 0


class Throttle(logging.Filter):
    """Lets one line of a kind through per interval; ``repeated`` on it counts those left out.

    A kind is a logger, a level and a message, whatever its arguments and numbers are.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._kinds: dict[tuple[str, int, str], _Kind] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now = self._clock()
        said = str(getattr(record, "throttled_as", record.msg))
        key = (record.name, record.levelno, _VARYING.sub("#", said))
        known = self._kinds.get(key)
        if known is not None and now - known.written_at < INTERVAL:
            known.left_out += 1
            return False
        record.repeated = 0 if known is None else known.left_out
        if len(self._kinds) >= MOST_KINDS:
            self._kinds.clear()
        self._kinds[key] = _Kind(now)
        return True
