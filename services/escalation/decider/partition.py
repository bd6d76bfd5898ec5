"""One partition of the case topic, decided: records in, decisions and states out.

No Kafka here, so that a replay of the topic and the live loop are the same code. The loop in
``loop.py`` takes what ``flush`` gives and commits it in one transaction; if that fails, this
object is ahead of the log: drop it and restore.

A record that cannot be applied, whatever the core raises on it, is a dead letter and leaves
nothing behind but the time of its writing. A deadline that cannot be decided is dropped until
its case changes. Both depend on the log alone, so a replay decides the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Final

from infra.runtime.isolation import what_failed
from infra.runtime.tolerant_records import Unparsed
from policies.calendar_changes import merged, with_change
from policies.catalogue import Policies
from schemas import reported
from schemas.codec import Decided, Record, Reported, Skipped, Unreadable, read_reported, write
from schemas.decided import DeadlineMissed
from services.escalation.core.accounts import links
from services.escalation.core.case import Case, Moment
from services.escalation.core.deadlines import first_late
from services.escalation.core.decider import apply, fire, recalendar
from services.escalation.decider import outgoing, states
from services.escalation.decider.batch import DecidedBatch, Dropped, Incoming, RecordOutcome
from services.escalation.decider.cases import Cases, following
from services.escalation.decider.states import PartitionProgress

AT_ONCE: Final = 10_000
"""Deadlines of one subject that a single record fires, whatever a plan asks for, so that one case
cannot hold up its partition. The next record, or tick, goes on with the rest."""
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""A record's timestamp counts between these two: so far from the ends of the calendar that
durations can be added to it."""
UNUSABLE_TIMESTAMP: Final = (
    "the record's timestamp is no instant in milliseconds: create the topic with "
    "message.timestamp.type=LogAppendTime, as escalation topics apply does"
)

Late = tuple[datetime, str, str, bytes]
"""A missed duty in the order of firing: due instant, subject, duty; and its key."""
Step = Callable[[list[Late], bytes, int], None]


class Partition:
    """The states, the clock and the pending deadlines of one partition."""

    def __init__(self, number: int, partitions: int, policies: Policies) -> None:
        self.number = number
        self.partitions = partitions
        self.policies = self._learnt = policies
        self.progress = PartitionProgress(clock=EARLIEST, offset=-1)
        self.cases = Cases()
        self._batch = DecidedBatch()

    def restore(self, key: bytes, stored: bytes) -> None:
        """Take one state as the state topic has it; later records of a key win."""
        if key.startswith(b"clock/"):
            self.progress = states.load_progress(stored)
            for change in self.progress.calendars.values():
                self._use(change)
        else:
            self.cases.stored[key] = stored

    def learn(self, policies: Policies) -> None:
        """Judge by these policies from now on, with the calendars as they stand here."""
        if policies is self._learnt:
            return
        self.policies = self._learnt = policies
        for change in self.progress.calendars.values():
            self._use(change)

    def restored(self) -> None:
        """Plan the deadlines of everything restored."""
        self.cases.plan()

    def next_fire(self) -> datetime | None:
        """When the clock must next be looked at; perhaps earlier than anything is due."""
        return self.cases.next_fire()

    def take(self, record: Incoming) -> None:
        """Apply one record: first what its timestamp makes overdue, then the record itself.

        Whatever the record holds, this raises nothing but ``MemoryError``.
        """
        self.progress.offset = record.offset
        recorded_at = recorded(record.timestamp)
        if recorded_at is None:
            outcome = self._refuse(record, Unreadable("schema-invalid", UNUSABLE_TIMESTAMP))
        else:
            self.progress.clock = max(self.progress.clock, recorded_at)
            self._fire_overdue(record.offset)
            outcome = self._applied(record, recorded_at)
        self._batch.outcomes[outcome] = self._batch.outcomes.get(outcome, 0) + 1

    def flush(self) -> DecidedBatch:
        """Hand over what was decided since the last time, with every state it changed."""
        batch, self._batch = self._batch, DecidedBatch()
        batch.states += self.cases.changed()
        batch.states.append((f"clock/{self.number}".encode(), states.dump_progress(self.progress)))
        return batch

    # --- a record --------------------------------------------------------------------------

    def _applied(self, record: Incoming, recorded_at: datetime) -> RecordOutcome:
        try:
            return self._apply(record, recorded_at)
        except MemoryError:
            raise
        except Exception as error:
            return self._refuse(record, Unreadable("processing-failed", what_failed(error)))

    def _refuse(self, record: Incoming, why: Unreadable) -> RecordOutcome:
        self._batch.dead_letters.append((record, why))
        return RecordOutcome.DEAD_LETTER

    def _apply(self, record: Incoming, recorded_at: datetime) -> RecordOutcome:
        if isinstance(record.value, Unparsed):
            return self._refuse(record, Unreadable("not-json", unparsed(record.value)))
        # A key that has a state was found in its place before: murmur2 need not be asked again.
        placed = record.key in self.cases
        event = read_reported(
            Record(record.key, record.value, record.headers, self.number),
            None if placed else self.partitions,
        )
        if isinstance(event, Unreadable):
            return self._refuse(record, event)
        if isinstance(event, Skipped):
            self._batch.counts.unknown_types[event.type] += 1
            return RecordOutcome.SKIPPED
        kind = event.about.kind
        if kind == "clock":
            return self._let_pass(event, record)
        if kind in ("review", "person"):
            return RecordOutcome.SKIPPED
        return self._decide(event, record.offset, recorded_at)

    def _decide(self, event: Reported, offset: int, recorded_at: datetime) -> RecordOutcome:
        kept = self.cases.get(event.key)
        case, decisions = apply(
            kept.case, event, self.policies, Moment(event.time, recorded_at, self.progress.clock)
        )
        if case is kept.case:
            return RecordOutcome.SEEN_BEFORE
        asked = [outgoing.linked(event, link) for link in links(kept.case, event, decisions)]
        rows = [(fact.key, write(fact)) for fact in asked]
        at = (self.number, offset)
        given = [outgoing.caused(event, one, case, at) for one in decisions]
        self._change(event.key, case, offset, given)
        self._batch.links += rows
        return RecordOutcome.DECIDED if decisions else RecordOutcome.REMEMBERED

    def _change(self, key: bytes, case: Case, offset: int, given: Sequence[Decided]) -> None:
        """All of it, or, where this raises, nothing."""
        rows = [(event.key, write(event)) for event in given]
        self.cases.put(key, following(case, offset))
        self._batch.decisions += rows
        for event in given:
            self._batch.counts.add(event.data)

    # --- calendars -------------------------------------------------------------------------

    def _let_pass(self, event: Reported, record: Incoming) -> RecordOutcome:
        """What is about the partition itself: its clock, or a calendar."""
        if not isinstance(event.data, reported.CalendarChanged):
            is_tick = isinstance(event.data, reported.TimePassed)
            return RecordOutcome.TICKED if is_tick else RecordOutcome.SKIPPED
        seen = Case(seen=self.progress.seen)
        if seen.has_seen(event):
            return RecordOutcome.SEEN_BEFORE
        before, change, known = self.policies, event.data, self.progress.calendars
        remembered = merged(known.get(change.calendar), change)
        if (problem := self._use(change)) is not None:
            return self._refuse(record, Unreadable("schema-invalid", problem))
        known[change.calendar] = remembered
        self.progress.seen = seen.remember(event).seen
        self._plan_anew(event, record, before)
        return RecordOutcome.DECIDED

    def _use(self, change: reported.CalendarChanged) -> str | None:
        """Judge by this calendar from now on; what is wrong with it, where it cannot be used."""
        found = with_change(self.policies, change)
        if isinstance(found, str):
            return found
        self.policies = found
        return None

    def _plan_anew(self, event: Reported, record: Incoming, before: Policies) -> None:
        """Every open duty that the calendar moves, subject by subject. A case that cannot be
        planned anew stays as it was; one dead letter says how many."""
        failed: list[str] = []
        for key in self.cases.with_deadlines():
            try:
                self._move(key, event, record.offset, before)
            except MemoryError:
                raise
            except Exception as error:
                failed.append(f"{key.decode('utf-8', 'replace')}: {what_failed(error)}")
        if failed:
            text = f"applied, but {len(failed)} cases could not be planned anew, first {failed[0]}"
            self._refuse(record, Unreadable("processing-failed", text))

    def _move(self, key: bytes, event: Reported, offset: int, before: Policies) -> None:
        kept, subject, clock = self.cases.get(key), key.decode(), self.progress.clock
        now = Moment(event.time, clock, clock)
        case, decisions = recalendar(kept.case, subject, (before, self.policies), now)
        if decisions:
            at = (self.number, offset)
            given = [outgoing.caused(event, one, case, at, subject) for one in decisions]
            self._change(key, case, offset, given)

    # --- deadlines -------------------------------------------------------------------------

    def _fire_overdue(self, offset: int) -> None:
        """In order of due instant, then subject, then duty; a fired one may set another."""
        late: list[Late] = []
        for key in self.cases.woken(self.progress.clock):
            self._attempt(self._queue, late, key, offset)
        fired: dict[bytes, int] = {}
        while late:
            key = heappop(late)[-1]
            fired[key] = fired.get(key, 0) + 1
            if fired[key] <= AT_ONCE:
                self._attempt(self._fire, late, key, offset)
            else:  # the next record goes on with it
                self.cases.wake(key, self.progress.clock)

    def _attempt(self, step: Step, late: list[Late], key: bytes, offset: int) -> None:
        """Take a step towards deciding a deadline. What raises would raise again at every record:
        so the deadline is dropped, in the state too, until the case changes."""
        try:
            step(late, key, offset)
        except MemoryError:
            raise
        except Exception as error:
            subject = key.decode("utf-8", "replace")
            self._batch.dropped.append(Dropped(subject, offset, what_failed(error)))
            with suppress(Exception):  # a state that cannot be read stays as it is
                self.cases.put(key, replace(self.cases.get(key), fires_at=None))

    def _queue(self, late: list[Late], key: bytes, _offset: int) -> None:
        found = first_late(self.cases.get(key).case, self.progress.clock)
        if found is not None and found.due_at is not None:
            heappush(late, (found.due_at, key.decode(), found.duty, key))

    def _fire(self, late: list[Late], key: bytes, offset: int) -> None:
        kept, subject, clock = self.cases.get(key), key.decode(), self.progress.clock
        case, decision = fire(kept.case, subject, self.policies, Moment(clock, clock, clock))
        if isinstance(decision, DeadlineMissed):
            given = outgoing.overdue(subject, decision, case, (self.number, offset))
            self._change(key, case, offset, [given])
            self._queue(late, key, offset)


def unparsed(value: Unparsed) -> str:
    """What an operator reads of records that no client can parse."""
    return (
        "the bytes at these offsets cannot be parsed as Kafka records; this letter holds their "
        f"SHA-256, size and offsets ({value.why})"
    )


def recorded(timestamp: int) -> datetime | None:
    """The instant of a record's timestamp in milliseconds; None where it cannot be one."""
    if not 0 <= timestamp < LATEST.timestamp() * 1000:
        return None
    return datetime.fromtimestamp(timestamp / 1000, UTC)
