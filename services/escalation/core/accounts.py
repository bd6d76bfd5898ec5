"""Account escalations: which cases belong to one is known only on the case's own partition.

So the decider asks there, and is answered, by two events on the case topic that it writes in the
transaction of what led to them (004-05, 004-10). Here is what is asked, and how it is answered.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from policies.catalogue import Policies
from schemas import decided, reported
from schemas.codec import Reported
from schemas.lifecycle import WATCHED
from schemas.subject import Subject, subject_of
from schemas.vocabulary import LinkAnswer
from services.escalation.core.answers import (
    Decisions,
    acted_on,
    ids_of,
    not_in_status,
    refusal,
    refused,
)
from services.escalation.core.case import Case


class Link(NamedTuple):
    """A fact that the decider itself reports, on another subject than the one it read."""

    subject: str
    fact: reported.AccountLinkAsked | reported.AccountLinkAnswered


# --- on the account's partition --------------------------------------------------------------


def linked(case: Case, event: Reported) -> Decisions:
    """A case to be linked later: refused where no escalation runs, else asked about."""
    refusals = not_in_status(case, event, WATCHED)
    return (_about(refused(case, event, refusals), event),) if refusals else ()


def unlinked(case: Case, event: Reported, policies: Policies) -> Decisions:
    """A case leaves the account's escalation; its own escalations stand."""
    fact = event.data
    assert isinstance(fact, reported.AccountCaseUnlinked)
    if refusals := not_in_status(case, event, WATCHED):
        return (_about(refused(case, event, refusals), event),)
    named = ids_of(event, acted_on(case, event, policies).escalation)
    named["case_id"] = fact.case_id
    by_id = None if fact.by is None else fact.by.id
    return (
        decided.CaseUnlinked(**named, by_id=by_id, account_id=account_of(event.subject)),
    )  # fmt: skip


def answered(case: Case, event: Reported) -> Decisions:
    """What the case's partition said; after the account's escalation ended it is too late."""
    fact = event.data
    assert isinstance(fact, reported.AccountLinkAnswered)
    named: dict[str, Any] = {"case_id": fact.case_id, "escalation_id": fact.escalation_id}
    late = not_in_status(case, event, WATCHED)
    if not late and fact.answer == "linked":
        return (decided.CaseLinked(**named, account_id=account_of(event.subject)),)
    refusals = late or [refusal(fact.answer, "it cannot be linked to this account", "004-05")]
    action = reported.AccountCaseLinked.name
    return (decided.Refused(**named, action=action, refusals=refusals),)


def _about(refused: decided.Refused, event: Reported) -> decided.Refused:
    return refused.model_copy(update={"case_id": getattr(event.data, "case_id", None)})


def account_of(subject: str) -> str:
    """The account's id of the subject ``account/<id>``."""
    return subject_of(subject).id


# --- what is written to other partitions -----------------------------------------------------


def links(before: Case, event: Reported, decisions: Decisions) -> tuple[Link, ...]:
    """What the decider must ask or answer elsewhere, ``before`` being the state it read."""
    fact = event.data
    if isinstance(fact, reported.AccountLinkAsked) and event.about.kind == "case":
        return (_answer(before, event.subject, fact),)
    if event.about.kind != "account":
        return ()
    match fact:
        case reported.AccountCaseLinked(case_id=case_id) if before.escalation and not decisions:
            return (_ask(event.subject, before.escalation.id, case_id),)
        case reported.AccountEscalationRequested(case_ids=case_ids):
            wanted = tuple(dict.fromkeys(case_ids))
        case reported.EscalationApproved() if before.escalation and before.escalation.awaited:
            wanted = before.escalation.awaited.case_ids
        case _:
            return ()
    return tuple(
        _ask(event.subject, decision.escalation_id, case_id)
        for decision in decisions
        if isinstance(decision, decided.Accepted) and decision.escalation_id
        for case_id in wanted
    )


def _ask(subject: str, escalation_id: str, case_id: str) -> Link:
    asked = reported.AccountLinkAsked(
        account_id=account_of(subject), escalation_id=escalation_id
    )  # fmt: skip
    return Link(case_id, asked)


def _answer(case: Case, case_id: str, asked: reported.AccountLinkAsked) -> Link:
    return Link(
        str(Subject("account", asked.account_id)),
        reported.AccountLinkAnswered(
            case_id=case_id, escalation_id=asked.escalation_id, answer=_standing(case, asked)
        ),
    )


def _standing(case: Case, asked: reported.AccountLinkAsked) -> LinkAnswer:
    if not case.is_known:
        return "case-unknown"
    if case.closed:
        return "case-closed"
    return "linked" if case.account_id == asked.account_id else "unrelated-account"
