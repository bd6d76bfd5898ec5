"""What the notifier counts."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

LAG: Final = Gauge(
    "notifier_lag_seconds", "Age of the newest record read, while there are more",
    ["topic", "partition"],
)  # fmt: skip
BEHIND: Final = Gauge(
    "notifier_lag_records", "Records that can be read and were not", ["topic", "partition"]
)
READ: Final = Counter("notifier_records_total", "Records read", ["topic", "outcome"])
PLANNED: Final = Counter("notifier_messages_planned_total", "Messages planned", ["state"])
ATTEMPTS: Final = Counter("notifier_attempts_total", "Attempts to deliver", ["outcome"])
SETTLED: Final = Counter("notifier_messages_settled_total", "Messages done", ["state", "template"])
LATENCY: Final = Histogram(
    "notifier_delivery_seconds", "From the plan of a message until the mail server took it",
    buckets=(0.1, 0.5, 1, 2, 5, 15, 60, 300, 900, 3600, 86400),
)  # fmt: skip
IN_DOUBT: Final = Counter(
    "notifier_in_doubt_total", "Attempts of which nobody knows whether the mail was taken"
)
SERVER_AWAY: Final = Gauge(
    "notifier_server_away", "1 while the server of a channel does not answer", ["channel"]
)
STEPPED_BACK: Final = Counter(
    "notifier_stepped_back_total", "Decisions whose source offset went back within a partition"
)
