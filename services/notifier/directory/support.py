"""Who in support is told what under which policy, and where.

The policy file says who and in which order; addresses come from it too, and from the
deployment's own file. ``audience.py`` looks people up here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from policies.catalogue import Policies
from policies.model import Policy
from schemas.decided import PolicyRef
from services.notifier.directory.addresses import Addresses


@dataclass(frozen=True)
class Audiences:
    """Who is told under one version of a policy."""

    policy: Policy
    addresses: Addresses

    @property
    def owner(self) -> str:
        return self.policy.owner

    def accepted(self, situations: tuple[str, ...] = ()) -> list[str]:
        """Who hears of an acceptance, in this order; management first where a situation says so
        (003-06, 003-07)."""
        order: list[str] = list(self.policy.told)
        if set(situations) & set(self.policy.management_first):
            order = ["management", *(one for one in order if one != "management")]
        return order

    def owing(self, duties: list[str]) -> list[str]:
        """Who owes these duties, each once. A requester never does."""
        owed = (self.policy.specs[duty].owed_by for duty in duties if duty in self.policy.specs)
        return [one for one in dict.fromkeys(owed) if one != "requester"]

    def concerned(self, duty: str) -> list[str]:
        """Who hears of a missed duty: who owes it, else the owner; the level; an address of its
        own where it has one."""
        own = ["duty"] if duty in self.addresses.duties else []
        return [*(self.owing([duty]) or [self.owner]), "level", *own]


@dataclass(frozen=True)
class Directory:
    """The deployment's addresses, and every version of every policy."""

    addresses: Addresses
    policies: Policies

    def of(self, policy: PolicyRef | None) -> Audiences:
        """Who is told under a policy. One that is not known here is told like the default."""
        versions = self._versions
        default = versions[self.policies.default, None]
        if policy is None:
            return default
        of_any = versions.get((policy.name, None), default)
        return versions.get((policy.name, policy.version), of_any)

    def with_versions(self, more: list[Policy]) -> Directory:
        """The same, and further versions of policies."""
        return Directory(self.addresses, self.policies.with_versions(more))

    @cached_property
    def _versions(self) -> dict[tuple[str, int | None], Audiences]:
        found: dict[tuple[str, int | None], Audiences] = {}
        for name, versions in self.policies.versions.items():
            for one in versions:
                found[name, one.version] = found[name, None] = self._audiences(one)
        return found

    def _audiences(self, policy: Policy) -> Audiences:
        own = Addresses.usable(policy.addresses.model_dump())
        return Audiences(policy, own.over(self.addresses))
