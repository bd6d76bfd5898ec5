"""One partition of the case topic, decided: records in, decisions and states out.

No Kafka here, so that a replay of the topic and the live loop are the same code. The loop in
``loop.py`` takes what ``flush`` gives and commits it in one transaction. An error leaves this
object ahead of the log: drop it and restore.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from heapq import heappop, heappush
from typing import Final

from schemas import reported
from schemas.codec import (
    Decided,
    Headers,
    Record,
    Reported,
    Skipped,
    Unreadable,
    read_reported,
    write,
)
from schemas.decided import DeadlineMissed
from services.escalation.core.accounts import links
from services.escalation.core.calendar_changes import calendar_after, merged
from services.escalation.core.case import Case, Moment
from services.escalation.core.deadlines import first_late, next_fire
from services.escalation.core.decider import apply, fire, recalendar
from services.escalation.core.policies import Policies
from services.escalation.decider import outgoing, states
from services.escalation.decider.states import Kept, Progress

AT_ONCE: Final = 10_000
"""Deadlines of one subject that a single record fires: a plan of a second's frequency must not
hold up the partition for a year's worth of them. The next record, or tick, goes on."""


class Outcome(StrEnum):
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


@dataclass(slots=True)
class Batch:
    """What one transaction writes."""

    decisions: list[tuple[bytes, bytes]] = field(default_factory=list)
    states: list[tuple[bytes, bytes]] = field(default_factory=list)
    links: list[tuple[bytes, bytes]] = field(default_factory=list)
    dead_letters: list[tuple[Incoming, Unreadable]] = field(default_factory=list)
    outcomes: dict[Outcome, int] = field(default_factory=dict)


Late = tuple[datetime, str, str, bytes]
"""A missed duty in the order of firing: due instant, subject, duty; and its key."""


class Partition:
    """The states, the clock and the pending deadlines of one partition."""

    def __init__(self, number: int, partitions: int, policies: Policies) -> None:
        self.number = number
        self.partitions = partitions
        self.policies = self._learnt = policies
        self.progress = Progress(clock=datetime.min.replace(tzinfo=UTC), offset=-1)
        self.kept: dict[bytes, bytes] = {}
        self._open: dict[bytes, Kept] = {}
        self._pending: list[tuple[datetime, bytes]] = []
        self._batch = Batch()

    def restore(self, key: bytes, stored: bytes) -> None:
        """Take one state as the state topic has it; later records of a key win."""
        if key.startswith(b"clock/"):
            self.progress = states.load_progress(stored)
            for change in self.progress.calendars.values():
                self._use(change)
        else:
            self.kept[key] = stored

    def learn(self, policies: Policies) -> None:
        """Judge by these policies from now on, with the calendars as they stand here."""
        if policies is self._learnt:
            return
        self.policies = self._learnt = policies
        for change in self.progress.calendars.values():
            self._use(change)

    def restored(self) -> None:
        """Plan the deadlines of everything restored."""
        for key, stored in self.kept.items():
            if (at := states.fires_at(stored)) is not None:
                self._pending.append((at, key))
        self._pending.sort()

    def next_fire(self) -> datetime | None:
        """When the clock must next be looked at; perhaps earlier than anything is due."""
        return self._pending[0][0] if self._pending else None

    def take(self, record: Incoming) -> None:
        """Apply one record: first what its timestamp makes overdue, then the record itself."""
        recorded_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        self.progress.clock = max(self.progress.clock, recorded_at)
        self.progress.offset = record.offset
        self._fire_overdue(record.offset)
        outcome = self._apply(record, recorded_at)
        self._batch.outcomes[outcome] = self._batch.outcomes.get(outcome, 0) + 1

    def flush(self) -> Batch:
        """Hand over what was decided since the last time, with every state it changed."""
        batch, self._batch = self._batch, Batch()
        for key, kept in self._open.items():
            stored = self.kept[key] = states.dump(kept)
            batch.states.append((key, stored))
        self._open.clear()
        batch.states.append((f"clock/{self.number}".encode(), states.dump_progress(self.progress)))
        return batch

    # --- a record --------------------------------------------------------------------------

    def _apply(self, record: Incoming, recorded_at: datetime) -> Outcome:
        # A key that has a state was found in its place before: murmur2 need not be asked again.
        placed = record.key in self._open or record.key in self.kept
        event = read_reported(
            Record(record.key, record.value, record.headers, self.number),
            None if placed else self.partitions,
        )
        if isinstance(event, Unreadable):
            self._batch.dead_letters.append((record, event))
            return Outcome.DEAD_LETTER
        if isinstance(event, Skipped):
            return Outcome.SKIPPED
        if event.subject.startswith("clock/"):
            return self._let_pass(event, record)
        if event.subject.startswith("review/"):
            return Outcome.SKIPPED
        return self._decide(event, record.offset, recorded_at)

    def _decide(self, event: Reported, offset: int, recorded_at: datetime) -> Outcome:
        kept = self._kept(event.key)
        case, decisions = apply(
            kept.case, event, self.policies, Moment(event.time, recorded_at, self.progress.clock)
        )
        if case is kept.case:
            return Outcome.SEEN_BEFORE
        asked = links(kept.case, event, decisions)
        self._change(event.key, kept, case, offset)
        for decision in decisions:
            self._emit(kept, outgoing.caused(event, decision, case, (self.number, offset)))
        for link in asked:
            fact = outgoing.linked(event, link)
            self._batch.links.append((fact.key, write(fact)))
        return Outcome.DECIDED if decisions else Outcome.REMEMBERED

    def _kept(self, key: bytes) -> Kept:
        kept = self._open.get(key)
        if kept is None:
            stored = self.kept.get(key)
            kept = Kept(None, -1, [], Case()) if stored is None else states.load(stored)
        return kept

    def _change(self, key: bytes, kept: Kept, case: Case, offset: int) -> None:
        if kept.offset != offset:
            kept.offset, kept.gave = offset, []
        kept.case = case
        self._open[key] = kept
        at = next_fire(case)
        if at != kept.fires_at and at is not None:
            heappush(self._pending, (at, key))
        kept.fires_at = at

    def _emit(self, kept: Kept, event: Decided) -> None:
        kept.gave.append(event.id)
        self._batch.decisions.append((event.key, write(event)))

    # --- calendars -------------------------------------------------------------------------

    def _let_pass(self, event: Reported, record: Incoming) -> Outcome:
        """What is about the partition itself: its clock, or a calendar."""
        if not isinstance(event.data, reported.CalendarChanged):
            is_tick = isinstance(event.data, reported.TimePassed)
            return Outcome.TICKED if is_tick else Outcome.SKIPPED
        seen = Case(seen=self.progress.seen)
        if seen.has_seen(event):
            return Outcome.SEEN_BEFORE
        before, change = self.policies, event.data
        if (problem := self._use(change)) is not None:
            self._batch.dead_letters.append((record, Unreadable("schema-invalid", problem)))
            return Outcome.DEAD_LETTER
        known = self.progress.calendars
        known[change.calendar] = merged(known.get(change.calendar), change)
        self.progress.seen = seen.remember(event).seen
        self._plan_anew(event, record.offset, before)
        return Outcome.DECIDED

    def _use(self, change: reported.CalendarChanged) -> str | None:
        """Judge by this calendar from now on; what is wrong with it, where it cannot be used."""
        found = calendar_after(self.policies, change)
        if isinstance(found, str):
            return found
        self.policies = self.policies.with_calendar(found)
        return None

    def _plan_anew(self, event: Reported, offset: int, before: Policies) -> None:
        """Every open duty that the calendar moves, subject by subject."""
        clock = self.progress.clock
        now = Moment(event.time, clock, clock)
        for key in sorted(self._with_deadlines()):
            kept, subject = self._kept(key), key.decode()
            case, decisions = recalendar(kept.case, subject, (before, self.policies), now)
            if not decisions:
                continue
            self._change(key, kept, case, offset)
            for decision in decisions:
                at = (self.number, offset)
                self._emit(kept, outgoing.caused(event, decision, case, at, subject))

    def _with_deadlines(self) -> set[bytes]:
        changed = {key for key, kept in self._open.items() if kept.fires_at is not None}
        return changed | {
            key
            for key, stored in self.kept.items()
            if key not in self._open and states.fires_at(stored) is not None
        }

    # --- deadlines -------------------------------------------------------------------------

    def _fire_overdue(self, offset: int) -> None:
        """In order of due instant, then subject, then duty; a fired one may set another."""
        late: list[Late] = []
        for key in self._woken():
            self._queue(late, key)
        fired: dict[bytes, int] = {}
        while late:
            key = heappop(late)[-1]
            fired[key] = fired.get(key, 0) + 1
            if fired[key] <= AT_ONCE:
                self._fire(late, key, offset)
            else:  # its heap entry stands: the next record goes on with it
                heappush(self._pending, (self.progress.clock, key))

    def _woken(self) -> set[bytes]:
        woken = set()
        while self._pending and self._pending[0][0] <= self.progress.clock:
            woken.add(heappop(self._pending)[1])
        return woken

    def _queue(self, late: list[Late], key: bytes) -> None:
        subject = key.decode()
        found = first_late(self._kept(key).case, self.progress.clock)
        if found is not None and found.due_at is not None:
            heappush(late, (found.due_at, subject, found.duty, key))

    def _fire(self, late: list[Late], key: bytes, offset: int) -> None:
        kept, subject, clock = self._kept(key), key.decode(), self.progress.clock
        case, decision = fire(kept.case, subject, self.policies, Moment(clock, clock, clock))
        if isinstance(decision, DeadlineMissed):
            self._change(key, kept, case, offset)
            self._emit(kept, outgoing.overdue(subject, decision, case, (self.number, offset)))
            self._queue(late, key)
