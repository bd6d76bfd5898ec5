"""What the projections count."""

from __future__ import annotations

import time
from typing import Final

from prometheus_client import Counter, Gauge

READ: Final = Counter(
    "escalation_projections_records",
    "Records read, by topic (case, escalation) and outcome; unknown-type was skipped",
    ["topic", "outcome"],
)
BATCHES: Final = Counter("escalation_projections_batches", "Batches, by outcome", ["outcome"])
LAG: Final = Gauge(
    "escalation_projections_lag_records", "Records of our partitions not yet applied", ["topic"]
)
EVENT_AGE: Final = Gauge(
    "escalation_projections_newest_event_age_seconds",
    "Since Kafka recorded the newest event that was applied; -1 before the first",
)
WATERMARK_AGE: Final = Gauge(
    "escalation_projections_watermark_age_seconds",
    "Since everything readable was applied; 0 while it is, -1 before it first was",
)
EXPIRED: Final = Counter(
    "escalation_projections_expired_rows", "Rows whose reported text or name has expired"
)


class Ages:
    """The instants behind the two ages."""

    def __init__(self) -> None:
        self.newest_event: float | None = None
        self.caught_up: float | None = None
        self.is_caught_up = False
        EVENT_AGE.set_function(lambda: _since(self.newest_event))
        WATERMARK_AGE.set_function(lambda: 0 if self.is_caught_up else _since(self.caught_up))

    def applied(self, recorded_at: float) -> None:
        """Events up to this instant (seconds) were applied."""
        self.newest_event = max(self.newest_event or 0.0, recorded_at)

    def looked(self, is_caught_up: bool) -> None:
        """Whether, at this look, nothing readable was left."""
        self.is_caught_up = is_caught_up
        if is_caught_up:
            self.caught_up = time.time()


def _since(instant: float | None) -> float:
    return -1.0 if instant is None else max(0.0, time.time() - instant)
