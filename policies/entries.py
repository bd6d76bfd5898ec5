"""The entries of a policy file: rules, duties, phrases, templates, roles, addresses, triage.

``model.py`` puts them together. The rules themselves are functions of the core; there is no
expression language.
"""

from datetime import timedelta
from typing import Annotated, Final, Literal, Self
from unicodedata import normalize

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from policies.sentences import SentenceSpec
from schemas.decided import KEPT_BY
from schemas.vocabulary import (
    BusinessImpact,
    Clock,
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


def _known_key(key: str) -> str:
    if key not in KEPT_BY:
        raise ValueError(f"{key} is not known here; write one of {', '.join(KEPT_BY)}")
    return key


KeptBy = Annotated[str, AfterValidator(_known_key)]
"""What a duty may be kept by: the decisions say so themselves."""
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
    """A bare number is not a valid duration: of what unit?"""
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


class PolicyPart(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleEntry(PolicyPart):
    """A rule that the policy asks, and the statement it comes from."""

    rule: RuleName
    statement: Code


class DutySpec(PolicyPart):
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
    def _has_one_length(self) -> Self:
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


class PhraseSpec(PolicyPart):
    """Words in a customer's public comment that are a request."""

    words: Annotated[
        str,
        StringConstraints(min_length=1, max_length=128, strip_whitespace=True),
        AfterValidator(_as_read),
    ] = "escalation request"
    statement: Code = "001-11"
    near_miss_distance: int = Field(default=2, ge=0, le=4)


class ColourSpec(PolicyPart):
    """How a severity of an escalation is shown: never by its colour alone."""

    colour: str | None
    text: str


class TemplateSpec(PolicyPart):
    """How a request is processed: for a case or an account, with approval or without."""

    kind: Literal["case", "account"]
    approval: bool = False


class Roles(PolicyPart):
    """Who may do what; an empty list asks for no role."""

    request: tuple[Code, ...] = ()
    approve: tuple[Code, ...] = ()
    raise_level: tuple[Code, ...] = ()
    de_escalate: tuple[Code, ...] = ()


class AddressBook(PolicyPart):
    """Where support is reached: per team of a case, missed duty, level and role.

    What stands here goes before the deployment's own file of addresses.
    """

    team: MailAddress | None = None
    teams: dict[str, MailAddress] = {}
    duties: dict[str, MailAddress] = {}
    levels: dict[Level, MailAddress] = {}
    roles: dict[str, MailAddress] = {}


class Triage(PolicyPart):
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
