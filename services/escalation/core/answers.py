"""What every action has in common: what it is about, and how it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from policies.catalogue import Policies
from policies.model import Policy
from schemas import decided
from schemas.codec import Reported
from schemas.vocabulary import Person, Severity, Status
from services.escalation.core.case import Case, Escalation
from services.escalation.core.duties import Terms, terms_of
from services.escalation.core.rules import has_role

Decisions = tuple[decided.Decision, ...]
Refusals = list[decided.Refusal]


@dataclass(frozen=True, slots=True)
class Acted:
    """An action and what it is about. ``severity`` is the case's."""

    fact: Any
    at: datetime
    escalation: Escalation
    policy: Policy
    severity: Severity | None = None

    @property
    def terms(self) -> Terms:
        return terms_of(self.escalation, self.policy, self.severity)


def acted_on(case: Case, event: Reported, policies: Policies) -> Acted:
    """An action that may be done, with the policy that the escalation began with."""
    assert case.escalation is not None
    escalation = case.escalation
    policy = policies.version(escalation.policy, escalation.version)
    return Acted(event.data, event.time, escalation, policy, case.severity)


def ids_of(event: Reported, escalation: Escalation) -> dict[str, Any]:
    """The ids that every decision about an escalation carries."""
    return {"case_id": event.about.case_id, "escalation_id": escalation.id}


# --- refused -----------------------------------------------------------------------------------


def not_in_status(case: Case, event: Reported, allowed: frozenset[Status]) -> Refusals:
    """Unknown case, or no escalation in a status that allows it: each a refusal on its own."""
    if not case.is_known and event.about.kind == "case":
        return [refusal("case-unknown", "no opening of this case was ever reported")]
    escalation = case.escalation
    if escalation is None:
        return [refusal("not-escalated", "the case was never escalated")]
    meant = getattr(event.data, "escalation_id", None)
    if meant is not None and meant != escalation.id:
        return [refusal("not-escalated", f"the current escalation is {escalation.id}")]
    if escalation.status not in allowed:
        return [refusal("not-escalated", f"the escalation is {escalation.status}")]
    return []


def role_missing(by: Person | None, wanted: tuple[str, ...], statement: str) -> Refusals:
    """Some actions need a role (002-15, 004-12, 004-13)."""
    if has_role(by, wanted):
        return []
    return [refusal("role-missing", f"needs the role: {', '.join(wanted)}", statement)]


def refusal(code: str, detail: str, statement: str | None = None) -> decided.Refusal:
    """``statement`` is the sentence of the source documents behind it."""
    return decided.Refusal(code=code, detail=detail, statement=statement)


def refused(case: Case, event: Reported, refusals: Refusals) -> decided.Refused:
    """The answer to an action that may not be done."""
    escalation = case.escalation
    return decided.Refused(
        case_id=event.about.case_id,
        escalation_id=escalation.id if escalation else None,
        request_id=getattr(event.data, "request_id", None),
        action=event.data.name,
        refusals=refusals,
    )
