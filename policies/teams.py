"""The teams of an organisation: the model of ``teams.yaml``.

A setting names the file. Without one there are no teams but those that cases name, and each is
reviewed in UTC, from Monday to Friday.
"""

from collections import Counter
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from policies.calendars import Zone
from policies.entries import TimeOfDay


class TeamsProblem(ValueError):
    """What is wrong where in the file of teams, or whose calendar it names."""


class Team(BaseModel):
    """One team. ``calendar`` is the policy whose working days it has; ``zone`` is where its days
    begin, that of the calendar where absent. ``sign_off_by`` is when the review of a day is to
    be signed off, the end of the day where absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    zone: Zone | None = None
    calendar: str | None = None
    sign_off_by: TimeOfDay | None = None


class Teams(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    teams: tuple[Team, ...]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        for name, number in Counter(team.id for team in self.teams).items():
            if number > 1:
                raise ValueError(f"the team {name} appears {number} times: keep one")
        return self


def load_teams(file: Path | None) -> tuple[Team, ...]:
    """The teams of a file; none where no file is named. Errors: ``TeamsProblem``."""
    if file is None:
        return ()
    try:
        return Teams.model_validate(yaml.safe_load(file.read_text("utf-8"))).teams
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TeamsProblem(f"{file} cannot be read: {error}") from error
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise TeamsProblem("\n".join((f"{file} is not as it should be:", *lines))) from None
