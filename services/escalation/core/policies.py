"""All versions of all policies of a deployment, and which of them judges what.

Files are handed in; this room reads none by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.resources import files
from typing import Any, Protocol

import yaml
from pydantic import ValidationError

from services.escalation.core.calendars import Calendar
from services.escalation.core.policy import Policy, digest_of

ACCOUNTS = "templated"
"""The policy that judges account escalations."""
CASELESS = "resolutions-desk"
"""The policy that judges a form which names no case."""


@dataclass(frozen=True)
class Policies:
    """All versions known to a deployment. ``default`` judges where no program names one."""

    versions: dict[str, tuple[Policy, ...]]
    default: str

    @cached_property
    def codes(self) -> frozenset[str]:
        """Every name and tier that may stand in a state as it is."""
        return frozenset(self.versions) | {tier for policy in self for tier in policy.tiers}

    def as_code(self, text: str) -> str:
        """The text itself where a policy knows it, else its digest: nobody's words are kept."""
        return text if text in self.codes else digest_of(text)

    @cached_property
    def _named(self) -> dict[str, tuple[Policy, ...]]:
        """The versions by name, and by the digest that a state holds of a name that no policy
        had when the case was opened."""
        return {
            form: versions
            for name, versions in self.versions.items()
            for form in (name, digest_of(name))
        }

    def judging(self, program: str | None, at: datetime) -> Policy:
        """The version in force at an instant; before all of them, the first."""
        versions = self._named.get(program or self.default) or self.versions[self.default]
        in_force = versions[0]
        for version in versions[1:]:
            if version.effective_from <= at:
                in_force = version
        return in_force

    def version(self, name: str, number: int) -> Policy:
        """The very version that an escalation began with."""
        return next(one for one in self.versions[name] if one.version == number)

    def with_versions(self, more: Iterable[Policy]) -> Policies:
        """These and further versions; of a number that stands already, the first counts."""
        every = {(one.policy, one.version): one for one in self}
        for one in more:
            every.setdefault((one.policy, one.version), one)
        return collect(every.values(), self.default)

    def __iter__(self) -> Iterator[Policy]:
        """Every version of every policy."""
        return (one for versions in self.versions.values() for one in versions)

    def with_calendar(self, calendar: Calendar) -> Policies:
        """The same policies, where the calendar of this name is as given from now on."""
        return Policies(
            {
                name: tuple(_recalendared(version, calendar) for version in versions)
                for name, versions in self.versions.items()
            },
            self.default,
        )

    def calendar(self, name: str) -> Calendar | None:
        """The calendar of this name as it stands, if any policy uses it."""
        return next((one.calendar for one in self if one.calendar.name == name), None)


def _recalendared(policy: Policy, calendar: Calendar) -> Policy:
    if policy.calendar.name != calendar.name:
        return policy
    return policy.model_copy(update={"calendar": calendar})


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
    """Read one policy file. Errors: ``PolicyProblem`` naming the file, the line and the entry."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return Policy.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise PolicyProblem(f"{where}: this is no YAML: {error}") from None
    except ValidationError as error:
        lines = [
            f"{where}:{line_of(node, one['loc'])}: {_entry(one['loc'])}: {_remedy(dict(one))}"
            for one in error.errors()
        ]
        raise PolicyProblem("\n".join(lines)) from None


def line_of(node: Any, location: tuple[int | str, ...]) -> int:
    """The line of an entry, or of the nearest one around it that is there."""
    line = 1
    for step in location:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


def _child(node: Any, step: int | str) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


def _remedy(problem: dict[str, Any]) -> str:
    if problem["type"] == "missing":
        return "is missing: add it"
    if problem["type"] == "extra_forbidden":
        return "is no entry of a policy: remove it, or see docs/policies.md for its name"
    return str(problem["msg"])


def _entry(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "the file"


def parsed(texts: Iterable[str], where: str) -> tuple[list[Policy], list[str]]:
    """The policies in these texts, and what is wrong with those that are none."""
    found, problems = list[Policy](), list[str]()
    for text in texts:
        try:
            found.append(parse_policy(text, where))
        except PolicyProblem as problem:
            problems.append(str(problem))
    return found, problems


class Folder(Protocol):
    """Where policy files stand: ``<policy>/<version>.yaml``. A ``Path`` is one."""

    def iterdir(self) -> Iterable[Folder]: ...
    def is_dir(self) -> bool: ...
    def read_text(self, encoding: str) -> str: ...
    @property
    def name(self) -> str: ...


def shipped() -> Folder:
    """The policies that come with this package."""
    return files("services.escalation") / "policies"


def policies_in(folder: Folder, default: str, more: Folder | None = None) -> Policies:
    """Every policy of a folder, and of one more beside it. Errors: ``PolicyProblem``."""
    try:
        return collect((*_files_of(folder), *(_files_of(more) if more else ())), default)
    except OSError as error:
        raise PolicyProblem(f"policy files cannot be read: {error}") from None


def _files_of(folder: Folder) -> Iterator[Policy]:
    for named in sorted(folder.iterdir(), key=lambda one: one.name):
        if named.is_dir():
            for file in sorted(named.iterdir(), key=lambda one: one.name):
                if file.name.endswith(".yaml"):
                    yield parse_policy(file.read_text("utf-8"), f"{named.name}/{file.name}")
