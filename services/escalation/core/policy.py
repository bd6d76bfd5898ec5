"""The model of a policy file, and which version judges what.

A policy is data: which rules are asked, with which numbers, which duties begin when. The rules
themselves are functions in ``rules.py``; there is no expression language. Files are handed in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Literal, Protocol

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.vocabulary import Clock, Level, Severity
from services.escalation.core.calendars import Calendar

LADDER: tuple[Level, ...] = ("support", "team-manager", "department-head", "executive")

RuleName = Literal[
    "case-is-known", "case-is-open", "case-is-not-escalated-yet", "tier-is-covered",
    "window-has-passed", "reason-is-given", "reason-is-offered", "comments-are-given",
    "request-is-not-from-the-future",
]  # fmt: skip
SuggestionName = Literal["ask-for-higher-severity", "add-a-reason"]
KeptBy = Literal["contact-attempted", "customer-contacted", "acknowledged", "update-given"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleEntry(_Part):
    """A rule that the policy asks, and the statement it comes from."""

    rule: RuleName
    statement: str


class DutySpec(_Part):
    """Who owes what by when, once an escalation is accepted.

    ``kind`` says whether customers may rely on it (promise) or it is only typical (expectation).
    """

    duty: str
    length: timedelta
    clock: Clock
    kept_by: tuple[KeptBy, ...]
    owed_by: str
    kind: Literal["promise", "expectation"]
    statement: str
    note: str | None = None


class PhraseSpec(_Part):
    """Words in a customer's public comment that are a request."""

    words: str = "escalation request"
    statement: str = "001-11"
    near_miss_distance: int = 2


class Policy(_Part):
    """One version of one policy, as its YAML file says."""

    policy: str
    version: int = Field(ge=1)
    effective_from: AwareDatetime
    source_ref: str
    published_on: str
    summary: str
    once_only: bool
    rules: tuple[RuleEntry, ...]
    windows: dict[Severity, dict[str, timedelta]] = {}
    reasons: tuple[str, ...] = ()
    suggestions: tuple[SuggestionName, ...] = ()
    phrase: PhraseSpec | None = None
    duties: tuple[DutySpec, ...] = ()
    ladder: tuple[Level, ...] = LADDER
    owner: Literal["support-manager", "assigned-agent"]
    told: tuple[str, ...]
    calendar: Calendar = Calendar()
    watched_until: Literal["closed", "resolved", "de-escalated"]

    @model_validator(mode="after")
    def _windows_are_whole(self) -> Policy:
        tiers = {frozenset(by_tier) for by_tier in self.windows.values()}
        if self.windows and (len(self.windows) != 4 or len(tiers) != 1):
            raise ValueError("windows: give every severity S1 to S4 the same tiers")
        return self

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


def digest_of(text: str) -> str:
    """What the state keeps of reported text that is no code of any policy."""
    return f"#{sha256(text.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Policies:
    """All versions known to a deployment. ``default`` judges where no program names one."""

    versions: dict[str, tuple[Policy, ...]]
    default: str

    @cached_property
    def codes(self) -> frozenset[str]:
        """Every name and tier that may stand in a state as it is."""
        every = [policy for versions in self.versions.values() for policy in versions]
        return frozenset(self.versions) | {tier for policy in every for tier in policy.tiers}

    def as_code(self, text: str) -> str:
        """The text itself where a policy knows it, else its digest: nobody's words are kept."""
        return text if text in self.codes else digest_of(text)

    def judging(self, program: str | None, at: datetime) -> Policy:
        """The version in force at an instant; before all of them, the first."""
        versions = self.versions.get(program or self.default) or self.versions[self.default]
        in_force = versions[0]
        for version in versions[1:]:
            if version.effective_from <= at:
                in_force = version
        return in_force

    def version(self, name: str, number: int) -> Policy:
        """The very version that an escalation began with."""
        return next(one for one in self.versions[name] if one.version == number)


def collect(policies: Iterable[Policy], default: str) -> Policies:
    """Order the versions of each policy by the instant from which they count.

    Errors: ``ValueError`` where the default is missing or a version stands twice.
    """
    by_name: dict[str, list[Policy]] = {}
    for policy in policies:
        by_name.setdefault(policy.policy, []).append(policy)
    for name, versions in by_name.items():
        versions.sort(key=lambda one: (one.effective_from, one.version))
        if len({one.version for one in versions}) != len(versions):
            raise ValueError(f"policy {name}: a version number stands twice")
    if default not in by_name:
        known = ", ".join(sorted(by_name))
        raise ValueError(f"the default policy {default} is none of: {known}")
    return Policies({name: tuple(versions) for name, versions in by_name.items()}, default)


class PolicyProblem(ValueError):
    """What is wrong with a policy file, where, and what to do."""


def parse_policy(text: str, where: str) -> Policy:
    """Read one policy file. Errors: ``PolicyProblem`` naming the file and the entry."""
    try:
        return Policy.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise PolicyProblem(f"{where}: this is no YAML: {error}") from None
    except ValidationError as error:
        lines = [f"{where}: {_entry(one['loc'])}: {one['msg']}" for one in error.errors()]
        raise PolicyProblem("\n".join(lines)) from None


def _entry(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "the file"


class Folder(Protocol):
    """Where policy files stand: ``<policy>/<version>.yaml``. A ``Path`` is one."""

    def iterdir(self) -> Iterable[Folder]: ...
    def is_dir(self) -> bool: ...
    def read_text(self, encoding: str) -> str: ...
    @property
    def name(self) -> str: ...


def policies_in(folder: Folder, default: str) -> Policies:
    """Every policy of a folder."""
    return collect(
        (
            parse_policy(file.read_text("utf-8"), f"{named.name}/{file.name}")
            for named in folder.iterdir()
            if named.is_dir()
            for file in named.iterdir()
            if file.name.endswith(".yaml")
        ),
        default,
    )
