"""What is remembered about a case, and how each fact changes it.

Facts are folded in partition order, whatever their time. Nothing here refuses: what has
happened has happened. Ids, codes, instants and digests only; nobody's words are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, TypeVar

from pydantic import ConfigDict

from policies.catalogue import Policies
from schemas import reported
from schemas.codec import Reported
from schemas.decided import EndReason, Receipt
from schemas.vocabulary import (
    Channel,
    Clock,
    EscalationSeverity,
    Level,
    Person,
    Severity,
    Status,
    kept_code,
)

REMEMBERED_EVENTS: Final = 1024
DIGEST: Final = 8


Value = TypeVar("Value")


def changed(value: Value, **changes: Any) -> Value:
    """``dataclasses.replace`` at a third of its cost: this is done for every event."""
    new = object.__new__(type(value))
    new.__dict__.update(value.__dict__, **changes)
    return new


@dataclass(frozen=True, slots=True)
class Moment:
    """When: the event's own time, its record's broker timestamp, and the partition's clock,
    which is the greatest broker timestamp read so far."""

    at: datetime
    recorded_at: datetime
    clock: datetime


@dataclass(frozen=True)
class OpenDuty:
    """A duty not yet kept. ``fires_at`` is when missing it is decided; None once it was.

    ``began`` is where it began, ``since`` where its clock began or last went on. Of a duty that
    was paused, ``used`` is what its clock had counted before ``since`` (pauses never count) and
    ``left`` what remained: kept as measured then, so that no later calendar changes it.

    Of a duty that repeats, ``number`` counts its periods, ``follows`` is what the period before
    was due at (no other calendar brings that day back), and ``missed`` the latest missed due
    instant that no late report has been credited to.
    """

    duty: str
    due_at: datetime | None
    clock: Clock
    fires_at: datetime | None
    began: datetime | None = None
    since: datetime | None = None
    used: timedelta = timedelta()
    left: timedelta | None = None
    number: int = 1
    follows: datetime | None = None
    missed: datetime | None = None


@dataclass(frozen=True)
class Awaited:
    """What a request said that its acceptance will repeat, once it is approved."""

    requester_id: str | None
    channel: Channel
    reason: str | None
    escalation_severity: EscalationSeverity | None
    contact_id: str | None
    requested_at: datetime
    suggestions: tuple[str, ...]
    receipt: Receipt
    case_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Escalation:
    """The latest escalation of a case. It keeps the policy version that it began with."""

    id: str
    request_id: str
    status: Status
    policy: str
    version: int
    contact_id: str | None
    level: Level
    duties: tuple[OpenDuty, ...] = ()
    awaited: Awaited | None = None
    frequency: timedelta | None = None
    improved: bool = False
    held: EndReason | None = None


@dataclass(frozen=True)
class Case:
    """A case is known once it was opened; facts that came before are remembered too."""

    __pydantic_config__ = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    opened_at: datetime | None = None
    account_id: str | None = None
    severity: Severity | None = None
    tier: str | None = None
    program: str | None = None
    team: str | None = None
    opener_id: str | None = None
    agent_id: str | None = None
    manager_id: str | None = None
    contact_id: str | None = None
    closed: bool = False
    unanswered: int = 0
    rights_spent: int = 0
    hinted: tuple[str, ...] = ()
    escalation: Escalation | None = None
    seen: bytes = b""
    requests: bytes = b""

    @property
    def is_known(self) -> bool:
        return self.opened_at is not None

    def has_seen(self, event: Reported) -> bool:
        """Whether this very event (source and id) was applied, as far back as is remembered."""
        return _holds(self.seen, digest(f"{event.source}\n{event.id}"))

    def has_decided(self, request_id: str) -> bool:
        """Whether a request of this id was decided before, whatever event carried it."""
        return _holds(self.requests, digest(request_id))

    def remember(self, event: Reported) -> Case:
        """The case after applying this event: it will be known again."""
        kept = self.seen + digest(f"{event.source}\n{event.id}")
        return changed(self, seen=kept[-REMEMBERED_EVENTS * DIGEST :])


def digest(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=DIGEST).digest()


def _holds(digests: bytes, wanted: bytes) -> bool:
    at = digests.find(wanted)
    while at >= 0 and at % DIGEST:
        at = digests.find(wanted, at + 1)
    return at >= 0


def id_of(person: Person | None) -> str | None:
    return None if person is None else person.id


def fold(case: Case, event: Reported, policies: Policies) -> Case:
    """The case after a reported fact, before anything is decided about it."""
    match event.data:
        case reported.CommentAdded() as comment:
            return _commented(case, comment)
        case reported.Opened() as opened:
            return _opened(case, opened, event.time, policies)
        case reported.SeverityChanged(severity=severity):
            return changed(case, severity=severity)
        case reported.Assigned() as assigned:
            return changed(
                case,
                agent_id=id_of(assigned.agent) or case.agent_id,
                manager_id=id_of(assigned.support_manager) or case.manager_id,
                team=kept_code(assigned.team) if assigned.team else case.team,
            )
        case reported.ContactChanged(contact=contact):
            return changed(case, contact_id=contact.id)
        case reported.Closed():
            return changed(case, closed=True)
        case reported.Reopened():
            return _reopened(case)
        case _:
            return case  # only our decision on it changes anything


def _opened(case: Case, opened: reported.Opened, at: datetime, policies: Policies) -> Case:
    """Fill what is not yet known; the first opening instant stays."""
    program = case.program
    if program is None and opened.program is not None:
        program = policies.as_code(opened.program)
    return changed(
        case,
        opened_at=case.opened_at or at,
        account_id=case.account_id or opened.account_id,
        severity=case.severity or opened.severity,
        tier=policies.as_code(opened.tier) if case.tier is None else case.tier,
        program=program,
        team=case.team or kept_code(opened.team),
        opener_id=case.opener_id or id_of(opened.opened_by),
        agent_id=case.agent_id or id_of(opened.assigned_agent),
        manager_id=case.manager_id or id_of(opened.support_manager),
        contact_id=case.contact_id or id_of(opened.contact),
    )


def _reopened(case: Case) -> Case:
    """What the close had held is let go: the next close is judged anew."""
    escalation = case.escalation
    if escalation is not None and escalation.held is not None:
        escalation = changed(escalation, held=None)
    return changed(case, closed=False, escalation=escalation)


def _commented(case: Case, comment: reported.CommentAdded) -> Case:
    """Count the customer's comments that nobody has answered (000-13)."""
    if not comment.is_public or comment.author_role == "bot":
        return case
    if comment.author_role == "customer":
        return changed(case, unanswered=case.unanswered + 1)
    return changed(case, unanswered=0) if case.unanswered else case
