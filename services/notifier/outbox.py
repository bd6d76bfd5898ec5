"""The outbox: what is planned, claimed, tried and settled. Postgres, schema ``notifier``.

Planning commits with the offsets of what was read; sending claims with a lease. Every statement
is named in ``sql/queries.sql``. What is planned is decided in ``core/plan.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from schemas import decided
from schemas.codec import Decided
from schemas.decided import PolicyRef
from services.notifier.core.plan import Intent, Pointless
from services.notifier.people import as_json
from services.notifier.sql import QUERIES

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


@dataclass(slots=True)
class EscalationRow:
    """What later decisions on an escalation do not repeat."""

    escalation_id: str
    subject: str
    policy: str
    policy_version: int
    team: str | None
    owner_id: str | None = None
    contact_id: str | None = None
    approvers: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ContactRow:
    escalation_id: str
    contact_id: str


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


def begun_by(events: Sequence[Decided]) -> list[EscalationRow]:
    """What to remember of the escalations that these decisions began, one row each."""
    found: dict[str, EscalationRow] = {}
    for event in events:
        if (row := _begun(event)) is not None:
            found[row.escalation_id] = row
    return list(found.values())


def _begun(event: Decided) -> EscalationRow | None:
    match event.data:
        case decided.Accepted(escalation_id=str(id_), policy=policy) as one:
            return EscalationRow(
                id_, event.subject, policy.name, policy.version, one.team,
                owner_id=one.owner_id, contact_id=one.contact_id,
            )  # fmt: skip
        case decided.ApprovalRequested(escalation_id=str(id_)) as one:
            policy = one.receipt.policy
            return EscalationRow(
                id_, event.subject, policy.name, policy.version, one.team, approvers=one.approvers
            )
        case _:
            return None


def contacts_of(events: Sequence[Decided]) -> list[ContactRow]:
    """Whom to call about an escalation from now on; the last word counts."""
    found = {
        event.data.escalation_id: event.data.contact_id
        for event in events
        if isinstance(event.data, decided.ContactChanged) and event.data.escalation_id
    }
    return [ContactRow(*pair) for pair in found.items()]


async def store(connection: Any, rows: list[MessageRow], moot: list[Pointless]) -> None:
    """Plan messages, and mark what nobody needs any more. Part of the caller's transaction."""
    if rows:
        await connection.execute(QUERIES["plan_messages"], as_json(rows))
    if moot:
        await connection.execute(QUERIES["make_pointless"], as_json(moot))


async def remember_escalations(connection: Any, rows: list[EscalationRow]) -> None:
    if rows:
        await connection.execute(QUERIES["remember_escalations"], as_json(rows))


async def change_contacts(connection: Any, rows: list[ContactRow]) -> None:
    if rows:
        await connection.execute(QUERIES["change_contacts"], as_json(rows))


# --- the sender's side --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended, and what the server said."""

    outcome: str
    code: int | None = None
    answer: str | None = None


class Outbox:
    """Claims and settles for one process slot; ``owner`` names it in the leases."""

    def __init__(self, pool: Any, owner: str) -> None:
        self._pool = pool
        self._owner = owner

    async def take_over(self) -> None:
        """Free at once what an earlier life of this slot had claimed."""
        await self._pool.execute(QUERIES["release_mine"], self._owner)

    async def claim(self, most: int, *, slow: bool) -> list[UUID]:
        """Messages that are due, in order; nobody else has them until the lease ends.

        ``slow``: those that were put off before, or go where one that was put off goes.
        """
        if not slow:
            await self._pool.execute(QUERIES["cancel_pointless"])
        rows = await self._pool.fetch(QUERIES["claim"], self._owner, most, LEASE, slow)
        return [row["message_id"] for row in sorted(rows, key=lambda row: row["due_at"])]

    async def release(self, ids: Sequence[UUID]) -> None:
        await self._pool.execute(QUERIES["release"], list(ids), self._owner)

    async def begin(self, message_id: UUID, *, slow: bool) -> Any:
        """The message as it stands, its attempt recorded; None where it is no longer wanted, or
        belongs into the slow lane by now."""
        found = await self._pool.fetchrow(QUERIES["begin"], message_id, self._owner, LEASE, slow)
        if found is None:
            await self.release([message_id])
        return found

    async def settle(self, message_id: UUID, attempt: int, end: Ending, state: str) -> None:
        await self._pool.execute(
            QUERIES["settle"], message_id, attempt, end.outcome, end.code, end.answer, state
        )

    async def defer(self, message_id: UUID, attempt: int, end: Ending, wait: timedelta) -> None:
        await self._pool.execute(
            QUERIES["defer"], message_id, attempt, end.outcome, end.code, end.answer, wait
        )
