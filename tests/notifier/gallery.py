"""Every mail that a policy can send: stories that the real core decides, told to everybody.

``python -m tests.notifier.gallery FILE`` writes all of them, for reading.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from policies.catalogue import Policies
from policies.model import Policy
from schemas import decided, reported
from schemas.codec import Decided, Reported
from schemas.decided import Decision
from schemas.envelope import Envelope
from services.escalation.core.case import Case, Moment
from services.escalation.core.decider import apply, fire
from services.notifier.directory.address_file import load_addresses
from services.notifier.directory.forms import form_of
from services.notifier.directory.support import Directory
from services.notifier.planning.audience import Known, policy_of
from services.notifier.planning.briefs import brief
from services.notifier.planning.escalations import EscalationState, after
from services.notifier.planning.plan import Intent, Timing, plan
from services.notifier.planning.wording import (
    Addressee,
    CaseReference,
    Facts,
    MailContext,
    NamedPerson,
    Wording,
    write,
)
from tests.spec import POLICIES
from tests.stories import commented, did, event, opened, person

MONDAY = datetime(2030, 1, 7, 9, tzinfo=UTC)
LATER = MONDAY + timedelta(days=8)
PEOPLE = {
    "customer": NamedPerson("Ann Example", "ann@customer.example", "+49 30 1", "Europe/Berlin"),
    "manager": NamedPerson("Ben Manager", "ben@support.example", timezone="Europe/Dublin"),
    "agent": NamedPerson("Cid Agent", "cid@support.example"),
    "engineer": NamedPerson("Eve Engineer", "eve@support.example", "+353 1 2"),
    "approver": NamedPerson("Flo Approver", "flo@support.example"),
    "new-contact": NamedPerson("Gil Example", "gil@customer.example", working_hours="9 to 15"),
    "sponsor": NamedPerson("Hal Example", "hal@customer.example"),
}  # fmt: skip
EMAILS = {name: one.email or "" for name, one in PEOPLE.items()}
ROLES = ["escalation-requester", "escalation-manager", "support-agent", "de-escalation-requester"]
FORM: dict[str, Any] = {
    "channel": "form", "requested_by": person("customer", roles=ROLES),
    "reason": "management-request", "comments": "We have waited for a week.\nNobody called.",
    "subject": "Orders stay open", "description": "Every order since Friday.\nNone is sent.",
    "business_impact": "critical", "escalation_severity": "high",
    "attachments": [{"name": "orders.pdf", "uri": "https://files.example/1"}],
    "milestone_date": "2030-02-01", "situations": ["production-down"],
    "checklist": {"impact_described": True}, "working_hours": "9 to 17",
    "on_behalf_of": person("sponsor"),
}  # fmt: skip
_ids = itertools.count(1)


@dataclass(frozen=True)
class Mail:
    """A message as somebody reads it, and what it rests on."""

    policy: Policy
    event: Decided
    intent: Intent
    told: MailContext
    wording: Wording


@dataclass
class Teller:
    """Decides reported events with the real core, and writes what they mean for people."""

    policy: Policy
    policies: Policies

    def __post_init__(self) -> None:
        self.directory = Directory(load_addresses(None), self.policies)

    def tell(self, *history: Reported, until: datetime | None = None) -> list[Mail]:
        """The mails of a history, and of what is due until an instant."""
        case, state, found = Case(), None, list[Mail]()
        asked = next((one.data for one in history if isinstance(
            one.data, reported.EscalationRequested)), None)  # fmt: skip
        for one in history:
            now = Moment(one.time, one.time, one.time)
            case, decisions = apply(case, one, self.policies, now)
            for decision in decisions:
                state, mails = self._told(decision, one, state, asked)
                found += mails
        while until is not None:
            now = Moment(until, until, until)
            case, fired = fire(case, history[-1].subject, self.policies, now)
            if not isinstance(fired, decided.DeadlineMissed):
                break
            state, mails = self._told(fired, history[-1], state, asked, fired.due_at)
            found += mails
        return found

    def _told(
        self, decision: Decision, cause: Reported, state: EscalationState | None,
        asked: reported.EscalationRequested | None, at: datetime | None = None,
    ) -> tuple[EscalationState | None, list[Mail]]:  # fmt: skip
        happened = Envelope(
            id=f"decision-{next(_ids)}", source="/escalation/decider",
            type=decided.type_of(type(decision)), subject=cause.subject,
            time=at or cause.time, data=decision,
        )  # fmt: skip
        told = self.directory.of(policy_of(happened, Known(escalation=state)))
        state = after(state, happened, told.policy.specs) or state
        known = Known(
            emails=EMAILS, asker_id="customer", support_manager_id="manager", agent_id="agent",
            team="team-1", escalation=state, behalf_id="sponsor" if asked else None,
        )  # fmt: skip
        timing = Timing(happened.time, timedelta(days=3))
        mails = []
        for intent in plan(happened, known, self.directory, timing):
            base = _base(happened, intent, state, asked, cause)
            full = replace(base, brief=brief(happened, told))
            mails.append(Mail(self.policy, happened, intent, full, write(full)))
        return state, mails


def _base(
    happened: Decided, intent: Intent, state: EscalationState | None,
    asked: reported.EscalationRequested | None, cause: Reported,
) -> MailContext:  # fmt: skip
    reader = PEOPLE.get(intent.person_id or "", NamedPerson())
    contact = state.contact_id if state else None
    primary = state.primary_contact_id if state else None
    by = getattr(cause.data, "by", None)
    comment = cause.data.body if isinstance(cause.data, reported.CommentAdded) else None
    return MailContext(
        intent.template, happened.subject, happened.time, happened.time, {},
        Addressee(reader.name, reader.timezone), intent.audience,
        _about(happened.subject), PEOPLE["customer"],
        PEOPLE["sponsor"] if asked else None, PEOPLE.get(contact or "customer"),
        PEOPLE.get(state.owner_id or "") if state else None, PEOPLE.get(primary or ""),
        PEOPLE.get(by.id) if by else None, asked.comments if asked else comment,
        getattr(cause.data, "why", None) or getattr(cause.data, "plan", None)
        or (getattr(cause.data, "reason", None) if by else None),
        Facts(form_of(asked) if asked else {}), state,
    )  # fmt: skip


def _about(subject: str) -> CaseReference:
    if "/" in subject or subject == "00077":
        return CaseReference()
    return CaseReference(
        "Orders stay open", "Shop", "account-1", "S1", "gold", "00042",
        "https://crm.example/cases/42", known=True,
    )  # fmt: skip


def mails(policy: Policy, policies: Policies | None = None) -> Iterator[Mail]:
    """All that this policy can send."""
    known = policies or POLICIES
    teller = Teller(policy, Policies(known.versions, policy.policy))
    for history, until in _stories(policy):
        yield from teller.tell(*history, until=until)


def _stories(policy: Policy) -> Iterator[tuple[list[Reported], datetime | None]]:
    case = opened(MONDAY - timedelta(days=30), program=policy.policy)
    templates: list[str | None] = [
        name for name, one in policy.templates.items() if one.kind == "case"
    ]
    for name in templates or [None]:
        asked = _asked(template=name, reason=_reason(policy))
        yield [case, asked, *_approved(policy, name), *_acts()], None
        yield [case, asked, *_approved(policy, name)], LATER
        yield [case, asked, asked_again(asked)], None
        yield [case, asked, _declined("It is on a good way.")], None
        yield [case, asked, did(reported.Closed, MONDAY)], None
    for but in _faults():
        yield [case, _asked(**({"template": (templates or [None])[0]} | but))], None
    young = opened(MONDAY - timedelta(hours=1), program=policy.policy)
    yield [young, _asked(template=(templates or [None])[0], reason=_reason(policy))], None
    yield [case, did(reported.Closed, MONDAY), _asked()], None
    yield [event(_asked(case_number=None).data, MONDAY, subject="00077")], None
    yield [event(_asked().data, MONDAY, subject="request/request-1")], None
    yield [case, commented("please, an escalaton request", MONDAY)], None
    yield [case, commented("Escalation request: nothing is sent", MONDAY)], LATER
    yield [case, commented("Escalation request", MONDAY)], None
    yield from _accounts(policy)


def _asked(**but: Any) -> Reported:
    data = FORM | {"request_id": "request-1", "case_number": "case-1"} | but
    return event(reported.EscalationRequested.model_validate(data), MONDAY)


def asked_again(asked: Reported) -> Reported:
    return event(asked.data.model_copy(update={"request_id": "request-2"}), MONDAY)


def _reason(policy: Policy) -> str:
    return policy.reasons[0] if policy.reasons else "We go live"


def _faults() -> Iterator[dict[str, Any]]:
    yield {"reason": None, "comments": None, "subject": None, "description": None,
           "case_number": None, "business_impact": None}  # fmt: skip
    yield {"reason": "because", "template": "special", "case_number": "case-9"}
    yield {"requested_by": person("customer"), "escalation_severity": None}
    yield {"impact_changed": True, "needs_other_than_assigned": False, "comments": None}
    yield {"impact_changed": False, "needs_other_than_assigned": False,
           "only_escalation_helps": False, "comments": None}  # fmt: skip


def _approved(policy: Policy, template: str | None) -> list[Reported]:
    if template is None or not policy.templates[template].approval:
        return []
    approver = person("approver", roles=ROLES)
    return [did(reported.EscalationApproved, MONDAY, request_id="request-1", by=approver)]


def _declined(reason: str) -> Reported:
    approver = person("approver", roles=ROLES)
    return did(
        reported.EscalationDeclined, MONDAY, request_id="request-1", by=approver, reason=reason
    )


def _acts() -> list[Reported]:
    agent = person("agent", roles=ROLES)
    return [
        did(reported.LevelRaised, MONDAY, to="team-manager", by=agent, why="Nobody answers."),
        did(reported.ContactChanged, MONDAY, contact=person("new-contact")),
        did(reported.PrimaryContactAssigned, MONDAY, contact=person("engineer")),
        did(reported.CommunicationPlanAgreed, MONDAY, mode="email", frequency="PT4H",
            attendees=[person("customer")]),
        did(reported.ActionPlanShared, MONDAY, plan="1. Restart\n2. Watch"),
    ]  # fmt: skip


def _accounts(policy: Policy) -> Iterator[tuple[list[Reported], datetime | None]]:
    for name, one in policy.templates.items():
        if one.kind != "account":
            continue
        data = FORM | {"request_id": "request-1", "template": name, "case_ids": ["case-1"]}
        asked = reported.AccountEscalationRequested.model_validate(data)
        yield [event(asked, MONDAY, subject="account/account-1")], None
        if one.approval:
            decline = replace(_declined("Not now."), subject="account/account-1")
            yield [event(asked, MONDAY, subject="account/account-1"), decline], LATER


def main(file: Path) -> None:
    """Write the mails of every shipped policy, each once."""
    shown: list[str] = []
    for name, versions in POLICIES.versions.items():
        seen = set[str]()
        for one in mails(versions[-1]):
            text = f"{one.intent.audience}\n{one.wording.subject}\n\n{one.wording.text}"
            if text not in seen:
                seen.add(text)
                shown.append(f"{'=' * 88}\n{name}: {one.intent.template} to {text}")
    file.write_text("\n".join(shown), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
