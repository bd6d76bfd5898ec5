"""What a decision means for people: which messages, to whom, in which order.

    decision + what is known of the case + now  ->  messages planned, messages made pointless

Pure. A message is one intent per (event, audience, channel): its id is derived from them, so
planning the same decision again plans nothing new. ``wording.py`` writes the words, later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID, uuid5

from schemas import decided
from schemas.codec import Decided
from schemas.envelope import NAMESPACE
from services.notifier.core.audience import (
    CUSTOMERS,
    ROLE,
    Known,
    Recipient,
    policy_of,
    recipient,
    spelt_out,
)
from services.notifier.core.directory import Audiences, Directory

PATIENCE: Final = timedelta(seconds=60)
"""How long the next in an order waits for the one before."""

State = Literal["planned", "suppressed", "no-address"]


@dataclass(frozen=True, slots=True)
class Intent:
    """One message to one audience. ``after`` is the message that it waits for."""

    message_id: UUID
    event_id: str
    audience: str
    channel: str
    template: str
    state: State
    due_at: datetime
    person_id: str | None = None
    address: str | None = None
    after: UUID | None = None


@dataclass(frozen=True, slots=True)
class Pointless:
    """Messages of an escalation that nobody needs any more, and why.

    ``templates`` of them; of a missed duty only the one that was due then.
    """

    escalation_id: str
    templates: tuple[str, ...]
    why: str
    duty: str | None = None
    due_at: datetime | None = None


def message_id(event_id: str, audience: str, channel: str) -> UUID:
    """The same intent has the same id, whenever and wherever it is planned."""
    return uuid5(NAMESPACE, "\n".join((event_id, audience, channel)))


def plan(
    event: Decided, known: Known, directory: Directory, now: datetime, silent_after: timedelta
) -> tuple[Intent, ...]:
    """Who is told of a decision. Most decisions are told to nobody."""
    told = directory.of(policy_of(event, known))
    planned: dict[tuple[str, str], Intent] = {}
    for order in _orders(event.data, told):
        named = spelt_out(order, event, known)
        found = [recipient(audience, event, known, told) for audience in named]
        _line_up(planned, event, found, now)
    if now - event.time > silent_after:
        return tuple(replace(one, state="suppressed", after=None) for one in planned.values())
    return tuple(planned.values())


def _orders(decision: decided.Decision, told: Audiences) -> list[list[str]]:
    match decision:
        case decided.Accepted():
            return [list(told.accepted)]
        case decided.ApprovalRequested():
            return [["approvers"], ["requester"]]
        case decided.Rejected() | decided.Declined():
            return [["requester"]]
        case decided.SuggestionMade():
            return [["author"]]
        case decided.DeadlineMissed(duty=duty):
            return [[audience] for audience in told.concerned(duty)]
        case decided.LevelRaised():
            return [["level"]]
        case _:
            return []


def _line_up(
    planned: dict[tuple[str, str], Intent], event: Decided, order: list[Recipient], now: datetime
) -> None:
    """Plan an order: each waits for the one before it that can be told at all.

    Who would read the same words at the same address is told once.
    """
    before: UUID | None = None
    due_at = now
    for to in order:
        intent = _intent(event, to, due_at, before)
        place = (intent.template, intent.address or intent.audience)
        if place in planned:
            continue
        planned[place] = intent
        if intent.state == "planned":
            before, due_at = intent.message_id, due_at + PATIENCE


def _intent(event: Decided, to: Recipient, due_at: datetime, after: UUID | None) -> Intent:
    channel = "mail"
    return Intent(
        message_id=message_id(event.id, to.audience, channel),
        event_id=event.id,
        audience=to.audience,
        channel=channel,
        template=_template(event.data, to.audience),
        state="planned" if to.address else "no-address",
        due_at=due_at,
        person_id=to.person_id,
        address=to.address,
        after=after if to.address else None,
    )


def _template(decision: decided.Decision, audience: str) -> str:
    if isinstance(decision, decided.Accepted):
        return "accepted" if audience in CUSTOMERS else "handover"
    if isinstance(decision, decided.ApprovalRequested) and audience.startswith(ROLE):
        return "approval-wanted"
    return decision.name


def brief(decision: decided.Decision, told: Audiences) -> dict[str, Any]:
    """What the words need of a decision; its receipt stays in the log."""
    dumped = decision.model_dump(mode="json", exclude={"receipt", "fulfilled"})
    if isinstance(decision, decided.Accepted):
        dumped["next_steps"] = list(told.next_steps)
    return dumped


INTERNAL: Final = ("handover", "approval-wanted", "deadline-missed", "level-raised")
URGENT: Final = ("deadline-missed", "level-raised")


def pointless(decision: decided.Decision) -> tuple[Pointless, ...]:
    """What a decision makes pointless. A requester's confirmation never is."""
    if (escalation := decision.escalation_id) is None:
        return ()
    match decision:
        case decided.Accepted():
            return (Pointless(escalation, ("approval-wanted",), "accepted"),)
        case decided.Declined():
            return (Pointless(escalation, INTERNAL, "declined"),)
        case decided.Voided():
            return (Pointless(escalation, INTERNAL, "voided"),)
        case decided.MonitoringEnded():
            return (Pointless(escalation, INTERNAL, "ended"),)
        case decided.Deescalated() | decided.MonitoringHeld():
            return (Pointless(escalation, URGENT, decision.name),)
        case decided.Recorded(fulfilled=fulfilled):
            missed = ("deadline-missed",)
            return tuple(
                Pointless(escalation, missed, "fulfilled", one.duty, one.due_at)
                for one in fulfilled
            )
        case _:
            return ()
