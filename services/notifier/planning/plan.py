"""What a decision means for people: which messages, to whom, in which order.

    decision + what is known of the case + now  ->  messages planned, messages made superseded

Pure. A message is one intent per (event, audience, channel): its id is derived from them, so
planning the same decision again plans nothing new. ``wording.py`` writes the words, later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID, uuid5

from schemas import decided
from schemas.codec import Decided
from schemas.envelope import NAMESPACE
from services.notifier.directory.support import Audiences, Directory
from services.notifier.planning.audience import (
    CUSTOMERS,
    Known,
    Recipient,
    policy_of,
    recipient,
    spelt_out,
)
from services.notifier.planning.comments import CustomerCommented

PATIENCE: Final = timedelta(seconds=60)
"""How long the next in an order waits for the one before."""

State = Literal["planned", "suppressed", "no-address"]


@dataclass(frozen=True, slots=True)
class Timing:
    """When it is, what is too old to be sent, and how long an unknown case may still turn up."""

    now: datetime
    silent_after: timedelta
    unknown_case_wait: timedelta = timedelta()


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
class Superseded:
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


def plan(event: Decided, known: Known, directory: Directory, timing: Timing) -> tuple[Intent, ...]:
    """Who is told of a decision. Most decisions are told to nobody."""
    told = directory.of(policy_of(event, known))
    planned: dict[tuple[str, str], Intent] = {}
    due_at = timing.now + (timing.unknown_case_wait if _is_unknown(event) else timedelta())
    for order in _orders(event, known, told):
        named = spelt_out(order, event, known, told)
        found = [recipient(audience, event, known, told) for audience in named]
        _line_up(planned, event, found, due_at)
    if timing.now - event.time > timing.silent_after:
        return tuple(replace(one, state="suppressed", after=None) for one in planned.values())
    return tuple(planned.values())


def _is_unknown(event: Decided) -> bool:
    """A request for a case that was not opened: its opening may be on its way."""
    if not isinstance(event.data, decided.Rejected) or event.about.kind == "request":
        return False
    return any(refusal.code == "case-unknown" for refusal in event.data.refusals)


def _orders(event: Decided, known: Known, told: Audiences) -> list[list[str]]:
    match event.data:
        case decided.Accepted() as one:
            return [_accepted(event, one, known, told), *_behalf(known)]
        case decided.ApprovalRequested() as one:
            return [["approvers", *told.owing([one.duty])], ["requester"]]
        case decided.Rejected() | decided.Declined():
            return [["requester"]]
        case decided.SuggestionMade():
            return [["author"]]
        case decided.DeadlineMissed(duty=duty):
            return [[audience] for audience in told.concerned(duty)]
        case decided.LevelRaised():
            return [["level"]]
        case decided.ContactChanged() | CustomerCommented():
            return [["support-manager"]]
        case decided.ActionPlanShared():
            return [["customer"]]
        case decided.PrimaryContactAssigned():
            return [["primary-contact"], ["customer"]]
        case decided.CommunicationPlanSet(duties=duties):
            return [[owing] for owing in told.owing([one.duty for one in duties])]
        case _:
            return []


def _accepted(event: Decided, one: decided.Accepted, known: Known, told: Audiences) -> list[str]:
    """Whom the policy names, in its order, and then whoever else owes a duty that begins now."""
    order = told.accepted(known.situations)
    if event.about.kind == "account" and one.owner_id is None:
        order = ["approvers" if name == "handling-agent" else name for name in order]
    owing = told.owing([duty.duty for duty in one.duties])
    return list(dict.fromkeys((*order, *owing)))


def _behalf(known: Known) -> Iterator[list[str]]:
    """The customer for whom somebody else asked (004-09)."""
    if known.behalf_id is not None and known.behalf_id != known.asker_id:
        yield ["on-behalf-of"]


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
    return Intent(
        message_id=message_id(event.id, to.audience, to.channel),
        event_id=event.id,
        audience=to.audience,
        channel=to.channel,
        template=_template(event.data, to.audience),
        state="planned" if to.address else "no-address",
        due_at=due_at,
        person_id=to.person_id,
        address=to.address,
        after=after if to.address else None,
    )


def _template(decision: decided.Decision, audience: str) -> str:
    match decision:
        case decided.Accepted():
            if audience == "on-behalf-of":
                return "accepted-on-behalf"
            return "accepted" if audience in CUSTOMERS else "handover"
        case decided.ApprovalRequested() if audience not in CUSTOMERS:
            return "approval-wanted"
        case decided.PrimaryContactAssigned() if audience == "customer":
            return "primary-contact-named"
        case _:
            return decision.name


INTERNAL: Final = (
    "handover", "approval-wanted", "deadline-missed", "level-raised", "contact-changed",
    "customer-commented", "primary-contact-assigned", "communication-plan-set",
)  # fmt: skip
URGENT: Final = ("deadline-missed", "level-raised")


def superseded(decision: decided.Decision) -> tuple[Superseded, ...]:
    """The messages that a decision supersedes. A requester's confirmation never is."""
    if (escalation := decision.escalation_id) is None:
        return ()
    made_good = tuple(
        Superseded(escalation, ("deadline-missed",), "fulfilled", one.duty, one.due_at)
        for one in getattr(decision, "fulfilled", ())
    )
    match decision:
        case decided.Accepted():
            return (Superseded(escalation, ("approval-wanted",), "accepted"), *made_good)
        case decided.Declined():
            return (Superseded(escalation, INTERNAL, "declined"),)
        case decided.Voided():
            return (Superseded(escalation, INTERNAL, "voided"),)
        case decided.MonitoringEnded():
            return (Superseded(escalation, INTERNAL, "ended"),)
        case decided.Deescalated() | decided.MonitoringHeld():
            return (Superseded(escalation, URGENT, decision.name),)
        case _:
            return made_good
