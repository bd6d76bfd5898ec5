"""Where support is reached: the model of ``addresses.yaml``.

An organisation puts its own file in place by a setting. ``directory.py`` joins it with what the
policies say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.notifier.directory.mailbox import mailbox


class Addresses(BaseModel):
    """Where teams, levels and roles are reached. ``team`` serves where nothing better is known;
    ``duties`` names who else hears of a missed duty, ``management`` who leads a team."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    team: str | None = None
    teams: dict[str, str] = Field(default_factory=dict)
    management: dict[str, str] = Field(default_factory=dict)
    duties: dict[str, str] = Field(default_factory=dict)
    levels: dict[str, str] = Field(default_factory=dict)
    roles: dict[str, str] = Field(default_factory=dict)

    @field_validator("team")
    @classmethod
    def _team_is_usable(cls, team: str | None) -> str | None:
        return None if team is None else _usable(team)

    @field_validator("teams", "management", "duties", "levels", "roles")
    @classmethod
    def _all_are_usable(cls, named: dict[str, str]) -> dict[str, str]:
        return {name: _usable(address) for name, address in named.items()}

    @classmethod
    def usable(cls, named: Mapping[str, Any]) -> Addresses:
        """Of a policy's addresses those that mail can go to: a policy stops no mail by another."""
        kept = {
            name: {of: one for of, one in value.items() if mailbox(one)}
            if isinstance(value, dict)
            else value
            if mailbox(value)
            else None
            for name, value in named.items()
        }
        return cls.model_validate(kept)

    def over(self, below: Addresses) -> Addresses:
        """These, and what only ``below`` has."""
        return Addresses(
            team=self.team or below.team,
            teams=below.teams | self.teams,
            management=below.management | self.management,
            duties=below.duties | self.duties,
            levels=below.levels | self.levels,
            roles=below.roles | self.roles,
        )


def _usable(address: str) -> str:
    if mailbox(address) is None:
        raise ValueError(
            f"{address!r} is not a mail address: write one such as team@support.example"
        )
    return address
