"""The services of this system: one entry each, everything else about them is derived.

A new service is one entry here. ``compose.yaml`` and the topic catalogue are compared with it by
tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from schemas import topics


@dataclass(frozen=True, slots=True)
class Service:
    """``package`` runs with ``python -m``. ``reads`` are the topics that its consumer group must
    own whole, for one that has a group; ``has_tables`` says whether it has migrations and a schema
    in Postgres."""

    name: str
    package: str
    group: str = ""
    reads: tuple[str, ...] = ()
    has_tables: bool = False


_BOTH: Final = (topics.CASE_EVENTS.name, topics.ESCALATION_EVENTS.name)

SERVICES: Final = {
    one.name: one
    for one in (
        Service("intake", "services.intake", topics.INTAKE_GROUP, (topics.SALESFORCE,)),
        Service(
            "decider", "services.escalation.decider", topics.DECIDER_GROUP,
            (topics.CASE_EVENTS.name,),
        ),
        Service(
            "notifier", "services.notifier", topics.NOTIFIER_GROUP, _BOTH, has_tables=True
        ),
        Service(
            "projections", "services.projections", topics.PROJECTIONS_GROUP, _BOTH,
            has_tables=True,
        ),
    )
}  # fmt: skip
"""Those that consume topics."""

PROGRAMS: Final = SERVICES | {
    "board": Service("board", "services.projections.review.web", has_tables=True)
}
"""All of them: the page consumes nothing, it reads the views."""
