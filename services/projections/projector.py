"""Carry a batch of both topics into Postgres: rows and offsets in one transaction.

What counts is the offset in Postgres; Kafka's is a hint. The offset row moves only from where
it was expected, so two owners can never both commit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from operator import attrgetter
from typing import Any

import asyncpg

from infra.runtime.logs import get_logger
from schemas import reported
from schemas.decided import Rejected
from schemas.vocabulary import Person
from services.escalation.core.policies import Policies
from services.projections.read_models.case_facts import CaseRow
from services.projections.read_models.case_facts import project as project_case
from services.projections.read_models.escalation_status import (
    EscalationRow,
    RightsRow,
    project_rights,
    rejection,
)
from services.projections.read_models.escalation_status import (
    project as project_escalation,
)
from services.projections.reading import COLUMNS, Read
from services.projections.sql import SQL

Place = tuple[str, int]
log = get_logger(__name__)


class Outcome(StrEnum):
    """What became of a batch."""

    APPLIED = "applied"
    SEEN_BEFORE = "seen-before"


class LostOwnership(RuntimeError):
    """Another process moved the offset of a partition: leave it to that one."""


def _columns(model: type[Any]) -> attrgetter[tuple[Any, ...]]:
    """A row's values in the order of its columns, without copying what they hold."""
    return attrgetter(*(one.name for one in fields(model)))


_CASE, _ESCALATION, _RIGHTS = map(_columns, (CaseRow, EscalationRow, RightsRow))


@dataclass(slots=True)
class Batch:
    """What was read of a partition, without a gap, up to ``ends``."""

    found: list[Read]
    ends: int


@dataclass
class Rows:
    """What a batch changes, keyed as its tables are."""

    cases: dict[str, CaseRow] = field(default_factory=dict)
    escalations: dict[str, EscalationRow] = field(default_factory=dict)
    rights: dict[str, RightsRow] = field(default_factory=dict)
    people: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    rejections: list[tuple[Any, ...]] = field(default_factory=list)


class Projector:
    """Applies batches on one connection. ``decides`` names the escalation topic."""

    def __init__(self, connection: Any, decides: str, policies: Policies) -> None:
        self._connection = connection
        self._decides = decides
        self.policies = policies

    async def apply(self, batches: dict[Place, Batch]) -> Outcome:
        """Apply what was read of several partitions. Errors: ``LostOwnership``."""
        async with self._connection.transaction():
            known = await self._offsets(batches.keys())
            fresh = {
                place: [one for one in batch.found if one.offset >= known[place][0]]
                for place, batch in batches.items()
                if batch.ends > known[place][0]
            }
            if not fresh:
                return Outcome.SEEN_BEFORE
            await self._store(await self._append([one for own in fresh.values() for one in own]))
            for place, own in fresh.items():
                await self._move(place, known[place], batches[place].ends, own)
        return Outcome.APPLIED

    async def _offsets(self, places: Iterable[Place]) -> dict[Place, tuple[int, int]]:
        named = list(places)
        rows = await self._connection.fetch(
            SQL["lock_offsets"], [topic for topic, _ in named], [number for _, number in named]
        )
        at = {
            (row["topic"], row["partition"]): (row["next_offset"], row["source_offset"])
            for row in rows
        }
        return {place: at.get(place, (0, -1)) for place in named}

    async def _append(self, found: list[Read]) -> list[Read]:
        """Keep every event once; the ones that were new."""
        if not found:
            return []
        rows = [one.row for one in found]
        copy = self._connection.copy_records_to_table
        try:
            async with self._connection.transaction():  # a repeat is rare: hope for none
                await copy("events", schema_name="projections", columns=COLUMNS, records=rows)
            return found
        except asyncpg.UniqueViolationError:
            await self._connection.execute(SQL["stage_events"])
            await copy("staged_events", columns=COLUMNS, records=rows)
            places = {tuple(row) for row in await self._connection.fetch(SQL["take_events"])}
        return [one for one in found if one.place in places]

    async def _store(self, found: list[Read]) -> None:
        rows = await self._load(found)
        for one in found:
            if one.topic == self._decides:
                _decided(rows, one)
            else:
                self._reported(rows, one)
        await self._write("cases", [_CASE(row) for row in rows.cases.values()])
        await self._write("people", list(rows.people.values()))
        await self._write("escalations", [_ESCALATION(row) for row in rows.escalations.values()])
        await self._write("rights", [_RIGHTS(row) for row in rows.rights.values()])
        await self._write("rejections", rows.rejections)

    async def _load(self, found: list[Read]) -> Rows:
        subjects: dict[bool, set[str]] = defaultdict(set)
        for one in found:
            decides = one.topic == self._decides
            if decides or isinstance(one.event.data, CHANGES_THE_CASE):
                subjects[decides].add(one.event.subject)
        ids = {one.event.data.escalation_id for one in found if one.topic == self._decides}
        fetch = self._connection.fetch
        cases = await fetch(SQL["touched_cases"], list(subjects[False])) if subjects[False] else []
        escalations = await fetch(SQL["touched_escalations"], list(ids - {None})) if ids else []
        rights = await fetch(SQL["touched_rights"], list(subjects[True])) if subjects[True] else []
        return Rows(
            {row["case_id"]: CaseRow(*row) for row in cases},
            {row["escalation_id"]: EscalationRow(*row) for row in escalations},
            {row["case_id"]: RightsRow(*row) for row in rights},
        )

    def _reported(self, rows: Rows, one: Read) -> None:
        event, subject = one.event, one.event.subject
        for name in _PERSON_FIELDS[type(event.data)]:
            person = getattr(event.data, name)
            if type(person) is Person and person.name:
                rows.people[person.id] = (person.id, person.name, one.recorded_at)
        if isinstance(event.data, CHANGES_THE_CASE) and "/" not in subject:
            row = rows.cases.get(subject) or CaseRow(subject)
            rows.cases[subject] = project_case(row, event, one.recorded_at, self.policies)

    async def _write(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            await self._connection.execute(SQL[f"stage_{table}"])
            await self._connection.copy_records_to_table(f"staged_{table}", records=rows)
            await self._connection.execute(SQL[f"take_{table}"])

    async def _move(self, place: Place, known: tuple[int, int], ends: int, own: list[Read]) -> None:
        at, source = known[1], known[1]
        for one in own:
            if (given := one.event.source_offset) is not None and one.topic == self._decides:
                if given < at:
                    log.error("source-offset-stepped-back", place=one.place, from_=at, to=given)
                at = source = max(source, given)
        moved = await self._connection.fetchval(
            SQL["move_offset"], *place, known[0], ends,
            max((one.event.time for one in own), default=None), source,
        )  # fmt: skip
        if moved is None:
            raise LostOwnership(f"{place}: its offset is no longer {known[0]}")


def _decided(rows: Rows, one: Read) -> None:
    event, decision = one.event, one.event.data
    if isinstance(decision, Rejected):
        rows.rejections.append(rejection(event, decision))
        return
    right = rows.rights.get(event.subject) or RightsRow(event.subject)
    after = project_rights(right, decision)
    if after is not right:
        rows.rights[event.subject] = after
    id_ = decision.escalation_id
    if id_ is None or (id_ not in rows.escalations and decision.name not in _BEGINS):
        return
    row = rows.escalations.get(id_) or EscalationRow(id_, event.subject)
    rows.escalations[id_] = project_escalation(row, event)


CHANGES_THE_CASE = (
    reported.Opened,
    reported.SeverityChanged,
    reported.Assigned,
    reported.ContactChanged,
    reported.Closed,
    reported.Reopened,
)
_BEGINS = ("accepted", "approval-requested")


_PERSON_FIELDS = {
    fact: tuple(
        name for name, info in fact.model_fields.items() if "Person" in str(info.annotation)
    )
    for fact in reported.FACTS
}
"""Where a fact names people by name."""


async def connect(dsn: str) -> Any:
    return await asyncpg.connect(
        dsn, server_settings={"application_name": "escalation-projections"}
    )
