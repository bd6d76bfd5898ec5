"""The model of a policy file.

A policy is data: which rules are asked, with which numbers, which duties begin when, who may do
what. The rules themselves are functions in ``rules.py``; there is no expression language.
``policies.py`` knows which version judges what.
"""

from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from typing import Literal, Self

from pydantic import (
    AwareDatetime,
    Field,
    model_validator,
)

from policies.calendars import Calendar
from policies.entries import (
    LADDER,
    SEVERITIES,
    AddressBook,
    Code,
    ColourSpec,
    Condition,
    DutySpec,
    Length,
    PhraseSpec,
    PolicyName,
    PolicyPart,
    Roles,
    RuleEntry,
    SuggestionName,
    TemplateSpec,
    Told,
    Triage,
)
from policies.sentences import Sentence, unkept
from schemas.vocabulary import (
    LARGEST_VERSION,
    Channel,
    EscalationSeverity,
    Level,
    Severity,
)


class Policy(PolicyPart):
    """One version of one policy, as its YAML file says."""

    policy: PolicyName
    version: int = Field(ge=1, le=LARGEST_VERSION)
    effective_from: AwareDatetime
    source_ref: str
    published_on: str
    summary: str
    once_only: bool
    rules: tuple[RuleEntry, ...]
    windows: dict[Severity, dict[Code, Length]] = Field(default_factory=dict)
    reasons: tuple[Code, ...] = ()
    suggestions: tuple[SuggestionName, ...] = ()
    web_channels: tuple[Channel, ...] = ("button", "form", "related-link")
    phrase: PhraseSpec | None = None
    templates: dict[Code, TemplateSpec] = Field(default_factory=dict)
    severities: dict[EscalationSeverity, ColourSpec] = Field(default_factory=dict)
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
    def _windows_are_whole(self) -> Self:
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
    def _duties_have_names_of_their_own(self) -> Self:
        names = [spec.duty for spec in self.duties]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                f"duties: {', '.join(twice)} appears twice; give each a name of its own"
            )
        return self

    @model_validator(mode="after")
    def _approval_is_waited_for_until_an_instant(self) -> Self:
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
    def _ladder_has_no_gap(self) -> Self:
        if self.ladder != LADDER[: len(self.ladder)]:
            raise ValueError(
                f"ladder: it has a gap: {' > '.join(self.ladder)}; begin with support and leave "
                f"none out: {' > '.join(LADDER)}"
            )
        return self

    @model_validator(mode="after")
    def _counts_from_a_sensible_instant(self) -> Self:
        if not 1900 < self.effective_from.year < 9000:
            raise ValueError("effective_from: the year is out of range; write 1901 to 8999")
        return self

    @model_validator(mode="after")
    def _sentences_are_kept(self) -> Self:
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
