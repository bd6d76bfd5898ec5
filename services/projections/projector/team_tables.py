"""The teams of this deployment as a table, so that the review knows their days and hours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from policies.calendars import Calendar
from policies.catalogue import Policies
from policies.teams import Team, TeamsProblem

REACH: Final = timedelta(days=800)
"""How far from today days off are written down, to both sides."""
COLUMNS: Final = ("team", "name", "zone", "weekdays", "days_off", "days_worked", "sign_off_by")


@dataclass(frozen=True)
class TeamRow:
    """A row of ``projections.teams``. Weekdays are those of ISO 8601: Monday is 1."""

    team: str
    name: str
    zone: str
    weekdays: list[int]
    days_off: list[date]
    days_worked: list[date]
    sign_off_by: time | None


def team_rows(teams: Iterable[Team], known: Policies, today: date) -> list[TeamRow]:
    """Each team with its working days. Errors: ``TeamsProblem`` naming a calendar that is none."""
    return [_row(team, _calendar(team, known), today) for team in teams]


def _row(team: Team, calendar: Calendar, today: date) -> TeamRow:
    days = [today + timedelta(days=one) for one in range(-REACH.days, REACH.days + 1)]
    worked = calendar.worked_days
    return TeamRow(
        team=team.id,
        name=team.name,
        zone=(team.zone or calendar.timezone).key,
        weekdays=[day for day, hours in enumerate(calendar.hours, 1) if hours],
        days_off=[day for day in days if day not in worked and calendar.is_off(day)],
        days_worked=sorted(worked),
        sign_off_by=None if team.sign_off_by is None else time.fromisoformat(team.sign_off_by),
    )


def _calendar(team: Team, known: Policies) -> Calendar:
    if team.calendar is None:
        return Calendar()
    found = [policy for policy in known if policy.policy == team.calendar]
    if not found:
        raise TeamsProblem(f"team {team.id}: calendar {team.calendar} is the name of no policy")
    now = datetime.now(UTC)
    return max(found, key=lambda one: (one.effective_from <= now, one.effective_from)).calendar


async def write_teams(connection: Any, teams: Iterable[Team], known: Policies) -> None:
    """Replace the table; readers see the old rows until the new ones are whole."""
    rows = team_rows(teams, known, datetime.now(UTC).date())
    async with connection.transaction():
        await connection.execute("LOCK TABLE projections.teams IN EXCLUSIVE MODE")
        await connection.execute("DELETE FROM projections.teams")
        await connection.copy_records_to_table(
            "teams", schema_name="projections", columns=COLUMNS,
            records=[tuple(getattr(row, name) for name in COLUMNS) for row in rows],
        )  # fmt: skip
