"""The outbox: what is planned, claimed, tried and settled. Postgres, schema ``notifier``.

Planning commits with the offsets of what was read; sending claims with a lease. Every statement
is named in ``sql/statements.sql``. What is planned is decided in ``planning/plan.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from schemas.codec import Decided
from schemas.decided import PolicyRef
from services.notifier.delivery.channels.channel import DeliveryResult
from services.notifier.directory.store import as_json
from services.notifier.planning.escalations import EscalationState
from services.notifier.planning.gathering import MOST_LISTED, Window
from services.notifier.planning.plan import Intent, Superseded
from services.notifier.sql import SQL

LEASE: Final = timedelta(seconds=90)
"""Longer than any try to send takes."""


@dataclass(slots=True)
class MessageRow:
    """An intent with what has to be kept of its decision."""

    message_id: UUID
    event_id: str
    audience: str
    channel: str
    template: str
    event_type: str
    event_time: datetime
    subject: str
    escalation_id: str | None
    request_id: str | None
    policy: str | None
    brief: dict[str, Any]
    source_partition: int | None
    source_offset: int | None
    person_id: str | None
    address: str | None
    said_at: datetime
    state: str
    after: UUID | None
    due_at: datetime


def message_row(
    intent: Intent,
    event: Decided,
    policy: PolicyRef | None,
    brief: dict[str, Any],
    said_at: datetime,
) -> MessageRow:
    """The row of an intent. ``said_at`` is when the record of its cause was written down."""
    return MessageRow(
        message_id=intent.message_id,
        event_id=event.id,
        audience=intent.audience,
        channel=intent.channel,
        template=intent.template,
        event_type=event.type,
        event_time=event.time,
        subject=event.subject,
        escalation_id=event.data.escalation_id,
        request_id=event.data.request_id,
        policy=None if policy is None else policy.name,
        brief=brief,
        source_partition=event.source_partition,
        source_offset=event.source_offset,
        person_id=intent.person_id,
        address=intent.address,
        said_at=said_at,
        state=intent.state,
        after=intent.after,
        due_at=intent.due_at,
    )


@dataclass(slots=True)
class FollowUp:
    """Misses to add to a message that gathers them."""

    message_id: UUID
    missed: list[dict[str, Any]]


@dataclass(slots=True)
class Plans:
    """All that a batch of decisions plans."""

    rows: list[MessageRow] = field(default_factory=list)
    joining: dict[UUID, FollowUp] = field(default_factory=dict)
    superseded: list[Superseded] = field(default_factory=list)


async def store(connection: Any, plans: Plans) -> None:
    """Plan messages, and mark what nobody needs any more. Part of the caller's transaction."""
    if plans.rows:
        await connection.execute(SQL["plan_messages"], as_json(plans.rows))
    if plans.joining:
        joining = as_json(plans.joining.values())
        await connection.execute(SQL["join_gatherers"], joining, MOST_LISTED)
    if plans.superseded:
        superseded = as_json(plans.superseded)
        await connection.execute(SQL["supersede"], superseded)
        await connection.execute(SQL["strike_misses"], superseded)


async def escalations_of(connection: Any, ids: Iterable[str]) -> dict[str, EscalationState]:
    """The escalations of these ids that we have learnt of."""
    rows = await connection.fetch(SQL["escalations_of"], list(ids))
    found = (EscalationState.model_validate_json(row["state"]) for row in rows)
    return {one.escalation_id: one for one in found}


async def keep_escalations(connection: Any, changed: Iterable[EscalationState]) -> None:
    rows = [
        {"escalation_id": one.escalation_id, "subject": one.subject,
         "state": one.model_dump(mode="json")}
        for one in changed
    ]  # fmt: skip
    if rows:
        await connection.execute(SQL["keep_escalations"], json.dumps(rows))


async def windows_of(connection: Any, subjects: Iterable[str]) -> dict[tuple[str, str], Window]:
    """What was told of missed duties on these subjects last, by subject and address."""
    rows = await connection.fetch(SQL["windows_of"], list(subjects))
    found = [Window(*row.values()) for row in rows]
    return {(one.subject, one.address): one for one in found}


async def keep_windows(connection: Any, windows: Iterable[Window]) -> None:
    rows = [
        {"subject": one.subject, "address": one.address, "until": one.until.isoformat(),
         "seconds": one.length.total_seconds(),
         "gatherer": None if one.gatherer is None else str(one.gatherer)}
        for one in windows
    ]  # fmt: skip
    if rows:
        await connection.execute(SQL["keep_windows"], json.dumps(rows))


# --- the sender's side --------------------------------------------------------------------


class Outbox:
    """Claims and settles messages of a channel for one process slot; ``owner`` names it in the
    leases."""

    def __init__(self, pool: Any, owner: str, channel: str) -> None:
        self._pool = pool
        self._owner = owner
        self._channel = channel

    async def take_over(self) -> None:
        """Free at once what an earlier life of this slot had claimed."""
        await self._pool.execute(SQL["release_mine"], self._owner, self._channel)

    async def claim(self, most: int, *, slow: bool, backlog: Sequence[int] = ()) -> list[UUID]:
        """Messages that are due, in order; nobody else has them until the lease ends.

        ``slow``: those that were put off before, or go where one that was put off goes. What was
        decided on a partition in ``backlog`` waits a minute at most: more may be known then.
        """
        if not slow:
            await self._pool.execute(SQL["cancel_superseded"])
        rows = await self._pool.fetch(
            SQL["claim"], self._owner, most, LEASE, slow, backlog, self._channel
        )
        return [row["message_id"] for row in sorted(rows, key=lambda row: row["due_at"])]

    async def release(self, ids: Sequence[UUID]) -> None:
        await self._pool.execute(SQL["release"], list(ids), self._owner)

    async def begin(self, message_id: UUID, *, slow: bool) -> Any:
        """The message as it stands, its attempt recorded; None where it is no longer wanted, or
        belongs into the slow lane by now."""
        found = await self._pool.fetchrow(SQL["begin"], message_id, self._owner, LEASE, slow)
        if found is None:
            await self.release([message_id])
        return found

    async def settle(self, message_id: UUID, attempt: int, end: DeliveryResult, state: str) -> None:
        await self._pool.execute(
            SQL["settle"], message_id, attempt, end.outcome, end.code, end.answer, state
        )

    async def defer(
        self, message_id: UUID, attempt: int, end: DeliveryResult, wait: timedelta
    ) -> None:
        await self._pool.execute(
            SQL["defer"], message_id, attempt, end.outcome, end.code, end.answer, wait
        )
