"""When missing a duty is decided. The log is the only clock: ``clock`` is the greatest broker
timestamp read in the partition, never a process's own watch."""

from __future__ import annotations

from datetime import datetime

from policies.catalogue import Policies
from schemas.decided import DeadlineMissed
from services.escalation.core.case import Case, OpenDuty
from services.escalation.core.duties import next_of, terms_of


def next_fire(case: Case) -> datetime | None:
    """When the next missed duty of this case must be decided; None where nothing is open."""
    if case.escalation is None:
        return None
    pending = [one.fires_at for one in case.escalation.duties if one.fires_at is not None]
    return min(pending, default=None)


def first_late(case: Case, clock: datetime) -> OpenDuty | None:
    """The first duty due at or before the clock, by due instant and then name."""
    if case.escalation is None:
        return None
    late = [
        (one.due_at, one.duty, one)
        for one in case.escalation.duties
        if one.fires_at is not None and one.due_at is not None and one.fires_at <= clock
    ]
    return min(late, key=lambda one: one[:2])[2] if late else None


def missed(
    case_id: str | None, case: Case, clock: datetime, policies: Policies
) -> DeadlineMissed | None:
    """The decision that the first duty which the clock has passed was missed, if there is one."""
    late, escalation = first_late(case, clock), case.escalation
    if late is None or escalation is None or late.due_at is None:
        return None
    policy = policies.version(escalation.policy, escalation.version)
    spec = policy.specs.get(late.duty)
    again = []
    if spec is not None and spec.repeats:
        following = next_of(spec, terms_of(escalation, policy, case.severity), late, late.due_at)
        if following.due_at is not None and following.due_at > late.due_at:
            again = [following]
    return DeadlineMissed(
        case_id=case_id,
        escalation_id=escalation.id,
        duty=late.duty,
        due_at=late.due_at,
        level=escalation.level,
        duties=again,
    )
