"""Who an audience is, for one decision: a person of the case, or an address of ours.

``addresses.py`` holds our own addresses, ``plan.py`` says which audiences hear of what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from schemas import decided
from schemas.codec import Decided
from schemas.decided import PolicyRef
from services.notifier.directory.addresses import Addresses
from services.notifier.directory.mailbox import mailbox
from services.notifier.directory.support import Audiences
from services.notifier.planning.escalations import EscalationState

ROLE = "role:"
CUSTOMERS = frozenset({"requester", "author", "customer", "on-behalf-of"})
"""Everybody else is of support and never reads what is written for these, nor they what is not."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the case topic has said, as far as one decision needs it."""

    emails: Mapping[str, str] = field(default_factory=dict)
    asker_id: str | None = None
    behalf_id: str | None = None
    situations: tuple[str, ...] = ()
    support_manager_id: str | None = None
    agent_id: str | None = None
    team: str | None = None
    escalation: EscalationState | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where a message goes. No ``address``: nobody can be told, and that is recorded."""

    audience: str
    person_id: str | None = None
    address: str | None = None
    channel: str = "mail"


def policy_of(event: Decided, known: Known) -> PolicyRef | None:
    """The policy that a decision was made under, as far as it says so or we remember."""
    match event.data:
        case decided.Accepted(policy=policy):
            return policy
        case decided.Rejected(receipt=receipt) | decided.ApprovalRequested(receipt=receipt):
            return receipt.policy
        case _:
            return known.escalation.policy if known.escalation else None


def spelt_out(
    audiences: Iterable[str], event: Decided, known: Known, told: Audiences
) -> Iterator[str]:
    """The audiences, with a role for each kind of approver."""
    for audience in audiences:
        if audience == "approvers":
            yield from (ROLE + role for role in _approvers(event, known, told))
        else:
            yield audience


def _approvers(event: Decided, known: Known, told: Audiences) -> Iterable[str]:
    if isinstance(event.data, decided.ApprovalRequested):
        return event.data.approvers
    remembered = known.escalation.approvers if known.escalation else ()
    return remembered or told.policy.roles.approve


def recipient(audience: str, event: Decided, known: Known, told: Audiences) -> Recipient:
    """Look one audience up."""
    match audience:
        case "requester" | "author":
            return _person(audience, known.asker_id, known)
        case "on-behalf-of":
            return _person(audience, known.behalf_id, known)
        case "customer":
            return _person(audience, _contact(known) or known.asker_id, known)
        case "primary-contact":
            return _person(audience, getattr(event.data, "contact_id", None), known)
        case "support-manager":
            manager = _owner(event, known, told, audience) or known.support_manager_id
            return _or_team(_person(audience, manager, known), known, told)
        case "handling-agent":
            return _handler(event, known, told)
        case "management":
            return _management(known, told)
        case _:
            return Recipient(audience, address=_own(audience, event, known, told.addresses))


def _contact(known: Known) -> str | None:
    return known.escalation.contact_id if known.escalation else None


def _handler(event: Decided, known: Known, told: Audiences) -> Recipient:
    """Who works on it: the case's agent; of an account escalation its manager (004-05)."""
    agent = _owner(event, known, told, "handling-agent") or known.agent_id
    found = _person("handling-agent", agent, known)
    return _or_team(found, known, told) if found.person_id is None else found


def _management(known: Known, told: Audiences) -> Recipient:
    """Who leads (003-03): the team's management, else the next level, else the manager."""
    own, levels = told.addresses.management.get(_team_of(known) or ""), told.addresses.levels
    if address := own or levels.get("team-manager"):
        return Recipient("management", address=address)
    return _or_team(_person("management", known.support_manager_id, known), known, told)


def _person(audience: str, person_id: str | None, known: Known) -> Recipient:
    found = mailbox(known.emails.get(person_id or ""))
    return Recipient(audience, person_id, None if found is None else found.text)


def _or_team(found: Recipient, known: Known, told: Audiences) -> Recipient:
    """000-36: where the manager is not known or cannot be reached, the team is told."""
    if found.address is not None:
        return found
    return Recipient(found.audience, address=_team(known, told.addresses))


def _owner(event: Decided, known: Known, told: Audiences, audience: str) -> str | None:
    """The owner that the acceptance named, where this audience is the one that owns."""
    if told.owner != audience and event.about.kind != "account":
        return None
    if isinstance(event.data, decided.Accepted):
        return event.data.owner_id
    return known.escalation.owner_id if known.escalation else None


def _team_of(known: Known) -> str | None:
    return known.team or (known.escalation.team if known.escalation else None)


def _team(known: Known, addresses: Addresses) -> str | None:
    return addresses.teams.get(_team_of(known) or "", addresses.team)


def _own(audience: str, event: Decided, known: Known, addresses: Addresses) -> str | None:
    if audience == "team":
        return _team(known, addresses)
    if audience == "duty" and isinstance(event.data, decided.DeadlineMissed):
        return addresses.duties.get(event.data.duty)
    if audience == "level":
        level = _level(event)
        at_support = _team(known, addresses) if level == "support" else None
        return addresses.levels.get(level or "", at_support)
    return addresses.roles.get(audience.removeprefix(ROLE))


def _level(event: Decided) -> str | None:
    match event.data:
        case decided.LevelRaised(to=level) | decided.DeadlineMissed(level=level):
            return level
        case decided.Accepted(level=level):
            return level
        case _:
            return None
