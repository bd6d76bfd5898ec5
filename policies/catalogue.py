"""All versions of all policies of a deployment, and which of them judges what.

``policies_in`` reads the folder that it is given; whoever publishes further versions hands in
their texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.resources import files
from typing import Protocol

from policies.calendars import Calendar
from policies.file import PolicyProblem, Problem, parse_policy
from policies.model import Policy, digest_of

ACCOUNTS = "templated"
"""The policy that judges account escalations."""
CASELESS = "resolutions-desk"
"""The policy that judges a form which names no case."""


class PoliciesProblem(ValueError):
    """Policies that are right one by one and cannot be used together."""


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
        """The very version that an escalation began with.

        Where this deployment no longer has it, the nearest before it, else the nearest after, else
        the first of the default: an escalation goes on whatever became of the files.
        """
        known = self.versions.get(name) or self.versions[self.default]
        return min(known, key=lambda one: (one.version > number, abs(one.version - number)))

    def find(self, name: str, number: int) -> Policy | None:
        """A version, for readers who may know fewer of them than whoever decided."""
        known = self.versions.get(name, ())
        return next((one for one in known if one.version == number), None)

    def with_versions(self, more: Iterable[Policy]) -> Policies:
        """These and further versions; of a number that stands already, the first counts."""
        every = {(one.policy, one.version): one for one in self}
        for one in more:
            every.setdefault((one.policy, one.version), one)
        return collect(every.values(), self.default)

    def __iter__(self) -> Iterator[Policy]:
        """Every version of every policy."""
        return (one for versions in self.versions.values() for one in versions)

    def with_calendars(self, calendars: dict[tuple[str, int], Calendar]) -> Policies:
        """The same policies, where these versions have these calendars from now on."""
        return Policies(
            {
                name: tuple(
                    one.model_copy(update={"calendar": calendars[name, one.version]})
                    if (name, one.version) in calendars
                    else one
                    for one in versions
                )
                for name, versions in self.versions.items()
            },
            self.default,
        )

    def knows_program(self, program: str | None) -> bool:
        """Whether a case's program is a policy here; one that names none asks for the default."""
        return program is None or program in self._named

    def knows_tier(self, tier: str | None) -> bool:
        """Whether any policy here has a window for a tier, given as it is or as its digest."""
        return any(tier in policy.tiers for policy in self)


def collect(policies: Iterable[Policy], default: str) -> Policies:
    """Order the versions of each policy by the instant from which they count.

    Errors: ``PoliciesProblem`` where the default is missing or a version number is given twice.
    """
    by_name: dict[str, list[Policy]] = {}
    for policy in policies:
        by_name.setdefault(policy.policy, []).append(policy)
    for name, versions in by_name.items():
        versions.sort(key=lambda one: (one.effective_from, one.version))
        if len({one.version for one in versions}) != len(versions):
            raise PoliciesProblem(
                f"policy {name}: a version number appears twice; where it comes along with this "
                "package, give yours the next number, or a name of its own"
            )
    if default not in by_name:
        known = ", ".join(sorted(by_name))
        raise PoliciesProblem(f"the default policy {default} is not one of: {known}")
    return Policies({name: tuple(versions) for name, versions in by_name.items()}, default)


class Folder(Protocol):
    """Where policy files stand: ``<policy>/<version>.yaml``. A ``Path`` is one."""

    def iterdir(self) -> Iterable[Folder]: ...
    def is_dir(self) -> bool: ...
    def read_text(self, encoding: str) -> str: ...
    @property
    def name(self) -> str: ...


def shipped() -> Folder:
    """The policies that come with this package."""
    return files("policies") / "shipped"


def policies_in(folder: Folder, default: str, more: Folder | None = None) -> Policies:
    """Every policy of a folder, and of one more beside it. Errors: ``PolicyProblem``,
    ``PoliciesProblem``."""
    try:
        return collect((*_files_of(folder), *(_files_of(more) if more else ())), default)
    except OSError as error:
        raise _misplaced(
            str(more or folder), f"policy files cannot be read: {error}", "name a folder of them"
        ) from None


def _files_of(folder: Folder) -> Iterator[Policy]:
    for named in sorted(folder.iterdir(), key=lambda one: one.name):
        if named.is_dir():
            for file in sorted(named.iterdir(), key=lambda one: one.name):
                if file.name.endswith((".yaml", ".yml")):
                    yield _file(f"{named.name}/{file.name}", file.read_text("utf-8"))
        elif named.name.endswith((".yaml", ".yml")):
            raise _misplaced(named.name, "it is in no folder", "move it to <policy>/<version>.yaml")


def _file(where: str, text: str) -> Policy:
    policy = parse_policy(text, where)
    if where != (meant := f"{policy.policy}/{policy.version}.yaml"):
        what = f"it holds {policy.policy}, version {policy.version}"
        raise _misplaced(where, what, f"name it {meant}")
    return policy


def _misplaced(where: str, problem: str, remedy: str) -> PolicyProblem:
    return PolicyProblem(where, [Problem(1, "the file", problem, remedy)])
