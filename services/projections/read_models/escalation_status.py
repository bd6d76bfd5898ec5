"""Read model ``escalations``: how each escalation stands, from decisions alone.

Answers the daily review: what waits now, for whom, until when. Titles and tiers are joined from
the case topic by the view, so the order between the topics never matters.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, get_args, get_type_hints

from schemas import decided
from schemas.codec import Decided
from schemas.decided import Decision, Duty, Fulfilment, Recorded
from schemas.lifecycle import OVER, STATUS_AFTER, WITHOUT_DUTIES
from schemas.vocabulary import Status, instant_text
from services.escalation.core.case import changed

UPDATES = (
    decided.UpdateGiven,
    decided.CustomerContacted,
    decided.ContactAttempted,
    decided.ActionPlanShared,
)
"""What counts as an update: somebody turned to the customer."""


class StampedBy:
    """Marks a column that holds when one of these decisions was made last."""

    def __init__(self, *decisions: type[Decision]) -> None:
        self.decisions = decisions


ENDING: Final = tuple(one for one, status in STATUS_AFTER.items() if status in OVER)
"""Decisions after which nothing follows."""


@dataclass(frozen=True)
class EscalationRow:
    """The row; its fields are the table's columns.

    ``duties`` holds the open ones. ``missed`` holds, per recurring duty that was missed and not
    kept since, how often, since when and the due instant missed last; ``missed_times`` and
    ``missed_since`` sum it up.
    """

    escalation_id: str
    subject: str
    account_id: str | None = None
    team: str | None = None
    reason: str | None = None
    status: Status = "escalated"
    level: str | None = None
    colour: str | None = None
    requested_at: datetime | None = None
    accepted_at: Annotated[datetime | None, StampedBy(decided.Accepted)] = None
    acknowledged_at: Annotated[datetime | None, StampedBy(decided.Acknowledged)] = None
    de_escalated_at: Annotated[datetime | None, StampedBy(decided.Deescalated)] = None
    ended_at: Annotated[datetime | None, StampedBy(*ENDING)] = None
    owner_id: str | None = None
    primary_contact: str | None = None
    duties: str = "[]"
    next_duty: str | None = None
    next_due_at: datetime | None = None
    last_update_at: datetime | None = None
    trend: str | None = None
    policy: str | None = None
    policy_version: int | None = None
    case_ids: tuple[str, ...] | list[str] = ()
    escalation_severity: str | None = None
    paused: bool = False
    resources_at: Annotated[datetime | None, StampedBy(decided.Evaluated)] = None
    communication_at: Annotated[datetime | None, StampedBy(decided.CommunicationPlanSet)] = None
    action_plan_at: Annotated[datetime | None, StampedBy(decided.ActionPlanShared)] = None
    missed: str = "{}"
    missed_times: int = 0
    missed_since: datetime | None = None


STAMPS: Final = {
    decision: column
    for column, hint in get_type_hints(EscalationRow, include_extras=True).items()
    for mark in get_args(hint)[1:]
    if isinstance(mark, StampedBy)
    for decision in mark.decisions
}
"""Decision to the column that holds when it was made."""


def project(row: EscalationRow, event: Decided) -> EscalationRow:
    """Return the row as it reads after a decision about this escalation."""
    decision, at = event.data, event.time
    row = _changed(row, decision, at)
    if isinstance(decision, Recorded):
        row = _fulfilled(row, decision.fulfilled)
        again = {one.duty for one in decision.duties}
        row = _with_duties(
            row, [one for one in _open(row) if one.duty not in again], decision.duties
        )
    if isinstance(decision, UPDATES) and (row.last_update_at is None or at > row.last_update_at):
        row = changed(row, last_update_at=at)
    return row


def _changed(row: EscalationRow, decision: Decision, at: datetime) -> EscalationRow:
    if (status := STATUS_AFTER.get(type(decision))) is not None:
        row = changed(row, status=status)
    if (column := STAMPS.get(type(decision))) is not None:
        row = changed(row, **{column: at})
    if status in WITHOUT_DUTIES:
        row = _without_duties(row)
    match decision:
        case decided.Accepted():
            return _accepted(row, decision)
        case decided.ApprovalRequested():
            return _awaiting(row, decision)
        case decided.LevelRaised(to=level):
            return changed(row, level=level)
        case decided.TrendChanged(trend=trend):
            return changed(row, trend=trend)
        case decided.PrimaryContactAssigned(contact_id=contact):
            return changed(row, primary_contact=contact)
        case decided.CaseLinked(case_id=str(case_id)):
            return changed(row, case_ids=sorted({*row.case_ids, case_id}))
        case decided.CaseUnlinked(case_id=case_id):
            return changed(row, case_ids=[one for one in row.case_ids if one != case_id])
        case decided.DutyReplanned(duty=duty, due_at=due_at):
            kept = [one for one in _open(row) if one.duty != duty]
            return _with_duties(row, kept, [Duty(duty=duty, due_at=due_at, clock="elapsed")])
        case decided.DeadlineMissed(duties=duties) if duties:
            again = {one.duty for one in duties}
            row = _missed(row, decision) if decision.duty in again else row
            return _with_duties(row, [one for one in _open(row) if one.duty not in again], duties)
        case _:
            return row


def _awaiting(row: EscalationRow, asked: decided.ApprovalRequested) -> EscalationRow:
    row = changed(
        row,
        account_id=asked.account_id,
        team=asked.team,
        requested_at=asked.receipt.at,
        policy=asked.receipt.policy.name,
        policy_version=asked.receipt.policy.version,
    )
    return _with_duties(row, [], [Duty(duty=asked.duty, due_at=asked.due_at, clock="elapsed")])


def _accepted(row: EscalationRow, accepted: decided.Accepted) -> EscalationRow:
    row = changed(
        row,
        account_id=accepted.account_id,
        team=accepted.team,
        reason=accepted.reason,
        level=accepted.level,
        colour=accepted.colour,
        escalation_severity=accepted.escalation_severity,
        requested_at=accepted.requested_at,
        owner_id=accepted.owner_id,
        policy=accepted.policy.name,
        policy_version=accepted.policy.version,
    )
    return _with_duties(row, [], accepted.duties)


def _open(row: EscalationRow) -> list[Duty]:
    return [Duty.model_validate(one) for one in json.loads(row.duties)]


def _without_duties(row: EscalationRow) -> EscalationRow:
    row = changed(row, duties="[]", next_duty=None, next_due_at=None, paused=False)
    return _with_missed(row, {})


def _missed(row: EscalationRow, missed: decided.DeadlineMissed) -> EscalationRow:
    """One more period of a recurring duty went by; the next one is open already."""
    every = json.loads(row.missed)
    due = instant_text(missed.due_at)
    before = every.get(missed.duty) or {"times": 0, "since": due}
    every[missed.duty] = {**before, "times": before["times"] + 1, "last": due}
    return _with_missed(row, every)


def _fulfilled(row: EscalationRow, fulfilled: Iterable[Fulfilment]) -> EscalationRow:
    """Close what was fulfilled. What was reported late belongs to the period missed last: that one
    was kept after all, and the one that is open now stays open."""
    duties, every = _open(row), json.loads(row.missed)
    for one in fulfilled:
        missed = every.pop(one.duty, None)
        if missed is None or one.due_at is None or instant_text(one.due_at) > missed["last"]:
            duties = [duty for duty in duties if duty.duty != one.duty]
    return _with_missed(_with_duties(row, [], duties), every)


def _with_missed(row: EscalationRow, every: dict[str, dict[str, str | int]]) -> EscalationRow:
    since = min((str(one["since"]) for one in every.values()), default=None)
    return changed(
        row,
        missed=json.dumps(every),
        missed_times=sum(int(one["times"]) for one in every.values()),
        missed_since=None if since is None else datetime.fromisoformat(since),
    )


def _with_duties(row: EscalationRow, kept: list[Duty], more: list[Duty]) -> EscalationRow:
    duties = [*kept, *more]
    due = min(((one.due_at, one.duty) for one in duties if one.due_at), default=(None, None))
    text = json.dumps([one.model_dump(mode="json") for one in duties])
    paused = any(one.due_at is None for one in duties)
    return changed(row, duties=text, next_due_at=due[0], next_duty=due[1], paused=paused)
