"""What goes into a partition and what comes out of it: plain data between the core and Kafka."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from schemas import decided
from schemas.codec import Headers, Unreadable

_JUDGED = (decided.Accepted, decided.Rejected, decided.ApprovalRequested)
Row = tuple[bytes, bytes]
"""Key and value of a record to write."""


class RecordOutcome(StrEnum):
    """What became of a record."""

    DECIDED = "decided"
    REMEMBERED = "remembered"
    SEEN_BEFORE = "seen-before"
    TICKED = "ticked"
    SKIPPED = "skipped"
    DEAD_LETTER = "dead-letter"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A record of the case topic with its place and the broker's timestamp in milliseconds."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Dropped:
    """A case whose deadline could not be decided: it is looked at again when the case changes.

    ``failed`` is the class and place of the error.
    """

    subject: str
    offset: int
    failed: str


@dataclass(slots=True)
class Counts:
    """What is counted of a batch, beside its outcomes. ``missed`` are the due instants of the
    deadlines decided; ``unknown_programs`` the requests judged by the default policy because no
    policy has the name that the case's program has."""

    decisions: Counter[str] = field(default_factory=Counter)
    unknown_types: Counter[str] = field(default_factory=Counter)
    missed: list[datetime] = field(default_factory=list)
    unknown_programs: int = 0

    def add(self, decision: decided.Decision) -> None:
        """Count a decision."""
        self.decisions[decided.type_of(type(decision))] += 1
        if isinstance(decision, decided.DeadlineMissed):
            self.missed.append(decision.due_at)
        elif isinstance(decision, _JUDGED) and decision.receipt.facts.get("program_known") is False:
            self.unknown_programs += 1


@dataclass(slots=True)
class DecidedBatch:
    """What one transaction writes."""

    decisions: list[Row] = field(default_factory=list)
    states: list[Row] = field(default_factory=list)
    links: list[Row] = field(default_factory=list)
    dead_letters: list[tuple[Incoming, Unreadable]] = field(default_factory=list)
    outcomes: dict[RecordOutcome, int] = field(default_factory=dict)
    dropped: list[Dropped] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
