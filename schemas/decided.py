"""What this service decided: ``support.escalation.<name>.v1``, kept for ever.

These names and fields ARE the wire format: add, never rename. Nothing personal is here: ids,
codes, instants, numbers and booleans only, so that the log may be kept without end.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from schemas.vocabulary import (
    LARGEST_VERSION,
    Audience,
    Channel,
    Clock,
    Code,
    EscalationSeverity,
    Id,
    KeptCode,
    Level,
    Mode,
    Severity,
    Trend,
    VoidReason,
    WholeNumber,
    kept_code,
)

Outcome = Literal["met", "not-met", "not-applicable"]
ReplanReason = Literal["severity-changed", "calendar-changed", "plan-changed", "paused", "resumed"]
EndReason = Literal["closed", "resolved", "de-escalated"]


At = Annotated[
    AwareDatetime,
    Field(strict=False, ge=datetime(1800, 1, 1, tzinfo=UTC), lt=datetime(9900, 1, 1, tzinfo=UTC)),
]
"""An instant that can be said in any zone; room for what is due long after a reported one."""
Version = Annotated[int, Field(ge=0, le=LARGEST_VERSION)]

Length = Annotated[timedelta, Field(strict=False)]
"""A length of time; in JSON a text in ISO 8601."""


class Ruled(BaseModel):
    """Parts and decisions: no coercion, readers skip fields that they do not know."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, defer_build=True)


class PolicyRef(Ruled):
    name: str
    version: Version


class Duty(Ruled):
    """Who owes what is the policy's; by when is here. ``due_at`` null: the clock is paused."""

    duty: str
    due_at: At | None
    clock: Clock


class Fulfilment(Ruled):
    """A duty kept (``at`` at or before ``due_at``) or done late."""

    duty: str
    due_at: At | None
    at: At
    kept: bool


class Refusal(Ruled):
    """Why not. ``statement`` is the id of the sentence of the source documents behind it."""

    code: str
    detail: str
    statement: str | None = None


class RuleOutcome(Ruled):
    rule: str
    statement: str | None
    outcome: Outcome
    expected: Any = None
    actual: Any = None


class Receipt(Ruled):
    """Every rule of the policy, asked and answered, and what it was told."""

    policy: PolicyRef
    at: At
    facts: dict[str, Any]
    rules: list[RuleOutcome]
    eligible_at: At | None


class Decision(Ruled):
    """``name`` is the middle of the type; ``keeps`` is what a duty may be kept by that this
    decision says was done."""

    name: ClassVar[str]
    keeps: ClassVar[tuple[str, ...]] = ()
    case_id: Id | None = None
    escalation_id: Id | None = None
    request_id: Id | None = None


class Accepted(Decision):
    name: ClassVar[str] = "accepted"
    keeps: ClassVar[tuple[str, ...]] = ("approval",)
    account_id: Id | None
    team: KeptCode
    reason: str | None
    tier: str | None
    channel: Channel
    severity: Severity | None
    escalation_severity: EscalationSeverity | None
    colour: str | None
    policy: PolicyRef
    requested_at: At
    contact_id: Id | None
    owner_id: Id | None
    level: Level
    duties: list[Duty]
    fulfilled: list[Fulfilment] = []
    suggestions: list[str]
    receipt: Receipt


class Rejected(Decision):
    name: ClassVar[str] = "rejected"
    account_id: Id | None
    team: KeptCode
    refusals: list[Refusal]
    eligible_at: At | None
    suggestions: list[str]
    receipt: Receipt


class SuggestionMade(Decision):
    name: ClassVar[str] = "suggestion-made"
    suggestions: list[str]
    comment_id: Id


class ApprovalRequested(Decision):
    """It repeats of the request what the acceptance will say, so that the decisions alone tell
    the story."""

    name: ClassVar[str] = "approval-requested"
    account_id: Id | None
    team: KeptCode
    approvers: list[str]
    duty: str = "approval"
    due_at: At
    clock: Clock = "elapsed"
    suggestions: list[str] = []
    requester_id: str | None = None
    channel: Channel = "api"
    reason: str | None = None
    escalation_severity: EscalationSeverity | None = None
    contact_id: str | None = None
    case_ids: list[str] = []
    receipt: Receipt


class Declined(Decision):
    name: ClassVar[str] = "declined"
    keeps: ClassVar[tuple[str, ...]] = ("approval",)
    by_id: Id | None
    fulfilled: list[Fulfilment] = []


class Recorded(Decision):
    """Something was done about an escalation; what it fulfilled and which duties it set."""

    by_id: Id | None = None
    fulfilled: list[Fulfilment] = []
    duties: list[Duty] = []


class Acknowledged(Recorded):
    name: ClassVar[str] = "acknowledged"


class ContactAttempted(Recorded):
    name: ClassVar[str] = "contact-attempted"
    mode: Mode | None = None


class CustomerContacted(Recorded):
    name: ClassVar[str] = "customer-contacted"
    mode: Mode | None = None


class InformationRequested(Recorded):
    name: ClassVar[str] = "information-requested"


class Evaluated(Recorded):
    name: ClassVar[str] = "evaluated"


class PrimaryContactAssigned(Recorded):
    name: ClassVar[str] = "primary-contact-assigned"
    contact_id: Id


class KickoffScheduled(Recorded):
    name: ClassVar[str] = "kickoff-scheduled"
    at: At
    attendee_ids: list[Id] = []


class CommunicationPlanSet(Recorded):
    name: ClassVar[str] = "communication-plan-set"
    mode: Mode
    frequency: str
    attendee_ids: list[Id]
    agreed_with_id: Id | None = None


class UpdateGiven(Recorded):
    name: ClassVar[str] = "update-given"
    keeps: ClassVar[tuple[str, ...]] = ("update-to-customer", "update-to-anybody", "agent-comment")
    audience: Audience
    mode: Mode | None = None
    attendee_ids: list[Id] = []
    comment_id: Id | None = None


class ActionPlanShared(Recorded):
    name: ClassVar[str] = "action-plan-shared"
    version: Annotated[WholeNumber | Code | None, BeforeValidator(kept_code)] = None


class LevelRaised(Recorded):
    name: ClassVar[str] = "level-raised"
    to: Level


class TrendChanged(Recorded):
    name: ClassVar[str] = "trend-changed"
    trend: Trend


class CaseLinked(Recorded):
    name: ClassVar[str] = "case-linked"
    account_id: Id | None = None


class CaseUnlinked(Recorded):
    name: ClassVar[str] = "case-unlinked"
    account_id: Id | None = None


class ImprovementIdentified(Recorded):
    name: ClassVar[str] = "improvement-identified"


class ImprovementWaived(Recorded):
    name: ClassVar[str] = "improvement-waived"


class Voided(Recorded):
    name: ClassVar[str] = "voided"
    reason: VoidReason
    restores_right: bool


class ContactChanged(Recorded):
    name: ClassVar[str] = "contact-changed"
    contact_id: Id


class SeverityChanged(Recorded):
    name: ClassVar[str] = "severity-changed"
    severity: Severity


class DutyReplanned(Decision):
    """``left`` is what remains on the duty's own clock at a pause, or from the last resumption;
    ``used`` is what it had used by the pause. Both are null for a duty that was never paused."""

    name: ClassVar[str] = "duty-replanned"
    duty: str
    was_due_at: At | None
    due_at: At | None
    why: ReplanReason
    left: Length | None = None
    used: Length | None = None


class DeadlineMissed(Decision):
    name: ClassVar[str] = "deadline-missed"
    duty: str
    due_at: At
    level: Level
    duties: list[Duty] = []


class Deescalated(Decision):
    name: ClassVar[str] = "de-escalated"
    by_id: Id
    conditions: dict[str, bool | None]
    still_monitored: bool


class Refused(Decision):
    name: ClassVar[str] = "refused"
    action: str
    refusals: list[Refusal]


class MonitoringHeld(Decision):
    name: ClassVar[str] = "monitoring-held"
    owed: list[str]
    why: Literal["closed", "resolved"] = "closed"


class MonitoringEnded(Decision):
    name: ClassVar[str] = "monitoring-ended"
    why: EndReason


DECISIONS: tuple[type[Decision], ...] = tuple(
    found
    for found in tuple(globals().values())
    if isinstance(found, type) and issubclass(found, Decision) and "name" in vars(found)
)
"""Every decision above that has a name, in this order."""


def _keeps(decision: type[Decision]) -> tuple[str, ...]:
    """Without words of its own, what was recorded keeps what names it."""
    return decision.keeps or ((decision.name,) if issubclass(decision, Recorded) else ())


KEPT_BY: tuple[str, ...] = tuple(dict.fromkeys(key for one in DECISIONS for key in _keeps(one)))
"""What a policy may say that a duty is kept by."""


def type_of(decision: type[Decision]) -> str:
    """The CloudEvents type of a decided event."""
    return f"support.escalation.{decision.name}.v1"


BY_TYPE: dict[str, type[Decision]] = {type_of(decision): decision for decision in DECISIONS}
