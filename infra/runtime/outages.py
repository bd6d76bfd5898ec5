"""Say once that something does not answer, and once that it does again."""

from __future__ import annotations

import time
from typing import Final

from infra.runtime.logs import get_logger

LONGEST_WAIT: Final = 5.0
log = get_logger(__name__)


class Outage:
    """One thing that may be away. ``event`` is the name of the warning, for example
    ``kafka-away``; its end is logged as ``<event>-over`` with the seconds that it took."""

    def __init__(self, event: str) -> None:
        self._event = event
        self._since: float | None = None
        self._tries = 0

    def goes_on(self, error: BaseException) -> float:
        """It does not answer. Returns the seconds to wait before the next try: more each time, at
        most ``LONGEST_WAIT``."""
        if self._since is None:
            self._since = time.monotonic()
            log.warning(self._event, why=f"{type(error).__name__}: {error}"[:200])
        self._tries += 1
        return float(min(0.1 * 2 ** min(self._tries - 1, 10), LONGEST_WAIT))

    def is_over(self) -> None:
        """It answers; says so where it did not before."""
        if self._since is not None:
            log.info(f"{self._event}-over", seconds=round(time.monotonic() - self._since, 1))
            self._since, self._tries = None, 0

    @property
    def lasts(self) -> bool:
        return self._since is not None
