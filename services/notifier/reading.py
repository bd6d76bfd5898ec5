"""Read the two topics into what the notifier works on, and hold decisions back until their time.

A decision may be planned once the case topic has been read up to the record that caused it: only
then is everybody known whom the decision knew (D8). No I/O here.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from infra.runtime.isolation import what_failed
from schemas.codec import Decided, Record, Skipped, Unreadable, read_decided, read_reported
from services.notifier.directory.people import CaseFact

MOST_HELD: Final = 5_000
"""Decisions held per partition before reading of them pauses."""


@dataclass(frozen=True, slots=True)
class TopicPosition:
    """A partition of a topic."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class PendingDecision:
    """A record of the escalation topic; ``event`` is None where there is nothing to plan."""

    offset: int
    said_at: datetime
    event: Decided | None
    raw: Any
    unreadable: Unreadable | None = None


@dataclass(frozen=True, slots=True)
class UnreadableDecision:
    """A record on which reading itself failed."""

    raw: Any
    error: Exception


@dataclass(slots=True)
class PartitionBuffer:
    """One partition of both topics: how far the case topic is read, which decisions wait.

    ``case_from`` and ``decided_next`` are the positions as Postgres has them.
    """

    case_next: int = 0
    case_from: int = 0
    decided_next: int = 0
    cause_seen: int = -1
    waiting: deque[PendingDecision] = field(default_factory=deque)

    def ready(self, most: int) -> list[PendingDecision]:
        """The decisions at the front that may be planned, in order."""
        found: list[PendingDecision] = []
        for one in self.waiting:
            if len(found) == most or not self._is_ready(one):
                break
            found.append(one)
        return found

    def _is_ready(self, one: PendingDecision) -> bool:
        cause = one.event.source_offset if one.event else None
        return cause is None or cause < self.case_next

    @property
    def is_full(self) -> bool:
        return len(self.waiting) >= MOST_HELD


def at_of(record: Any) -> datetime:
    """When the broker stamped it; a stamp that is no instant counts as the earliest."""
    try:
        return datetime.fromtimestamp(max(record.timestamp, 0) / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)


def read_case(record: Any, partitions: int) -> CaseFact | UnreadableDecision | str:
    """A reported event, or in a word why there is none. The decider writes its dead letter."""
    try:
        found = read_reported(_record(record), partitions)
        match found:
            case Skipped():
                return "unknown-type"
            case Unreadable(reason=reason):
                return reason
            case _:
                return CaseFact(found, record.offset, at_of(record), record)
    except Exception as error:
        return UnreadableDecision(record, error)


def read_decision(record: Any) -> PendingDecision:
    """A decision to plan; what cannot be read keeps its place in the order."""
    said_at = at_of(record)
    try:
        found = read_decided(_record(record))
    except Exception as error:
        failed = Unreadable("processing-failed", what_failed(error))
        return PendingDecision(record.offset, said_at, None, record, failed)
    match found:
        case Skipped():
            return PendingDecision(record.offset, said_at, None, record)
        case Unreadable():
            return PendingDecision(record.offset, said_at, None, record, found)
        case _:
            return PendingDecision(record.offset, said_at, found, record)


def _record(record: Any) -> Record:
    return Record(record.key, record.value, record.headers, record.partition)
