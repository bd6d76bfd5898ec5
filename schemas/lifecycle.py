"""The life cycle of an escalation: which decision leads to which status, and what is still open.

The only place that says so. The core, the read models and their SQL take it from here.
"""

from __future__ import annotations

from typing import Final

from schemas import decided
from schemas.decided import Decision
from schemas.vocabulary import Status

STATUS_AFTER: Final[dict[type[Decision], Status]] = {
    decided.ApprovalRequested: "awaiting-approval",
    decided.Declined: "declined",
    decided.Accepted: "escalated",
    decided.Acknowledged: "acknowledged",
    decided.Deescalated: "monitored",
    decided.MonitoringHeld: "monitored",
    decided.MonitoringEnded: "ended",
    decided.Voided: "voided",
}
"""Every other decision leaves the status as it is."""

RUNNING: Final = frozenset[Status]({"escalated", "acknowledged"})
"""It can be acknowledged, raised and de-escalated."""
WATCHED: Final = RUNNING | frozenset[Status]({"monitored"})
"""What is done about it is recorded."""
OPEN: Final = WATCHED | frozenset[Status]({"awaiting-approval"})
"""It stands in the review, and stops a second escalation of the case beside it."""
OVER: Final = frozenset[Status]({"ended", "voided", "declined"})
"""Nothing follows."""
WITHOUT_DUTIES: Final = OVER | frozenset[Status]({"monitored"})
"""Whatever was owed is dropped without a decision when one of these begins."""
