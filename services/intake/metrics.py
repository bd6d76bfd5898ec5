"""What the intake counts. Dead letters are counted where they are reported, for every service."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

CONSUMER: Final = "intake"

RECORDS: Final = Counter(
    "escalation_intake_records",
    "Records of vendors' topics: reported, ignored (nothing of interest changed) or parked",
    ["outcome"],
)
EVENTS: Final = Counter("escalation_intake_events", "Events written to the case topic", ["type"])
LAG: Final = Gauge(
    "escalation_intake_lag_records", "Records that wait to be carried over", ["partition"]
)
AGE: Final = Gauge(
    "escalation_intake_age_seconds",
    "How old the latest record was when it had been carried over, by its timestamp",
)
