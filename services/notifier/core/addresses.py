"""Who in support is told what, and where: the model of ``addresses.yaml``.

An organisation puts its own file in place by a setting; ``audience.py`` looks people up here.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.notifier.core.mailbox import mailbox

KNOWN_AUDIENCES: Final = ("requester", "support-manager", "agent", "team", "level")
ROLE: Final = "role:"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _usable(address: str) -> str:
    if mailbox(address) is None:
        raise ValueError(f"{address!r} is no mail address: write one such as team@support.example")
    return address


class Addresses(_Part):
    """Where teams, levels and roles are reached. ``team`` serves where nothing better is known."""

    team: str | None = None
    teams: dict[str, str] = Field(default_factory=dict)
    levels: dict[str, str] = Field(default_factory=dict)
    roles: dict[str, str] = Field(default_factory=dict)

    @field_validator("team")
    @classmethod
    def _team_is_usable(cls, team: str | None) -> str | None:
        return None if team is None else _usable(team)

    @field_validator("teams", "levels", "roles")
    @classmethod
    def _all_are_usable(cls, named: dict[str, str]) -> dict[str, str]:
        return {name: _usable(address) for name, address in named.items()}

    def over(self, below: Addresses) -> Addresses:
        """These, and what only ``below`` has."""
        return Addresses(
            team=self.team or below.team,
            teams=below.teams | self.teams,
            levels=below.levels | self.levels,
            roles=below.roles | self.roles,
        )


class Audiences(_Part):
    """Who is told under one policy. ``missed`` and ``accepted`` name audiences."""

    owner: Literal["support-manager", "agent"] = "support-manager"
    accepted: list[list[str]]
    missed: dict[str, list[str]] = Field(default_factory=dict)
    raised: list[str] = Field(default_factory=lambda: ["level"])
    addresses: Addresses = Addresses()

    @field_validator("accepted")
    @classmethod
    def _orders_are_known(cls, orders: list[list[str]]) -> list[list[str]]:
        return [_known(order) for order in orders]

    @field_validator("missed")
    @classmethod
    def _missed_are_known(cls, missed: dict[str, list[str]]) -> dict[str, list[str]]:
        return {duty: _known(audiences) for duty, audiences in missed.items()}

    @field_validator("raised")
    @classmethod
    def _raised_are_known(cls, raised: list[str]) -> list[str]:
        return _known(raised)

    def concerned(self, duty: str) -> list[str]:
        """Who hears of a missed duty: who owes it, else the owner, and the level it is at."""
        return self.missed.get(duty, [self.owner, "level"])


def _known(audiences: list[str]) -> list[str]:
    for audience in audiences:
        if audience not in KNOWN_AUDIENCES and not audience.startswith(ROLE):
            known = ", ".join((*KNOWN_AUDIENCES, ROLE + "<name>"))
            raise ValueError(f"{audience!r} is no audience: choose of {known}")
    return audiences


class Directory(_Part):
    """The whole file."""

    addresses: Addresses
    policies: dict[str, Audiences]
    otherwise: Audiences

    def of(self, policy: str | None) -> Audiences:
        """Who is told under a policy; a policy that the file does not list has the last entry."""
        found = self.policies.get(policy or "", self.otherwise)
        return found.model_copy(update={"addresses": found.addresses.over(self.addresses)})
