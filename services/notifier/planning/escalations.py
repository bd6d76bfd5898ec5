"""What the notifier remembers of an escalation: what later messages say that a decision does not.

Pure: decisions in their order, folded into one value. Ids, codes, instants and numbers only.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, field_validator

from policies.entries import DutySpec
from schemas import decided
from schemas.codec import Decided
from schemas.decided import Duty, Fulfilment, PolicyRef
from schemas.lifecycle import STATUS_AFTER
from schemas.vocabulary import Status

OF_OLDER: Final = {"running": "escalated", "over": "ended"}
"""What a process of an older version, which may run beside us for a while, writes as status."""


class DutyState(BaseModel):
    """A duty as it stands. ``due_at`` is null while its clock is paused; ``missed_times`` counts
    since it was last kept."""

    duty: str
    due_at: datetime | None
    is_open: bool = True
    missed_times: int = 0
    missed_at: datetime | None = None
    kind: Literal["promise", "expectation"] = "promise"
    owed_by: str = "handling-agent"
    repeats: bool = False


class EscalationState(BaseModel):
    """One escalation, or request that awaits approval. ``facts`` are those of its acceptance."""

    escalation_id: str
    subject: str
    policy: PolicyRef
    status: Status
    team: str | None = None
    owner_id: str | None = None
    contact_id: str | None = None
    primary_contact_id: str | None = None
    request_id: str | None = None
    level: str = "support"
    approvers: tuple[str, ...] = ()
    facts: dict[str, Any] = {}
    duties: dict[str, DutyState] = {}
    linked: tuple[str, ...] = ()
    monitored_from: int | None = None

    @field_validator("status", mode="before")
    @classmethod
    def _in_words_of_now(cls, status: str) -> str:
        return OF_OLDER.get(status, status)

    @property
    def open_duties(self) -> list[DutyState]:
        """What is owed now, the most urgent first; paused ones last."""
        found = [one for one in self.duties.values() if one.is_open]
        return sorted(found, key=lambda one: (one.due_at is None, one.due_at or 0))


Specs = dict[str, DutySpec]


def after(before: EscalationState | None, event: Decided, specs: Specs) -> EscalationState | None:
    """The escalation after a decision; None for a decision on one that we never learnt of."""
    match event.data:
        case decided.Accepted() as one if one.escalation_id:
            return _accepted(before, event, one, specs)
        case decided.ApprovalRequested(escalation_id=str(id_)) as one:
            due = Duty(duty=one.duty, due_at=one.due_at, clock=one.clock)
            begun = EscalationState(
                escalation_id=id_, subject=event.subject, policy=one.receipt.policy,
                status="awaiting-approval", team=one.team, request_id=one.request_id,
                approvers=tuple(one.approvers),
            )  # fmt: skip
            return _with_duties(begun, [due], specs)
        case _:
            return None if before is None else _gone_on(before, event, specs)


def _accepted(
    before: EscalationState | None, event: Decided, one: decided.Accepted, specs: Specs
) -> EscalationState:
    facts = one.model_dump(mode="json", exclude={"receipt", "fulfilled", "duties"})
    begun = EscalationState(
        escalation_id=one.escalation_id or "", subject=event.subject, policy=one.policy,
        status="escalated", team=one.team, owner_id=one.owner_id, contact_id=one.contact_id,
        request_id=one.request_id, level=one.level,
        approvers=before.approvers if before else (), facts=facts,
    )  # fmt: skip
    return _with_duties(begun, one.duties, specs)


def _gone_on(now: EscalationState, event: Decided, specs: Specs) -> EscalationState:
    match event.data:
        case decided.Deescalated(still_monitored=monitored):
            return _ended(now, "monitored" if monitored else "ended", event.source_offset)
        case decided.MonitoringHeld():
            return _ended(now, "monitored", event.source_offset)
        case decided.Declined() | decided.Voided() | decided.MonitoringEnded() as over:
            return _ended(now, STATUS_AFTER[type(over)], None)
        case decided.DutyReplanned() as one:
            return _changed(now, one.duty, due_at=one.due_at)
        case decided.DeadlineMissed() as one:
            return _with_duties(_missed(now, one), one.duties, specs)
        case decided.Recorded() as one:
            return _with_duties(_recorded(_kept(now, one.fulfilled), one), one.duties, specs)
        case _:
            return now


def _ended(now: EscalationState, status: Status, offset: int | None) -> EscalationState:
    monitored_from = offset if now.monitored_from is None else now.monitored_from
    return now.model_copy(update={"status": status, "duties": {}, "monitored_from": monitored_from})


def _recorded(now: EscalationState, one: decided.Recorded) -> EscalationState:
    match one:
        case decided.Acknowledged():
            return now.model_copy(update={"status": STATUS_AFTER[decided.Acknowledged]})
        case decided.LevelRaised(to=level):
            return now.model_copy(update={"level": level})
        case decided.ContactChanged(contact_id=contact):
            return now.model_copy(update={"contact_id": contact})
        case decided.PrimaryContactAssigned(contact_id=contact):
            return now.model_copy(update={"primary_contact_id": contact})
        case decided.SeverityChanged(severity=severity):
            return now.model_copy(update={"facts": now.facts | {"severity": severity}})
        case decided.CaseLinked(case_id=str(case)) if case not in now.linked:
            return now.model_copy(update={"linked": (*now.linked, case)})
        case decided.CaseUnlinked(case_id=str(case)):
            return now.model_copy(update={"linked": tuple(x for x in now.linked if x != case)})
        case _:
            return now


def _changed(now: EscalationState, duty: str, **but: Any) -> EscalationState:
    if (state := now.duties.get(duty)) is None:
        return now
    return now.model_copy(update={"duties": now.duties | {duty: state.model_copy(update=but)}})


def _with_duties(now: EscalationState, duties: Iterable[Duty], specs: Specs) -> EscalationState:
    for one in duties:
        before, spec = now.duties.get(one.duty), specs.get(one.duty)
        state = DutyState(
            duty=one.duty, due_at=one.due_at,
            missed_times=before.missed_times if before else 0,
            missed_at=before.missed_at if before else None,
        )  # fmt: skip
        if spec is not None:
            state.kind, state.owed_by, state.repeats = spec.kind, spec.owed_by, spec.repeats
        now = now.model_copy(update={"duties": now.duties | {one.duty: state}})
    return now


def _missed(now: EscalationState, one: decided.DeadlineMissed) -> EscalationState:
    state = now.duties.get(one.duty)
    if state is None or (state.missed_at is not None and state.missed_at >= one.due_at):
        return now
    return _changed(now, one.duty, missed_times=state.missed_times + 1, missed_at=one.due_at)


def _kept(now: EscalationState, fulfilled: Iterable[Fulfilment]) -> EscalationState:
    """A report for a period that was missed makes that one kept and leaves the open one."""
    for one in fulfilled:
        state = now.duties.get(one.duty)
        if state is None:
            continue
        open_stays = state.repeats and one.due_at is not None and one.due_at != state.due_at
        now = _changed(now, one.duty, missed_times=0, is_open=state.is_open and open_stays)
    return now
