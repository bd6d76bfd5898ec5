"""What the decider counts and measures."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter("escalation_events_consumed", "Records of the case topic", ["outcome"])
DECISIONS = Counter("escalation_decisions", "Decisions committed", ["type"])
STEPPED_BACK = Counter("escalation_offset_steps_back", "Records offered again after their commit")
DROPPED = Counter(
    "escalation_deadlines_dropped", "Cases whose deadline could not be decided; the log names them"
)
LATENESS = Histogram(
    "escalation_deadline_lateness_seconds",
    "From the instant at which a duty was due until its deadline was decided",
    buckets=(0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3_600, 86_400),
)
LAG = Gauge("escalation_decider_lag_records", "Records behind our position", ["partition"])
AGE = Gauge(
    "escalation_decider_record_age_seconds",
    "Age of the oldest record of the batch decided last; 0 where everything is decided",
    ["partition"],
)
UNREADABLE = Gauge(
    "escalation_readable_end_still_seconds",
    "For how long a partition's readable end has stood still behind an open transaction",
    ["partition"],
)
UNKNOWN_TYPES = Counter(
    "escalation_unknown_event_types", "Records of a type that nobody here knows", ["type"]
)
UNKNOWN_PROGRAMS = Counter(
    "escalation_unknown_program_requests",
    "Requests judged by the default policy because no policy has the name of the case's program",
)

MOST_TYPES: Final = 50
"""Types that have a count of their own; who sends more of them shares one, "other"."""
_known_types: Final[set[str]] = set()


def as_label(type_: str) -> str:
    """A type from outside as the value of a label: bounded in number, and plain."""
    if type_ in _known_types:
        return type_
    is_plain = (
        len(type_) <= 100
        and type_.isascii()
        and type_.replace(".", "").replace("-", "").replace("_", "").isalnum()
    )
    if not is_plain or len(_known_types) >= MOST_TYPES:
        return "other"
    _known_types.add(type_)
    return type_
