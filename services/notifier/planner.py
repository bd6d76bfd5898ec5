"""Take a batch of both topics into Postgres: people, plans and positions in one transaction.

Either all of a batch is stored or nothing of it, and a position moves only from where we read,
so that two owners of a partition can never both store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from infra.runtime.logs import get_logger
from schemas import decided, topics
from schemas.codec import Decided
from services.escalation.core.policy_file import parsed
from services.notifier.core.audience import Known, policy_of
from services.notifier.core.directory import Directory
from services.notifier.core.people import Said, heard
from services.notifier.core.plan import brief, plan, pointless
from services.notifier.metrics import PLANNED
from services.notifier.outbox import (
    MessageRow,
    begun_by,
    change_contacts,
    contacts_of,
    message_row,
    remember_escalations,
    store,
)
from services.notifier.people import known_of, remember
from services.notifier.reading import Spot, Waiting
from services.notifier.rejects import Rejects
from services.notifier.sql import QUERIES

TOLD: Final = (
    decided.Accepted, decided.Rejected, decided.SuggestionMade, decided.ApprovalRequested,
    decided.Declined, decided.DeadlineMissed, decided.LevelRaised,
)  # fmt: skip
"""Decisions that somebody is told of."""

log = get_logger(__name__)


class Overtaken(Exception):
    """Somebody else moved a position of ours: we no longer own that partition."""


@dataclass
class Batch:
    """What was read, and the positions to move: spot -> (from, to)."""

    said: list[Said] = field(default_factory=list)
    decisions: list[Waiting] = field(default_factory=list)
    moves: dict[Spot, tuple[int, int]] = field(default_factory=dict)


@dataclass
class Planner:
    """Stores batches; a decision that cannot be planned becomes a dead letter."""

    pool: Any
    directory: Directory
    silent_after: timedelta
    rejects: Rejects

    def learn(self, texts: list[str]) -> None:
        """Take versions of policies that were published meanwhile."""
        self.directory = self.directory.with_versions(parsed(texts, topics.POLICIES.name)[0])

    async def take(self, batch: Batch) -> int:
        """Store a batch; how many messages it planned. Errors: ``Overtaken``."""
        people = heard(batch.said)
        async with self.pool.acquire() as connection, connection.transaction():
            await _advance(connection, batch.moves)
            await remember(connection, people)
            return await self._plan(connection, batch.decisions)

    async def _plan(self, connection: Any, decisions: list[Waiting]) -> int:
        for one in decisions:
            if one.unreadable is not None:
                await self.rejects.put(one.raw, one.unreadable.reason, one.unreadable.text)
        events = [one.event for one in decisions if one.event is not None]
        await remember_escalations(connection, begun_by(events))
        await change_contacts(connection, contacts_of(events))
        told = [one for one in decisions if one.event and isinstance(one.event.data, TOLD)]
        known = await known_of(connection, [_event(one) for one in told]) if told else []
        now, rows = datetime.now(UTC), []
        for one, of_it in zip(told, known, strict=True):
            rows += await self._planned(one, of_it, now)
        await store(connection, rows, [it for event in events for it in pointless(event.data)])
        for row in rows:
            PLANNED.labels(state=row.state).inc()
        return len(rows)

    async def _planned(self, one: Waiting, known: Known, now: datetime) -> list[MessageRow]:
        """The messages of a decision. One that we cannot plan must not hold up the others."""
        event = _event(one)
        try:
            policy = policy_of(event, known)
            words = brief(event.data, self.directory.of(policy))
            intents = plan(event, known, self.directory, now, self.silent_after)
            return [message_row(it, event, policy, words, one.said_at) for it in intents]
        except Exception as error:
            log.exception("decision-unplannable", event_id=event.id)
            await self.rejects.put(one.raw, "unplannable", f"{type(error).__name__}: {error}")
            return []


def _event(one: Waiting) -> Decided:
    assert one.event is not None
    return one.event


async def _advance(connection: Any, moves: Mapping[Spot, tuple[int, int]]) -> None:
    if not moves:
        return
    names, partitions, expected, next_ = zip(*_flat(moves), strict=True)
    done = await connection.execute(QUERIES["advance"], names, partitions, expected, next_)
    if int(done.rpartition(" ")[2]) != len(moves):
        raise Overtaken("another notifier reads a partition of ours: we read positions again")


def _flat(moves: Mapping[Spot, tuple[int, int]]) -> Iterator[tuple[str, int, int, int]]:
    for spot, (expected, next_) in moves.items():
        yield spot.topic, spot.partition, expected, next_
