"""``given(history).when(event).then(...)``: the decider, spoken aloud.

Every event is recorded by the broker when it happens, unless a test says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from policies.catalogue import Policies, policies_in, shipped
from schemas.codec import Reported
from schemas.decided import Accepted, Decision, Refused, Rejected
from services.escalation.core.case import Case, Moment
from services.escalation.core.decider import Decisions, apply, fire

POLICIES = policies_in(shipped(), "time-gated")
"""As shipped."""

Kind = TypeVar("Kind", bound=Decision)


def given(
    *history: Reported, default: str = "time-gated", recorded_at: datetime | None = None
) -> Given:
    """A case after these events, under the shipped policies; imported at ``recorded_at``."""
    return Given(history, Policies(POLICIES.versions, default), recorded_at)


@dataclass(frozen=True)
class Given:
    history: tuple[Reported, ...]
    policies: Policies
    recorded_at: datetime | None = None

    @property
    def case(self) -> Case:
        return self._told()[0]

    @property
    def decisions(self) -> Decisions:
        """Everything that the history led to."""
        return self._told()[1]

    def _told(self) -> tuple[Case, Decisions]:
        case, found = Case(), list[Decision]()
        for event in self.history:
            now = at(event, self.recorded_at)
            case, decisions = apply(case, event, self.policies, now)
            found += decisions
        return case, tuple(found)

    def when(self, event: Reported, *, recorded_at: datetime | None = None) -> Then:
        case, decisions = apply(self.case, event, self.policies, at(event, recorded_at))
        return Then(case, decisions)

    def when_time_is(self, clock: datetime) -> Then:
        """The clock passes an instant: what is overdue is decided, one duty after the other."""
        case = self.case
        found: list[Decision] = []
        now = Moment(clock, clock, clock)
        subject = self.history[-1].subject
        while True:
            case, decision = fire(case, subject, self.policies, now)
            if decision is None:
                return Then(case, tuple(found))
            found.append(decision)


def at(event: Reported, recorded_at: datetime | None = None) -> Moment:
    recorded = recorded_at or event.time
    return Moment(event.time, recorded, recorded)


@dataclass(frozen=True)
class Then:
    case: Case
    decisions: Decisions

    def then(self, kind: type[Kind], **fields: Any) -> Kind:
        """Exactly one decision, of this kind, with these fields among others."""
        assert [type(one) for one in self.decisions] == [kind]
        (decision,) = self.decisions
        assert isinstance(decision, kind)
        assert {name: getattr(decision, name) for name in fields} == fields
        return decision

    def then_accepted(self, **fields: Any) -> Accepted:
        return self.then(Accepted, **fields)

    def then_rejected(self, *codes: str) -> Rejected:
        rejected = self.then(Rejected)
        assert [refusal.code for refusal in rejected.refusals] == list(codes)
        return rejected

    def then_refused(self, *codes: str) -> Refused:
        refused = self.then(Refused)
        assert [refusal.code for refusal in refused.refusals] == list(codes)
        return refused

    def then_nothing(self) -> None:
        assert self.decisions == ()
