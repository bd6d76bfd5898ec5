"""What is done about an escalation, once there is one: recorded, or refused with reasons.

Each action is one row of ``ACTIONS``: the statuses that allow it, what may stand against it,
and the decision that records it. Of what was reported only ids, listed values, instants,
durations and booleans go on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, NamedTuple

from schemas import decided, reported
from schemas.codec import Reported
from schemas.vocabulary import Person, Status, is_blank
from services.escalation.core.case import RUNNING, WATCHED, Case, Escalation, id_of
from services.escalation.core.deadlines import fulfilled
from services.escalation.core.policy import Policies, Policy

Decisions = tuple[decided.Decision, ...]
Refusals = list[decided.Refusal]


class Acted(NamedTuple):
    """An action and what it is about."""

    fact: Any
    escalation: Escalation
    policy: Policy


class Action(NamedTuple):
    """How one kind of reported action is answered."""

    records: type[decided.Recorded]
    allowed: frozenset[Status] = WATCHED
    refuses: Callable[[Acted], Refusals] = lambda _: []
    tells: Callable[[Any], dict[str, Any]] = lambda _: {}


def act(case: Case, fact: reported.Fact, event: Reported, policies: Policies) -> Decisions:
    """Record an action, or refuse it with every reason; anything else decides nothing."""
    if isinstance(fact, reported.Deescalated):
        return (_deescalate(case, fact, event, policies),)
    if isinstance(fact, reported.EscalationApproved | reported.EscalationDeclined):
        return (_refused(case, event, _standing(case, fact, frozenset({"awaiting-approval"}))),)
    action = ACTIONS.get(type(fact))
    if action is None:
        return ()
    if refusals := _standing(case, fact, action.allowed):
        return (_refused(case, event, refusals),)
    acted = _acted(case, fact, policies)
    if refusals := action.refuses(acted):
        return (_refused(case, event, refusals),)
    return (_recorded(action, acted, event),)


def _acted(case: Case, fact: reported.Fact, policies: Policies) -> Acted:
    assert case.escalation is not None
    escalation = case.escalation
    return Acted(fact, escalation, policies.version(escalation.policy, escalation.version))


def _recorded(action: Action, acted: Acted, event: Reported) -> decided.Decision:
    escalation = acted.escalation
    return action.records(
        case_id=event.subject,
        escalation_id=escalation.id,
        by_id=id_of(getattr(acted.fact, "by", None)),
        fulfilled=fulfilled(escalation, acted.policy, action.records.name, event.time),
        **action.tells(acted.fact),
    )


def _standing(case: Case, fact: reported.Fact, allowed: frozenset[Status]) -> Refusals:
    """Unknown case, or no escalation in a status that allows it: each a refusal on its own."""
    if not case.is_known:
        return [_refusal("case-unknown", "no opening of this case was ever reported")]
    escalation = case.escalation
    if escalation is None:
        return [_refusal("not-escalated", "the case was never escalated")]
    meant = getattr(fact, "escalation_id", None)
    if meant is not None and meant != escalation.id:
        return [_refusal("not-escalated", f"the current escalation is {escalation.id}")]
    if escalation.status not in allowed:
        return [_refusal("not-escalated", f"the escalation is {escalation.status}")]
    return []


def _refusal(code: str, detail: str, statement: str | None = None) -> decided.Refusal:
    return decided.Refusal(code=code, detail=detail, statement=statement)


def _refused(case: Case, event: Reported, refusals: Refusals) -> decided.Refused:
    escalation = case.escalation
    return decided.Refused(
        case_id=event.subject,
        escalation_id=escalation and escalation.id,
        request_id=getattr(event.data, "request_id", None),
        action=event.data.name,
        refusals=refusals,
    )


# --- what may stand against an action ------------------------------------------------------


def _already_acknowledged(acted: Acted) -> Refusals:
    if acted.escalation.status == "escalated":
        return []
    return [_refusal("already-acknowledged", "somebody has acknowledged it", "002-11")]


def _level_not_next(acted: Acted) -> Refusals:
    """One level at a time, upwards (002-15)."""
    ladder = acted.policy.ladder
    above = ladder[ladder.index(acted.escalation.level) + 1 :]
    if above and acted.fact.to == above[0]:
        return []
    expected = above[0] if above else "none above"
    return [_refusal("level-not-next", f"next is: {expected}", "002-15")]


def _plan_invalid(acted: Acted) -> Refusals:
    """A frequency above zero and somebody attending (003-21)."""
    plan = acted.fact
    if plan.frequency > timedelta() and plan.attendees:
        return []
    return [_refusal("plan-invalid", "needs a frequency above zero and an attendee", "003-21")]


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
    reported.InformationRequested: Action(decided.InformationRequested),
    reported.EscalationEvaluated: Action(decided.Evaluated),
    reported.PrimaryContactAssigned: Action(
        decided.PrimaryContactAssigned, tells=lambda fact: {"contact_id": fact.contact.id}
    ),
    reported.KickoffCallScheduled: Action(
        decided.KickoffScheduled,
        tells=lambda fact: {"at": fact.at, "attendee_ids": _ids(fact.attendees)},
    ),
    reported.CommunicationPlanAgreed: Action(
        decided.CommunicationPlanSet, refuses=_plan_invalid, tells=_plan
    ),
    reported.UpdateGiven: Action(decided.UpdateGiven, tells=_update),
    reported.ActionPlanShared: Action(
        decided.ActionPlanShared, tells=lambda fact: {"version": fact.version}
    ),
    reported.LevelRaised: Action(
        decided.LevelRaised, RUNNING, _level_not_next, lambda fact: {"to": fact.to}
    ),
    reported.TrendSet: Action(decided.TrendChanged, tells=lambda fact: {"trend": fact.trend}),
    reported.EscalationVoided: Action(decided.Voided, tells=_void),
    reported.ImprovementIdentified: Action(decided.ImprovementIdentified),
    reported.ImprovementWaived: Action(decided.ImprovementWaived),
}


# --- de-escalation, and changes of the case ------------------------------------------------


def _deescalate(
    case: Case, fact: reported.Deescalated, event: Reported, policies: Policies
) -> decided.Decision:
    """Progress, not reversal: the right stays spent (000-24)."""
    if refusals := _standing(case, fact, RUNNING):
        return _refused(case, event, refusals)
    acted = _acted(case, fact, policies)
    return decided.Deescalated(
        case_id=event.subject,
        escalation_id=acted.escalation.id,
        by_id=fact.by.id,
        conditions={
            "action_plan_acceptable": fact.action_plan_acceptable,
            "troubleshooting_on_track": fact.troubleshooting_on_track,
            "agreement_documented": not is_blank(fact.agreement_ref),
            "cause_resolved": fact.cause_resolved,
        },
        still_monitored=acted.policy.watched_until != "de-escalated",
    )


def changed(
    case: Case, fact: reported.SeverityChanged | reported.ContactChanged, subject: str
) -> Decisions:
    """While an escalation is watched, a new severity or contact is its business too."""
    escalation = case.escalation
    if escalation is None or escalation.status not in WATCHED:
        return ()
    named = {"case_id": subject, "escalation_id": escalation.id}
    if isinstance(fact, reported.ContactChanged):
        if fact.contact.id == escalation.contact_id:
            return ()
        return (decided.ContactChanged(**named, contact_id=fact.contact.id),)
    if fact.severity == case.severity:
        return ()
    by_id = id_of(fact.by)
    return (decided.SeverityChanged(**named, by_id=by_id, severity=fact.severity),)
