"""What is done about an escalation, once there is one: recorded, or refused with reasons.

Each action is one row of ``ACTIONS``: the statuses that allow it, what may stand against it,
and the decision that records it. Of what was reported only ids, listed values, instants,
durations and booleans go on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, NamedTuple

from policies.catalogue import Policies
from policies.entries import LADDER
from schemas import decided, reported
from schemas.codec import Reported
from schemas.lifecycle import RUNNING, WATCHED
from schemas.vocabulary import Person, Status
from services.escalation.core.answers import (
    Acted,
    Decisions,
    Refusals,
    acted_on,
    ids_of,
    not_in_status,
    refusal,
    refused,
    role_missing,
)
from services.escalation.core.case import Case, id_of
from services.escalation.core.duties import fulfilled
from services.escalation.core.replanning import by_plan, paused, replanned

SHORTEST_PERIOD: Final = timedelta(minutes=15)
LONGEST_PERIOD: Final = timedelta(days=366)
"""What a communication plan may ask for: an update every few seconds is a mistake in the unit."""


class Action(NamedTuple):
    """How one kind of reported action is answered."""

    records: type[decided.Recorded]
    allowed: frozenset[Status] = WATCHED
    refuses: Callable[[Acted], Refusals] = lambda _: []
    tells: Callable[[Any], dict[str, Any]] = lambda _: {}
    keeps: Callable[[Any], tuple[str, ...]] | None = None
    begins: Callable[[Acted], list[decided.Duty]] | None = None
    follows: Callable[[Acted, dict[str, Any]], Decisions] = lambda _acted, _named: ()


def act(case: Case, fact: reported.Fact, event: Reported, policies: Policies) -> Decisions:
    """Record an action, or refuse it with every reason; anything else decides nothing."""
    action = ACTIONS.get(type(fact))
    if action is None:
        return ()
    if refusals := not_in_status(case, event, action.allowed):
        return (refused(case, event, refusals),)
    acted = acted_on(case, event, policies)
    if refusals := action.refuses(acted):
        return (refused(case, event, refusals),)
    named = ids_of(event, acted.escalation)
    return (_recorded(action, acted, named), *action.follows(acted, named))


def _recorded(action: Action, acted: Acted, named: dict[str, Any]) -> decided.Decision:
    keeps = (action.records.name,) if action.keeps is None else action.keeps(acted.fact)
    done, again = fulfilled(acted.escalation, acted.terms, keeps, acted.at)
    told = action.tells(acted.fact)
    if action.begins is not None:
        again = [*again, *action.begins(acted)]
    by_id = id_of(getattr(acted.fact, "by", None))
    return action.records(**named, by_id=by_id, fulfilled=done, duties=again, **told)


# --- what may stand against an action ------------------------------------------------------


def _already_acknowledged(acted: Acted) -> Refusals:
    if acted.escalation.status == "escalated":
        return []
    return [refusal("already-acknowledged", "somebody has acknowledged it", "002-11")]


def _may_not_raise(acted: Acted) -> Refusals:
    """The agent or the team may raise, one level at a time, upwards (002-15)."""
    roles = acted.policy.roles.raise_level
    return [*role_missing(acted.fact.by, roles, "002-15"), *_level_not_next(acted)]


def _level_not_next(acted: Acted) -> Refusals:
    reached = LADDER.index(acted.escalation.level)
    above = [level for level in acted.policy.ladder if LADDER.index(level) > reached]
    if above and acted.fact.to == above[0]:
        return []
    expected = above[0] if above else "none above"
    return [refusal("level-not-next", f"next is: {expected}", "002-15")]


def _plan_invalid(acted: Acted) -> Refusals:
    """A frequency that people can keep, and somebody attending (003-21)."""
    plan = acted.fact
    if SHORTEST_PERIOD <= plan.frequency <= LONGEST_PERIOD and plan.attendees:
        return []
    return [
        refusal("plan-invalid", "needs a frequency from PT15M to P366D and an attendee", "003-21")
    ]


# --- what goes on of what was reported -----------------------------------------------------


def _ids(people: list[Person] | None) -> list[str]:
    return [person.id for person in people or ()]


def _update(fact: reported.UpdateGiven) -> dict[str, Any]:
    return {
        "audience": fact.audience or "customer",
        "mode": fact.mode,
        "attendee_ids": _ids(fact.attendees),
    }


def _plan(fact: reported.CommunicationPlanAgreed) -> dict[str, Any]:
    dumped = fact.model_dump(mode="json", include={"mode", "frequency"})
    return dumped | {
        "attendee_ids": _ids(fact.attendees),
        "agreed_with_id": id_of(fact.agreed_with),
    }


def _void(fact: reported.EscalationVoided) -> dict[str, Any]:
    """An exception request spends the right, a mistake or a wrong case does not (000-16)."""
    by_default = fact.reason != "exception-request"
    restores = by_default if fact.restores_right is None else fact.restores_right
    return {"reason": fact.reason, "restores_right": restores}


# --- what else follows ---------------------------------------------------------------------


def _pauses(acted: Acted, named: dict[str, Any]) -> Decisions:
    """The team's clocks stop while the customer is asked for something (002-13)."""
    return replanned(named, paused(acted.escalation, acted.policy, acted.at))


def _plan_begins(acted: Acted) -> list[decided.Duty]:
    if acted.escalation.status not in RUNNING:
        return []
    plan = acted.fact
    return by_plan(acted.escalation, acted.policy, acted.at, plan.frequency)[0]


def _plans_anew(acted: Acted, named: dict[str, Any]) -> Decisions:
    plan = acted.fact
    return replanned(named, by_plan(acted.escalation, acted.policy, acted.at, plan.frequency)[1])


def _ends_what_was_held(acted: Acted, named: dict[str, Any]) -> Decisions:
    """The end of a closed case's escalation waited for the improvement alone (002-19)."""
    if acted.escalation.held is None:
        return ()
    return (decided.MonitoringEnded(**named, why=acted.escalation.held),)


def _update_keeps(fact: reported.UpdateGiven) -> tuple[str, ...]:
    to_customer = (fact.audience or "customer") == "customer"
    return ("update-to-customer", "update-to-anybody") if to_customer else ("update-to-anybody",)


ACTIONS: Final[dict[type[reported.Fact], Action]] = {
    reported.EscalationAcknowledged: Action(
        decided.Acknowledged, RUNNING, refuses=_already_acknowledged
    ),
    reported.ContactAttempted: Action(
        decided.ContactAttempted, tells=lambda fact: {"mode": fact.mode}
    ),
    reported.CustomerContacted: Action(
        decided.CustomerContacted, tells=lambda fact: {"mode": fact.mode}
    ),
    reported.InformationRequested: Action(decided.InformationRequested, follows=_pauses),
    reported.EscalationEvaluated: Action(decided.Evaluated),
    reported.PrimaryContactAssigned: Action(
        decided.PrimaryContactAssigned, tells=lambda fact: {"contact_id": fact.contact.id}
    ),
    reported.KickoffCallScheduled: Action(
        decided.KickoffScheduled,
        tells=lambda fact: {"at": fact.at, "attendee_ids": _ids(fact.attendees)},
    ),
    reported.CommunicationPlanAgreed: Action(
        decided.CommunicationPlanSet,
        refuses=_plan_invalid,
        tells=_plan,
        begins=_plan_begins,
        follows=_plans_anew,
    ),
    reported.UpdateGiven: Action(decided.UpdateGiven, tells=_update, keeps=_update_keeps),
    reported.ActionPlanShared: Action(
        decided.ActionPlanShared, tells=lambda fact: {"version": fact.version}
    ),
    reported.LevelRaised: Action(
        decided.LevelRaised, RUNNING, _may_not_raise, lambda fact: {"to": fact.to}
    ),
    reported.TrendSet: Action(decided.TrendChanged, tells=lambda fact: {"trend": fact.trend}),
    reported.EscalationVoided: Action(decided.Voided, tells=_void),
    reported.ImprovementIdentified: Action(
        decided.ImprovementIdentified, follows=_ends_what_was_held
    ),
    reported.ImprovementWaived: Action(decided.ImprovementWaived, follows=_ends_what_was_held),
}
