"""The model of a policy file.

A policy is data: which rules are asked, with which numbers, which duties begin when, who may do
what. The rules themselves are functions in ``rules.py``; there is no expression language.
``policies.py`` knows which version judges what.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Final, Literal
from unicodedata import normalize

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from policies.calendars import Calendar
from policies.sentences import Sentence, SentenceSpec, unkept
from schemas.vocabulary import (
    LARGEST_VERSION,
    BusinessImpact,
    Channel,
    Clock,
    EscalationSeverity,
    Level,
    Severity,
)

SEVERITIES: tuple[Severity, ...] = ("S1", "S2", "S3", "S4")
LADDER: tuple[Level, ...] = ("support", "team-manager", "department-head", "executive")

RuleName = Literal[
    "case-is-known", "case-is-open", "case-is-not-escalated-yet", "tier-is-covered",
    "window-has-passed", "reason-is-given", "reason-is-offered", "comments-are-given",
    "subject-is-given", "description-is-given", "case-number-is-given",
    "business-impact-is-given", "case-number-is-this-case", "requester-has-the-role",
    "template-is-offered", "escalation-severity-is-given", "request-is-not-from-the-future",
]  # fmt: skip
SuggestionName = Literal[
    "ask-for-higher-severity", "add-a-reason", "complete-the-checklist",
    "phone-or-email-is-faster",
]  # fmt: skip
KeptBy = Literal[
    "acknowledged", "contact-attempted", "customer-contacted", "evaluated",
    "primary-contact-assigned", "kickoff-scheduled", "communication-plan-set",
    "update-to-customer", "update-to-anybody", "agent-comment", "approval",
]  # fmt: skip
Begins = Literal["acceptance", "approval-request", "communication-plan"]
Condition = Literal["action-plan-acceptable", "troubleshooting-on-track", "agreement-documented",
                    "cause-resolved"]  # fmt: skip
Told = Literal["requester", "support-manager", "handling-agent", "team", "approvers", "management"]
MAIL_ADDRESS: Final = r"^[^@\s<>,]+@[^@\s<>,]+$"
TIME_OF_DAY: Final = r"^([01]\d|2[0-3]):[0-5]\d$"
POLICY_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
MailAddress = Annotated[str, StringConstraints(pattern=MAIL_ADDRESS)]
TimeOfDay = Annotated[str, StringConstraints(pattern=TIME_OF_DAY)]
PolicyName = Annotated[str, StringConstraints(pattern=POLICY_NAME)]


def _only_text(value: object) -> object:
    """A bare number is no length: of what unit?"""
    if isinstance(value, int | float):
        raise ValueError(f"{value} has no unit; write ISO 8601 such as PT4H, P2D or PT30M")
    return value


def _within_ten_years(value: timedelta) -> timedelta:
    if value > LONGEST:
        raise ValueError("it is longer than ten years; write P3660D or less")
    return value


LONGEST: Final = timedelta(days=3660)
Length = Annotated[timedelta, BeforeValidator(_only_text), AfterValidator(_within_ten_years)]
Code = Annotated[
    str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")
]
"""A name that decisions, states and tables repeat for ever: short, and without control
characters."""
Points = Annotated[int, Field(ge=0, le=1_000_000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleEntry(_Part):
    """A rule that the policy asks, and the statement it comes from."""

    rule: RuleName
    statement: Code


class DutySpec(_Part):
    """Who owes what by when.

    Its length is one of: ``length`` on its clock; so many ``working_days`` (the same wall time
    that many working days later, within opening hours); ``daily_at`` a time of each working day;
    or, where it begins with the communication plan, the plan's frequency. ``kind`` says whether
    customers may rely on it (promise) or it is only typical (expectation).
    """

    duty: Code
    begins: Begins = "acceptance"
    clock: Clock
    length: Length | None = None
    by_severity: dict[Severity, Length] = {}
    working_days: int | None = Field(default=None, ge=1, le=366)
    daily_at: TimeOfDay | None = None
    kept_by: tuple[KeptBy, ...]
    repeats: bool = False
    pauses: bool = False
    owed_by: Told
    kind: Literal["promise", "expectation"]
    statement: Code
    note: str | None = None

    @model_validator(mode="after")
    def _has_one_length(self) -> DutySpec:
        given = [self.length, self.working_days, self.daily_at]
        lengths = sum(one is not None for one in given) + (self.begins == "communication-plan")
        if lengths != 1:
            raise ValueError(
                f"it has {lengths or 'no'} lengths; give one of length, working_days and daily_at, "
                "or begin with the communication plan, whose frequency is the length"
            )
        if self.clock == "elapsed" and (self.working_days or self.daily_at):
            raise ValueError("working_days and daily_at need a calendar; write clock: working")
        if self.begins == "communication-plan" and self.clock == "working":
            raise ValueError("a plan's frequency is elapsed time; write clock: elapsed")
        if self.by_severity and self.length is None:
            raise ValueError("by_severity needs a length for the severities that it does not name")
        if any(length <= timedelta() for length in (self.length, *self.by_severity.values())
               if length is not None):  # fmt: skip
            raise ValueError("a length must be above zero; write one such as PT4H")
        return self


def _as_read(words: str) -> str:
    """The words as comments are read: one form of each letter, single spaces."""
    return " ".join(normalize("NFKC", words).casefold().split())


class PhraseSpec(_Part):
    """Words in a customer's public comment that are a request."""

    words: Annotated[
        str,
        StringConstraints(min_length=1, max_length=128, strip_whitespace=True),
        AfterValidator(_as_read),
    ] = "escalation request"
    statement: Code = "001-11"
    near_miss_distance: int = Field(default=2, ge=0, le=4)


class ColourSpec(_Part):
    """How a severity of an escalation is shown: never by its colour alone."""

    colour: str | None
    text: str


class TemplateSpec(_Part):
    """How a request is processed: for a case or an account, with approval or without."""

    kind: Literal["case", "account"]
    approval: bool = False


class Roles(_Part):
    """Who may do what; an empty list asks for no role."""

    request: tuple[Code, ...] = ()
    approve: tuple[Code, ...] = ()
    raise_level: tuple[Code, ...] = ()
    de_escalate: tuple[Code, ...] = ()


class AddressBook(_Part):
    """Where support is reached: per team of a case, missed duty, level and role.

    What stands here goes before the deployment's own file of addresses.
    """

    team: MailAddress | None = None
    teams: dict[str, MailAddress] = {}
    duties: dict[str, MailAddress] = {}
    levels: dict[Level, MailAddress] = {}
    roles: dict[str, MailAddress] = {}


class Triage(_Part):
    """Points for what makes a case pressing; from ``prioritised_from`` on it goes first."""

    impact: dict[BusinessImpact, Points]
    each_week_open: Points
    at_most_weeks: Points
    prioritised_from: Points
    statement: Code = "002-12"


PARTS = (
    RuleEntry, DutySpec, PhraseSpec, ColourSpec, TemplateSpec, Roles, AddressBook, Triage,
    SentenceSpec,
)  # fmt: skip


class Policy(_Part):
    """One version of one policy, as its YAML file says."""

    policy: PolicyName
    version: int = Field(ge=1, le=LARGEST_VERSION)
    effective_from: AwareDatetime
    source_ref: str
    published_on: str
    summary: str
    once_only: bool
    rules: tuple[RuleEntry, ...]
    windows: dict[Severity, dict[Code, Length]] = {}
    reasons: tuple[Code, ...] = ()
    suggestions: tuple[SuggestionName, ...] = ()
    web_channels: tuple[Channel, ...] = ("button", "form", "related-link")
    phrase: PhraseSpec | None = None
    templates: dict[Code, TemplateSpec] = {}
    severities: dict[EscalationSeverity, ColourSpec] = {}
    roles: Roles = Roles()
    conditions: tuple[Condition, ...] = ()
    triage: Triage | None = None
    agent_comments_are_updates: bool = False
    improvement_is_owed: bool = False
    duties: tuple[DutySpec, ...] = ()
    ladder: tuple[Level, ...] = Field(default=LADDER, min_length=1)
    owner: Literal["support-manager", "handling-agent"]
    told: tuple[Told, ...]
    management_first: tuple[str, ...] = ()
    next_steps: tuple[Sentence, ...] = ()
    when_rejected: tuple[Sentence, ...] = ()
    addresses: AddressBook = AddressBook()
    calendar: Calendar = Calendar()
    watched_until: Literal["closed", "resolved", "de-escalated"]

    @model_validator(mode="after")
    def _windows_are_whole(self) -> Policy:
        every = {tier for by_tier in self.windows.values() for tier in by_tier}
        for severity in SEVERITIES if self.windows else ():
            if severity not in self.windows:
                raise ValueError(f"windows: {severity} is missing; add it with every tier")
            if lacking := sorted(every - self.windows[severity].keys()):
                raise ValueError(
                    f"windows: {severity} has no {', '.join(lacking)}; give every severity the "
                    "same tiers"
                )
            if min(self.windows[severity].values()) < timedelta():
                raise ValueError(f"windows: {severity} is below zero; write PT0S or more")
        return self

    @model_validator(mode="after")
    def _duties_have_names_of_their_own(self) -> Policy:
        names = [spec.duty for spec in self.duties]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                f"duties: {', '.join(twice)} appears twice; give each a name of its own"
            )
        return self

    @model_validator(mode="after")
    def _approval_is_waited_for_until_an_instant(self) -> Policy:
        begun = [spec.duty for spec in self.duties if spec.begins == "approval-request"]
        wants = [name for name, template in self.templates.items() if template.approval]
        if wants and not begun:
            raise ValueError(
                f"duties: a request with the template {wants[0]} would wait for approval for "
                "ever; add a duty that begins with approval-request"
            )
        if len(begun) > 1:
            raise ValueError(
                f"duties: {', '.join(begun)} all begin with approval-request; keep one of them"
            )
        return self

    @model_validator(mode="after")
    def _ladder_has_no_gap(self) -> Policy:
        if self.ladder != LADDER[: len(self.ladder)]:
            raise ValueError(
                f"ladder: it has a gap: {' > '.join(self.ladder)}; begin with support and leave "
                f"none out: {' > '.join(LADDER)}"
            )
        return self

    @model_validator(mode="after")
    def _counts_from_a_sensible_instant(self) -> Policy:
        if not 1900 < self.effective_from.year < 9000:
            raise ValueError("effective_from: the year is out of range; write 1901 to 8999")
        return self

    @model_validator(mode="after")
    def _sentences_are_kept(self) -> Policy:
        for entry in ("next_steps", "when_rejected"):
            for sentence in getattr(self, entry):
                for problem in unkept(sentence, self):
                    raise ValueError(f"{entry}: “{sentence.text[:60]}”: {problem}")
        return self

    @property
    def calendar_name(self) -> str:
        """A calendar without a name is called as its policy."""
        return self.calendar.name or self.policy

    @cached_property
    def tiers(self) -> dict[str, str]:
        """The tiers that have a window, by name and by the digest a state may hold."""
        names = {tier for by_tier in self.windows.values() for tier in by_tier}
        return {form: tier for tier in names for form in (tier, digest_of(tier))}

    @cached_property
    def statements(self) -> dict[str, str]:
        """The statement behind each rule that the policy asks."""
        return {entry.rule: entry.statement for entry in self.rules}

    def window(self, severity: Severity, tier: str) -> timedelta | None:
        """How long after opening a request is allowed; None: no window, or tier not covered."""
        name = self.tiers.get(tier)
        return None if name is None else self.windows[severity][name]

    @cached_property
    def specs(self) -> dict[str, DutySpec]:
        """The duties by their names."""
        return {spec.duty: spec for spec in self.duties}

    def colour(self, severity: EscalationSeverity | None) -> str | None:
        """The colour that an escalation of this severity is shown in (004-08, 004-11)."""
        found = None if severity is None else self.severities.get(severity)
        return None if found is None else found.colour


def digest_of(text: str) -> str:
    """What the state keeps of reported text that is no code of any policy."""
    return f"#{sha256(text.encode()).hexdigest()[:16]}"
