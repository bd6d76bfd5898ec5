"""De-escalation: progress, and what must be confirmed before it is one."""

from __future__ import annotations

from typing import Final

from policies.catalogue import Policies
from policies.entries import Condition
from schemas import decided, reported
from schemas.codec import Reported
from schemas.lifecycle import RUNNING
from schemas.vocabulary import is_blank
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
from services.escalation.core.case import Case


def deescalate(case: Case, event: Reported, policies: Policies) -> Decisions:
    """Progress, not reversal: the right stays spent (000-24)."""
    if refusals := not_in_status(case, event, RUNNING):
        return (refused(case, event, refusals),)
    acted = acted_on(case, event, policies)
    if refusals := _deescalation_is_early(acted):
        return (refused(case, event, refusals),)
    named = ids_of(event, acted.escalation)
    goes_on = acted.policy.watched_until != "de-escalated"
    conditions = {name.replace("-", "_"): held for name, held in _conditions(acted.fact).items()}
    done = decided.Deescalated(
        **named, by_id=acted.fact.by.id, conditions=conditions, still_monitored=goes_on
    )
    return (done,) if goes_on else (done, decided.MonitoringEnded(**named, why="de-escalated"))


def _deescalation_is_early(acted: Acted) -> Refusals:
    """Every condition that is missing is named (003-24 to 003-26, 004-12)."""
    fact, policy = acted.fact, acted.policy
    found = [
        refusal(*CONDITIONS[condition])
        for condition in CONDITIONS
        if condition in policy.conditions and not _conditions(fact)[condition]
    ]
    return [*found, *role_missing(fact.by, policy.roles.de_escalate, "004-12")]


CONDITIONS: Final[dict[Condition, tuple[str, str, str]]] = {
    "action-plan-acceptable": (
        "action-plan-not-acceptable", "the action plan must be confirmed as acceptable", "003-24",
    ),
    "troubleshooting-on-track": (
        "troubleshooting-not-on-track", "troubleshooting must be on track", "003-25",
    ),
    "agreement-documented": (
        "agreement-not-documented", "agreement_ref must say where the customer agreed", "003-26",
    ),
    "cause-resolved": ("cause-not-resolved", "the cause must be resolved", "004-12"),
}  # fmt: skip


def _conditions(fact: reported.Deescalated) -> dict[Condition, bool | None]:
    return {
        "action-plan-acceptable": fact.action_plan_acceptable,
        "troubleshooting-on-track": fact.troubleshooting_on_track,
        "agreement-documented": not is_blank(fact.agreement_ref),
        "cause-resolved": fact.cause_resolved,
    }
