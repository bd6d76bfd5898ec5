"""What somebody reported: ``support.case.<name>.v1``, past tense, taken as given.

These names and fields ARE the wire format: add, never rename. Bold in the contract means
required here; what a policy requires is asked by its rules. Next: ``codec.py`` reads them.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, JsonValue

from schemas.vocabulary import (
    Anything,
    Audience,
    AuthorRole,
    BlankIsAbsent,
    BusinessImpact,
    CaseId,
    Channel,
    Code,
    Date,
    DateOrInstant,
    Duration,
    EscalationSeverity,
    Format,
    Id,
    Instant,
    Level,
    LinkAnswer,
    Mode,
    Person,
    RequestSource,
    Said,
    Severity,
    Trend,
    Visibility,
    VoidReason,
    WholeNumber,
)


class Fact(Said):
    """The data of a reported event. ``name`` is the middle of its type."""

    name: ClassVar[str]


class Opened(Fact):
    name: ClassVar[str] = "opened"
    account_id: Id
    severity: Annotated[Severity, BlankIsAbsent]
    tier: Code
    title: str | None = None
    product: str | None = None
    program: Code | None = None
    opened_by: Person | None = None
    assigned_agent: Person | None = None
    support_manager: Person | None = None
    contact: Person | None = None
    team: Code | None = None


class CommentAdded(Fact):
    name: ClassVar[str] = "comment-added"
    comment_id: Id
    author: Person
    author_role: Annotated[AuthorRole, BlankIsAbsent]
    body: str
    format: Annotated[Format | None, BlankIsAbsent] = None
    automatic: bool | None = None
    visibility: Annotated[Visibility | None, BlankIsAbsent] = None

    @property
    def is_public(self) -> bool:
        return self.visibility != "internal"

    @property
    def is_automatic(self) -> bool:
        """Whether a program wrote it: an auto-reply, a bulk mail."""
        return self.automatic is True


class SeverityChanged(Fact):
    name: ClassVar[str] = "severity-changed"
    severity: Annotated[Severity, BlankIsAbsent]
    by: Person | None = None


class Assigned(Fact):
    """At least one of the three is named."""

    name: ClassVar[str] = "assigned"
    agent: Person | None = None
    support_manager: Person | None = None
    team: Code | None = None

    def model_post_init(self, _: object) -> None:
        if self.agent is None and self.support_manager is None and self.team is None:
            raise ValueError("name at least one of agent, support_manager and team")


class ContactChanged(Fact):
    name: ClassVar[str] = "contact-changed"
    contact: Person


class Closed(Fact):
    name: ClassVar[str] = "closed"
    by: Person | None = None
    resolution: str | None = None


class Reopened(Fact):
    name: ClassVar[str] = "reopened"
    by: Person | None = None
    reason: str | None = None


class Attachment(Said):
    """A reference, never the bytes."""

    name: str | None = None
    uri: str | None = None
    sha256: str | None = None
    size: WholeNumber | None = None
    media_type: str | None = None


class Checklist(Said):
    """What 003-10 to 003-13 ask a requester to verify first."""

    problem_statement_correct: bool | None = None
    impact_described: bool | None = None
    workaround_impractical: bool | None = None
    milestone_identified: bool | None = None


class EscalationRequested(Fact):
    name: ClassVar[str] = "escalation-requested"
    request_id: Id
    channel: Annotated[Channel | None, BlankIsAbsent] = None
    requested_by: Person | None = None
    source: Annotated[RequestSource | None, BlankIsAbsent] = None
    on_behalf_of: Person | None = None
    reason: str | None = None
    comments: str | None = None
    template: Code | None = None
    escalation_severity: Annotated[EscalationSeverity | None, BlankIsAbsent] = None
    case_number: str | None = None
    subject: str | None = None
    description: str | None = None
    business_impact: Annotated[BusinessImpact | None, BlankIsAbsent] = None
    impact_changed: bool | None = None
    only_escalation_helps: bool | None = None
    needs_other_than_assigned: bool | None = None
    attachments: list[Attachment] | None = None
    contact: Person | None = None
    working_hours: JsonValue = None
    checklist: Checklist | None = None
    milestone_date: DateOrInstant | None = None
    situations: Anything | None = None


class EscalationApproved(Fact):
    name: ClassVar[str] = "escalation-approved"
    request_id: Id
    by: Person
    reason: str | None = None


class EscalationDeclined(Fact):
    name: ClassVar[str] = "escalation-declined"
    request_id: Id
    by: Person
    reason: str | None = None


class EscalationAcknowledged(Fact):
    name: ClassVar[str] = "escalation-acknowledged"
    by: Person
    escalation_id: Code | None = None
    note: str | None = None


class ContactAttempted(Fact):
    name: ClassVar[str] = "contact-attempted"
    by: Person
    mode: Annotated[Mode | None, BlankIsAbsent] = None
    outcome: str | None = None
    next_steps: str | None = None


class CustomerContacted(Fact):
    name: ClassVar[str] = "customer-contacted"
    by: Person
    mode: Annotated[Mode | None, BlankIsAbsent] = None
    outcome: str | None = None
    next_steps: str | None = None


class InformationRequested(Fact):
    name: ClassVar[str] = "information-requested"
    by: Person
    what: str | None = None


class EscalationEvaluated(Fact):
    name: ClassVar[str] = "escalation-evaluated"
    by: Person
    resources: Anything | None = None
    skills: Anything | None = None
    process_correction: str | None = None


class PrimaryContactAssigned(Fact):
    name: ClassVar[str] = "primary-contact-assigned"
    contact: Person
    skills: Anything | None = None
    by: Person | None = None


class KickoffCallScheduled(Fact):
    name: ClassVar[str] = "kickoff-call-scheduled"
    at: Instant
    attendees: list[Person] | None = None
    by: Person | None = None


class CommunicationPlanAgreed(Fact):
    name: ClassVar[str] = "communication-plan-agreed"
    mode: Annotated[Mode, BlankIsAbsent]
    frequency: Duration
    attendees: list[Person]
    agreed_with: Person | None = None
    by: Person | None = None


class UpdateGiven(Fact):
    name: ClassVar[str] = "update-given"
    by: Person
    audience: Annotated[Audience | None, BlankIsAbsent] = None
    mode: Annotated[Mode | None, BlankIsAbsent] = None
    attendees: list[Person] | None = None
    note: str | None = None


class ActionPlanShared(Fact):
    name: ClassVar[str] = "action-plan-shared"
    plan: str
    by: Person | None = None
    version: WholeNumber | Code | None = None


class LevelRaised(Fact):
    name: ClassVar[str] = "level-raised"
    to: Annotated[Level, BlankIsAbsent]
    by: Person
    why: str | None = None


class TrendSet(Fact):
    name: ClassVar[str] = "trend-set"
    trend: Annotated[Trend, BlankIsAbsent]
    by: Person | None = None


class Deescalated(Fact):
    name: ClassVar[str] = "de-escalated"
    by: Person
    action_plan_acceptable: bool | None = None
    troubleshooting_on_track: bool | None = None
    agreement_ref: str | None = None
    cause_resolved: bool | None = None
    reason: str | None = None


class EscalationVoided(Fact):
    name: ClassVar[str] = "escalation-voided"
    by: Person
    reason: Annotated[VoidReason, BlankIsAbsent]
    restores_right: bool | None = None


class ImprovementIdentified(Fact):
    name: ClassVar[str] = "improvement-identified"
    by: Person
    category: Code
    link: str | None = None
    note: str | None = None


class ImprovementWaived(Fact):
    name: ClassVar[str] = "improvement-waived"
    by: Person
    reason: str


class ReviewSignedOff(Fact):
    name: ClassVar[str] = "review-signed-off"
    by: Person
    review_date: Date
    note: str | None = None


class AccountEscalationRequested(EscalationRequested):
    name: ClassVar[str] = "account-escalation-requested"
    case_ids: list[CaseId]


class AccountCaseLinked(Fact):
    name: ClassVar[str] = "account-case-linked"
    case_id: CaseId
    by: Person | None = None


class AccountCaseUnlinked(Fact):
    name: ClassVar[str] = "account-case-unlinked"
    case_id: CaseId
    by: Person | None = None


class AccountLinkAsked(Fact):
    """Written by the decider to a case's own partition: is this case of this account?"""

    name: ClassVar[str] = "account-link-asked"
    account_id: Id
    escalation_id: Id


class AccountLinkAnswered(Fact):
    """Written by the decider back to the account's partition."""

    name: ClassVar[str] = "account-link-answered"
    case_id: CaseId
    escalation_id: Id
    answer: Annotated[LinkAnswer, BlankIsAbsent]


class TimePassed(Fact):
    """The decider's own tick on a quiet partition; the record's broker timestamp is its word."""

    name: ClassVar[str] = "time-passed"


class DateEntry(Said):
    """One date of a calendar that is not as the week has it.

    A working day has the ``hours`` given, such as ``[["09:00", "13:00"]]``; without them those of
    its weekday, or of the first weekday that is open.
    """

    date: Date
    kind: Literal["holiday", "working"] = "holiday"
    hours: list[list[str]] | None = None


class CalendarChanged(Fact):
    """A calendar as it stands from now on; sent to every partition."""

    name: ClassVar[str] = "calendar-changed"
    calendar: Id
    version: WholeNumber | Code
    timezone: Code | None = None
    working_hours: JsonValue = None
    dates: list[Annotated[DateEntry | Date, Field(union_mode="left_to_right")]] | None = None


FACTS: tuple[type[Fact], ...] = tuple(
    found
    for found in tuple(globals().values())
    if isinstance(found, type) and issubclass(found, Fact) and "name" in vars(found)
)
"""Every event above that has a name, in this order."""


def type_of(fact: type[Fact]) -> str:
    """The CloudEvents type of a reported event."""
    return f"support.case.{fact.name}.v1"


BY_TYPE: dict[str, type[Fact]] = {type_of(fact): fact for fact in FACTS}
