"""The projections as a process: both topics into Postgres until asked to stop.

Wires what the other modules hold: ``following.py`` reads and applies, ``watching.py`` watches,
``expiry.py`` forgets. An error that is no outage ends the process; the supervisor starts it
again.
"""

from __future__ import annotations

import asyncio
import gc
from datetime import UTC, datetime

from infra.runtime.settings import Settings
from policies.catalogue import policies_in, shipped
from policies.teams import load_teams
from policies.topic import PolicyTopic
from services.projections.projector.expiry import expire_daily
from services.projections.projector.following import Following
from services.projections.projector.team_tables import team_rows
from services.projections.projector.watching import Watchdog


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Project until asked to stop. Raises whatever ended one of its parts."""
    gc.set_threshold(100_000, 50, 100)
    policies = policies_in(
        shipped(), settings.decider.default_policy, settings.decider.policies_folder
    )
    teams = load_teams(settings.teams.file)
    team_rows(teams, policies, datetime.now(UTC).date())  # a calendar that is none ends us here
    following, topic = Following(settings, policies, teams), PolicyTopic(settings.kafka)
    watch = Watchdog(following)
    following.learn(await topic.poll())
    beside = [
        asyncio.create_task(one)
        for one in (topic.follow(following.learn), watch.run(), expire_daily(settings.postgres))
    ]
    working = asyncio.create_task(following.run(stop))
    try:
        await asyncio.wait([working, *beside], return_when=asyncio.FIRST_COMPLETED)
        stop.set()
        await _first_error(working, beside)
    finally:
        for task in beside:
            task.cancel()
        await topic.close()


async def _first_error(working: asyncio.Task[None], beside: list[asyncio.Task[None]]) -> None:
    """Raise what ended one of the parts; none of those beside ends without an error."""
    for task in beside:
        if task.done():
            working.cancel()
            task.result()
    await working
