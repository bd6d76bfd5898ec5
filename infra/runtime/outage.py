"""A server that is away: one warning when it goes, one note when it is back, a wait between."""

from __future__ import annotations

import time
from dataclasses import dataclass

from infra.runtime.logs import get_logger
from infra.runtime.probes import PROBES

log = get_logger(__name__)


@dataclass
class Outage:
    """Whether a server answers. ``name`` is how logs, and readiness where it counts, call it."""

    name: str
    first: float = 0.1
    longest: float = 5.0
    is_condition: bool = False
    failures: int = 0
    next_try: float = 0.0

    def failed(self, error: object) -> float:
        """Note a failure; seconds to wait. Several at once, of several lines, count as one."""
        now = time.monotonic()
        if self.failures and now < self.next_try:
            return self.next_try - now
        if not self.failures:
            log.warning(f"{self.name}-away", why=str(error)[:200])
            self._tell(False)
        self.failures += 1
        wait = min(self.first * 2.0 ** min(self.failures - 1, 20), self.longest)
        self.next_try = now + wait
        return wait

    def over(self) -> None:
        """Note that it answers."""
        if self.failures:
            log.info(f"{self.name}-back", tries=self.failures)
        self.failures, self.next_try = 0, 0.0
        self._tell(True)

    @property
    def wait(self) -> float:
        """Seconds until the next try; 0 where it is not away."""
        return max(self.next_try - time.monotonic(), 0.0) if self.failures else 0.0

    def _tell(self, answers: bool) -> None:
        if self.is_condition:
            PROBES.set(self.name, answers)
