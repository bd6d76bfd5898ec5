"""Why a record cannot be read: the reason's code and a sentence that says what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Reason = Literal[
    "too-large", "not-json", "not-an-envelope", "key-mismatch", "partition-mismatch",
    "naive-time", "schema-invalid", "gap-event", "wildcard-records", "unmapped",
    "processing-failed",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a record cannot be read: the reason's code, and a sentence for the operator."""

    reason: Reason
    text: str


class Unfit(Exception):
    """Ends the reading of one record. Raised and caught inside ``schemas`` only."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.unreadable = Unreadable(reason, text)
