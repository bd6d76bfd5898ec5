"""Apply what was read, and set aside alone what cannot be: no record stops the projections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import asyncpg
from aiokafka import TopicPartition

from infra.runtime.isolation import isolate, what_failed
from services.projections.metrics import BATCHES
from services.projections.projector.batches import LostOwnership, Projector, ReadBatch
from services.projections.projector.reading import PROCESSING_FAILED, Read, Unusable

SetAside = Callable[[Unusable], Awaitable[None]]
_VALUES = (
    asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError,
)  # fmt: skip
"""What Postgres answers where it is the values that it cannot take."""


class Elsewhere(Exception):
    """An error that is nobody's record: an outage, a lost partition, tables that are missing."""


def is_of_a_record(error: Exception) -> bool:
    """Whether an error may come from what a record holds."""
    if isinstance(error, asyncpg.PostgresError):
        return isinstance(error, _VALUES)
    if isinstance(error, asyncpg.InterfaceError):
        return isinstance(error, ValueError)  # a value that asyncpg cannot encode
    elsewhere = (LostOwnership, OSError, TimeoutError, MemoryError, asyncpg.InternalClientError)
    return not isinstance(error, elsewhere)


class Applier:
    """Applies batches; ``set_aside`` writes a dead letter."""

    def __init__(self, projector: Projector, set_aside: SetAside) -> None:
        self._projector = projector
        self._set_aside = set_aside

    async def apply(
        self, batches: dict[TopicPartition, ReadBatch], unusable: Sequence[Unusable] = ()
    ) -> None:
        """Apply all that can be applied. Errors: whatever is nobody's record."""
        for one in unusable:
            await self._set_aside(one)
        try:
            outcome = await self._projector.apply(batches)
        except Exception as error:
            if not is_of_a_record(error):
                raise
        else:
            BATCHES.labels(outcome=outcome.value).inc()
            return
        BATCHES.labels(outcome="isolated").inc()
        for place, batch in batches.items():
            await _Isolated(self._projector, self._set_aside, place, batch).apply()


class _Isolated:
    """One partition's part of a batch that failed, halved until what fails is alone."""

    def __init__(
        self, projector: Projector, set_aside: SetAside, place: TopicPartition, batch: ReadBatch
    ) -> None:
        self._projector = projector
        self._dead_letter = set_aside
        self._place = place
        self._batch = batch
        self._at = batch.starts

    async def apply(self) -> None:
        try:
            await isolate(self._batch.found, self._try, self._set_aside, (Elsewhere,))
        except Elsewhere as error:
            raise error.__cause__ or error from None
        if self._at < self._batch.ends:  # what stood behind the last one was nothing to apply
            await self._go(self._batch.ends, [])

    async def _try(self, part: Sequence[Read]) -> None:
        try:
            await self._go(part[-1].offset + 1, list(part))
        except Exception as error:
            if is_of_a_record(error):
                raise
            raise Elsewhere from error

    async def _set_aside(self, one: Read, error: Exception) -> None:
        """Nothing of the record is kept but its dead letter: its case is as it was."""
        await self._dead_letter(Unusable(one.record, PROCESSING_FAILED, what_failed(error)))
        await self._go(one.offset + 1, [])

    async def _go(self, ends: int, part: list[Read]) -> None:
        await self._projector.apply({self._place: ReadBatch(self._at, ends, part)})
        self._at = ends
