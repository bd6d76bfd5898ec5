"""What the decider counts."""

from __future__ import annotations

from prometheus_client import Counter

EVENTS = Counter("escalation_events_consumed", "Records of the case topic", ["outcome"])
DECISIONS = Counter("escalation_decisions", "Decisions committed")
STEPPED_BACK = Counter("escalation_offset_steps_back", "Records offered again after their commit")
DROPPED = Counter(
    "escalation_deadlines_dropped", "Cases whose deadline could not be decided; the log names them"
)
