"""Carry a batch of both topics into Postgres: rows and offsets in one transaction.

What counts is the offset in Postgres; Kafka's is a hint. The offset row moves only from where
it was expected, so two owners can never both commit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from operator import itemgetter
from typing import Any, Final, NamedTuple

from aiokafka import TopicPartition

from infra.runtime.logs import get_logger
from policies.catalogue import Policies
from services.projections.projector.folding import Rows, loaded, project
from services.projections.projector.reading import COLUMNS, Read
from services.projections.projector.tables import CASES, ESCALATIONS, PEOPLE, REJECTIONS, RIGHTS
from services.projections.sql import SQL

IDENTITY: Final = [COLUMNS.index(name) for name in ("subject", "source", "event_id")]
IDENTITY_OF: Final = itemgetter(*IDENTITY)
"""What makes two records one event."""
log = get_logger(__name__)


class BatchOutcome(StrEnum):
    """What became of a batch."""

    APPLIED = "applied"
    SEEN_BEFORE = "seen-before"


class LostOwnership(RuntimeError):
    """Somebody else moved the offset of a partition, or put it back: read the offsets again."""


@dataclass(slots=True)
class ReadBatch:
    """What was read of a partition, without a gap, from ``starts`` up to and without ``ends``."""

    starts: int
    ends: int
    found: list[Read] = field(default_factory=list)


class _At(NamedTuple):
    """Where a partition stands in Postgres."""

    next_offset: int
    source_offset: int


class Projector:
    """Applies batches on one connection. ``decides`` names the escalation topic."""

    def __init__(self, connection: Any, decides: str, policies: Policies) -> None:
        self._connection = connection
        self._decides = decides
        self.policies = policies

    async def apply(self, batches: dict[TopicPartition, ReadBatch]) -> BatchOutcome:
        """Apply what was read of several partitions, or nothing. Errors: ``LostOwnership``."""
        async with self._connection.transaction():
            known = await self._offsets(batches)
            fresh = {
                place: [one for one in batch.found if one.offset >= known[place].next_offset]
                for place, batch in batches.items()
                if batch.ends > known[place].next_offset
            }
            if not fresh:
                return BatchOutcome.SEEN_BEFORE
            await self._store(await self._append([one for own in fresh.values() for one in own]))
            for place, own in fresh.items():
                await self._move(place, known[place], batches[place].ends, own)
        return BatchOutcome.APPLIED

    async def _offsets(self, batches: dict[TopicPartition, ReadBatch]) -> dict[TopicPartition, _At]:
        topics, partitions = zip(*batches, strict=True)
        rows = await self._connection.fetch(SQL["lock_offsets"], topics, partitions)
        found = {TopicPartition(row["topic"], row["partition"]): _At(*row[2:]) for row in rows}
        known = {place: found.get(place, _At(0, -1)) for place in batches}
        for place, at in known.items():
            if at.next_offset < batches[place].starts:
                was = batches[place].starts
                raise LostOwnership(f"{place}: read from {was}, Postgres is at {at.next_offset}")
        return known

    async def _append(self, found: list[Read]) -> list[Read]:
        """Keep every event once; the ones that were new.

        Repeats are allowed and must not fail in Postgres, whose log would show an error each time:
        they are looked for, and what is left is copied straight.
        """
        fresh = _once(found)
        if not fresh:
            return []
        identities = ([one.row[at] for one in fresh] for at in IDENTITY)
        rows = await self._connection.fetch(SQL["known_events"], *identities)
        if known := {row["number"] for row in rows}:
            fresh = [one for number, one in enumerate(fresh) if number not in known]
        await self._connection.copy_records_to_table(
            "events", schema_name="projections", columns=COLUMNS,
            records=[one.row for one in fresh],
        )  # fmt: skip
        return fresh

    async def _store(self, found: list[Read]) -> None:
        connection = self._connection
        rows: Rows = await loaded(connection, found, self._decides)
        for one in found:
            project(rows, one, self.policies, one.topic == self._decides)
        await CASES.store(connection, rows.cases.values())
        await PEOPLE.store(connection, rows.people.values())
        await ESCALATIONS.store(connection, rows.escalations.values())
        await RIGHTS.store(connection, rows.rights.values())
        await REJECTIONS.store(connection, rows.rejections.values())

    async def _move(self, place: TopicPartition, known: _At, ends: int, own: list[Read]) -> None:
        source = known.source_offset
        if place.topic == self._decides:
            source = _furthest(place, source, own)
        moved = await self._connection.fetchval(
            SQL["move_offset"], *place, known.next_offset, ends,
            max((one.event.time for one in own), default=None), source,
        )  # fmt: skip
        if moved is None:
            raise LostOwnership(f"{place}: its offset is no longer {known.next_offset}")


def _once(found: list[Read]) -> list[Read]:
    """The first record of each event."""
    first: dict[tuple[Any, ...], Read] = {}
    for one in found:
        first.setdefault(IDENTITY_OF(one.row), one)
    return found if len(first) == len(found) else list(first.values())


def _furthest(place: TopicPartition, source: int, own: Iterable[Read]) -> int:
    """The greatest source offset; the decider promises that they never step back."""
    for one in own:
        given = one.event.source_offset
        if given is not None and given < source:
            log.error("source-offset-stepped-back", place=place, from_=source, to=given)
        source = source if given is None else max(source, given)
    return source
