"""Take a batch of both topics into Postgres: people, plans and positions in one transaction.

Either all of a batch is stored or nothing of it, and a position moves only from where we read,
so that two owners of a partition can never both store. A record that cannot be stored is found,
set aside as a dead letter, and the rest is stored without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from infra.runtime.dead_letter_writing import DeadLetterWriter
from infra.runtime.isolation import isolate, what_failed
from infra.runtime.logs import get_logger
from infra.runtime.postgres import POSTGRES_AWAY
from policies.file import parsed
from schemas import decided, topics
from schemas.codec import Decided
from services.notifier.delivery.outbox import (
    FollowUp,
    MessageRow,
    Plans,
    escalations_of,
    keep_escalations,
    keep_windows,
    message_row,
    store,
    windows_of,
)
from services.notifier.directory.people import CaseFact, Learnt, learnt
from services.notifier.directory.store import comments_while_watched, known_of, remember
from services.notifier.directory.support import Directory
from services.notifier.metrics import PLANNED
from services.notifier.planning.audience import Known, policy_of
from services.notifier.planning.briefs import brief, missed
from services.notifier.planning.escalations import EscalationState, after
from services.notifier.planning.gathering import Window, place
from services.notifier.planning.plan import Intent, Timing, plan, superseded
from services.notifier.reading import PendingDecision, TopicPosition, UnreadableDecision
from services.notifier.sql import SQL

TOLD: Final = (
    decided.Accepted, decided.Rejected, decided.SuggestionMade, decided.ApprovalRequested,
    decided.Declined, decided.DeadlineMissed, decided.LevelRaised, decided.ContactChanged,
    decided.ActionPlanShared, decided.PrimaryContactAssigned, decided.CommunicationPlanSet,
)  # fmt: skip
"""Decisions that somebody is told of."""
TEMPORARY: Final = (*POSTGRES_AWAY, asyncpg.SyntaxOrAccessError)
"""What is no record's fault: Postgres is away, or its tables are not as they should be."""

log = get_logger(__name__)
Item = CaseFact | PendingDecision | UnreadableDecision


class Overtaken(Exception):
    """Somebody else moved a position of ours: we no longer own that partition."""


@dataclass
class DecisionBatch:
    """What was read, and the positions to move: place -> (from, to)."""

    said: list[CaseFact] = field(default_factory=list)
    decisions: list[PendingDecision] = field(default_factory=list)
    broken: list[UnreadableDecision] = field(default_factory=list)
    moves: dict[TopicPosition, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Waits:
    """How old is too old, how long an unknown case may turn up, how long misses are gathered."""

    silent_after: timedelta
    unknown_case: timedelta
    gather_misses: timedelta


@dataclass
class Planner:
    """Stores batches; a record that cannot be stored becomes a dead letter."""

    pool: Any
    directory: Directory
    waits: Waits
    dead_letters: DeadLetterWriter
    planned: int = 0

    def learn(self, texts: list[str]) -> None:
        """Take versions of policies that were published meanwhile."""
        self.directory = self.directory.with_versions(parsed(texts, topics.POLICIES.name)[0])

    async def take(self, batch: DecisionBatch) -> int:
        """Store a batch; how many messages it planned. Errors: ``Overtaken``."""
        self.planned = 0
        items: list[Item] = [*batch.said, *batch.decisions]
        async with self.pool.acquire() as connection, connection.transaction():
            await _advance(connection, batch.moves)
            for broken in batch.broken:
                await self._set_aside(broken, broken.error)

            async def apply(part: Sequence[Item]) -> None:
                async with connection.transaction():
                    self.planned += await self._apply(connection, part)

            await isolate(items, apply, self._set_aside, TEMPORARY)
        return self.planned

    async def _apply(self, connection: Any, items: Sequence[Item]) -> int:
        """All of these or, where one of them fails, nothing."""
        people = learnt(one for one in items if isinstance(one, CaseFact))
        await remember(connection, people)
        decisions = [one for one in items if isinstance(one, PendingDecision)]
        plans = await self._plans(connection, [one for one in decisions if one.event])
        await self._tell_comments(connection, people, decisions, plans)
        await store(connection, plans)
        for one in decisions:
            if one.unreadable is not None:
                await self.dead_letters.put(one.raw, one.unreadable.reason, one.unreadable.text)
        for row in plans.rows:
            PLANNED.labels(state=row.state).inc()
        return len(plans.rows)

    async def _set_aside(self, item: Item, error: Exception) -> None:
        await self.dead_letters.put(item.raw, "processing-failed", what_failed(error))

    # --- planning --------------------------------------------------------------------------

    async def _plans(self, connection: Any, decisions: list[PendingDecision]) -> Plans:
        """What these decisions mean for people, in their order."""
        plans = Plans()
        if not decisions:
            return plans
        events = [_event(one) for one in decisions]
        now, known = datetime.now(UTC), await _known(connection, events)
        ids = {event.data.escalation_id for event in events if event.data.escalation_id}
        running = await escalations_of(connection, ids)
        misses = {one.subject for one in events if isinstance(one.data, decided.DeadlineMissed)}
        windows = await windows_of(connection, misses) if misses else {}
        gathering = Gathering(now, self.waits.gather_misses, windows)
        changed: dict[str, EscalationState] = {}
        for one, event in zip(decisions, events, strict=True):
            before = running.get(event.data.escalation_id or "")
            told = self.directory.of(policy_of(event, Known(escalation=before)))
            if (stands := after(before, event, told.policy.specs)) is not None:
                running[stands.escalation_id] = changed[stands.escalation_id] = stands
            if isinstance(event.data, TOLD):
                of_it = replace(known[event.id], escalation=stands or before)
                self._tell(one, of_it, plans, gathering)
            plans.superseded += superseded(event.data)
        await keep_escalations(connection, changed.values())
        await keep_windows(connection, gathering.windows.values())
        return plans

    async def _tell_comments(
        self, connection: Any, people: Learnt, decisions: list[PendingDecision], plans: Plans
    ) -> None:
        """Comments on what is only watched, whichever topic said the later half of it."""
        since = watched_from(decisions)
        for subject, _, offset in people.asked:
            since[subject] = min(offset, since.get(subject, offset))
        events = await comments_while_watched(connection, since) if since else []
        known = await known_of(connection, events) if events else []
        now = datetime.now(UTC)
        timing = Timing(now, self.waits.silent_after)
        for event, of_it in zip(events, known, strict=True):
            (state,) = (await escalations_of(connection, [event.data.escalation_id or ""])).values()
            of_it = replace(of_it, escalation=state)
            words = brief(event, self.directory.of(state.policy))
            for intent in plan(event, of_it, self.directory, timing):
                plans.rows.append(message_row(intent, event, state.policy, words, event.time))

    def _tell(self, one: PendingDecision, known: Known, plans: Plans, gathering: Gathering) -> None:
        event = _event(one)
        timing = Timing(gathering.now, self.waits.silent_after, self.waits.unknown_case)
        policy = policy_of(event, known)
        told = self.directory.of(policy)
        words = brief(event, told)
        for intent in plan(event, known, self.directory, timing):
            row = message_row(intent, event, policy, words, one.said_at)
            if isinstance(event.data, decided.DeadlineMissed) and intent.state == "planned":
                gathering.add(plans, row, intent, missed(event, told))
            else:
                plans.rows.append(row)


@dataclass
class Gathering:
    """Where the misses of a batch are told, and the windows that they leave behind."""

    now: datetime
    length: timedelta
    windows: dict[tuple[str, str], Window]

    def add(self, plans: Plans, row: MessageRow, intent: Intent, entry: dict[str, Any]) -> None:
        key = row.subject, intent.address or ""
        found = place(self.windows.get(key), *key, self.now, self.length)
        self.windows[key] = found.window
        if found.how == "joins" and found.window.gatherer is not None:
            gatherer = found.window.gatherer
            plans.joining.setdefault(gatherer, FollowUp(gatherer, [])).missed.append(entry)
            return
        row.due_at = found.at
        if found.how == "gathers":
            found.window.gatherer = row.message_id
        plans.rows.append(row)


def watched_from(decisions: list[PendingDecision]) -> dict[str, int]:
    """Subjects whose escalation is only watched from one of these decisions on, and its cause."""
    ends = (decided.Deescalated, decided.MonitoringHeld)
    return {
        one.event.subject: one.event.source_offset or 0
        for one in decisions
        if one.event is not None and isinstance(one.event.data, ends)
    }


async def _known(connection: Any, events: list[Decided]) -> dict[str, Known]:
    told = [event for event in events if isinstance(event.data, TOLD)]
    found = await known_of(connection, told) if told else []
    return {event.id: known for event, known in zip(told, found, strict=True)}


def _event(one: PendingDecision) -> Decided:
    assert one.event is not None
    return one.event


async def _advance(connection: Any, moves: Mapping[TopicPosition, tuple[int, int]]) -> None:
    if not moves:
        return
    names, partitions, expected, next_ = zip(*_flat(moves), strict=True)
    done = await connection.execute(SQL["advance"], names, partitions, expected, next_)
    if int(done.rpartition(" ")[2]) != len(moves):
        raise Overtaken("another notifier reads a partition of ours: we read positions again")


def _flat(moves: Mapping[TopicPosition, tuple[int, int]]) -> Iterator[tuple[str, int, int, int]]:
    for position, (expected, next_) in moves.items():
        yield position.topic, position.partition, expected, next_
