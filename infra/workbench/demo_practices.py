"""How five support organisations escalate, as their CRMs would tell it: who asks, and what is
done about it. ``demo_day.py`` makes a day of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

HOUR: Final = timedelta(hours=1)
REASONS: Final = ("lack-of-communication", "business-impact-or-deadline", "management-request")
NEED: Final = "We go live soon and have asked for an update three times."
Data = dict[str, Any]


@dataclass
class StoryCase:
    """One case while its story is told."""

    random: Random
    number: int
    opened_at: datetime
    ends: datetime
    program: str
    people: dict[str, Data] = field(default_factory=dict)
    events: list[tuple[datetime, str, Data]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"CASE-{self.number:05d}"

    def say(self, name: str, when: datetime, /, **data: Any) -> datetime:
        if when < self.ends:
            self.events.append((when, name, data))
        return when

    def later(self, least: float, most: float, since: datetime) -> datetime:
        return since + timedelta(hours=self.random.uniform(least, most))

    def comment(self, ref: str, at: datetime, author: str, body: str) -> datetime:
        return self.say(
            "comment-added", at, comment_id=f"{self.id}-{ref}", author=self.people[author],
            author_role=author, body=body,
        )  # fmt: skip

    def luck(self, share: float) -> bool:
        return self.random.random() < share


class Practice(NamedTuple):
    """How an organisation's customers ask, what its people do then, and its share of the day."""

    asks: Callable[[StoryCase, datetime], None]
    works: Callable[[StoryCase, datetime], None]
    share: int


def having(person: Data, *roles: str) -> Data:
    return person | {"roles": list(roles)}


def _request(case: StoryCase, at: datetime, **more: Any) -> None:
    data: Data = {
        "request_id": f"{case.id}-request", "requested_by": case.people["customer"],
        "source": "customer",
    }  # fmt: skip
    case.say("escalation-requested", at, **(data | more))


# --- 000: by form, after a window, once --------------------------------------------------------


def _asks_by_button(case: StoryCase, at: datetime) -> None:
    """Usually well; sometimes too early, incomplete, or twice."""
    request: Data = {
        "channel": "button", "reason": case.random.choice((*REASONS, *REASONS, "exception")),
        "comments": NEED if case.luck(0.9) else "", "impact_changed": case.luck(0.3),
        "needs_other_than_assigned": case.luck(0.7),
    }  # fmt: skip
    _request(case, at, **request)
    if case.luck(0.15):
        _request(case, at + HOUR, **(request | {"request_id": f"{case.id}-request-2"}))


def _manager_calls(case: StoryCase, asked_at: datetime) -> None:
    manager = case.people["manager"]
    if case.luck(0.75):
        at = case.say("escalation-acknowledged", case.later(0.2, 5, asked_at), by=manager)
        at = case.say("contact-attempted", case.later(0.2, 20, at), by=manager, mode="phone")
        if case.luck(0.6):
            case.say("customer-contacted", at + HOUR, by=manager, mode="phone")
            case.say("trend-set", at + 2 * HOUR, trend="improving", by=manager)
    if case.luck(0.15):
        case.say("level-raised", case.later(6, 12, asked_at), to="team-manager", by=manager)
    if case.luck(0.3):
        case.say("update-given", case.later(3, 30, asked_at), by=manager, mode="email")
    if case.luck(0.25):
        case.say("de-escalated", case.later(20, 60, asked_at), by=manager, reason="on track")


# --- 001: by a phrase in a comment -------------------------------------------------------------


def _asks_by_phrase(case: StoryCase, at: datetime) -> None:
    """Usually with the reason; sometimes without one, or mistyped."""
    words = case.random.choices(
        ("Escalation request: nobody has called us back.", "escalation request",
         "This is an escalaton requst, please."), (70, 15, 15),
    )[0]  # fmt: skip
    case.comment("ask", at, "customer", words)


# --- 002: a form with everything, two cadences -------------------------------------------------


def _asks_by_form(case: StoryCase, at: datetime) -> None:
    _request(
        case, at, channel="form", subject="Please look at this", reason=NEED,
        description="It has failed since the weekend; the log is on the case.",
        case_number=case.id if case.luck(0.93) else "CASE-00000",
        business_impact=case.random.choice(("limited", "moderate", "major", "critical", None)),
    )  # fmt: skip


def _desk_works(case: StoryCase, asked_at: datetime) -> None:
    agent = having(case.people["agent"], "support-agent")
    desk = having(case.people["manager"], "resolutions-team")
    if case.luck(0.8):
        case.say("escalation-acknowledged", case.later(1, 20, asked_at), by=desk)
    at = case.comment("note-1", case.later(2, 40, asked_at), "agent", "We can reproduce it.")
    if case.luck(0.4):
        at = case.say("information-requested", at + HOUR, by=agent, what="the log of Sunday")
        if case.luck(0.6):
            case.comment("answer", case.later(1, 20, at), "customer", "Here it is.")
    if case.luck(0.5):
        case.say("update-given", case.later(5, 40, asked_at), by=desk, mode="email")
    if case.luck(0.2):
        case.say("level-raised", case.later(8, 30, asked_at), to="team-manager", by=agent)
    if case.luck(0.4):
        at = case.say("de-escalated", case.later(24, 70, asked_at), by=desk)
        case.say("improvement-identified", at, by=desk, category="release notes")


# --- 003: by phone, at any time; an engineer leads ---------------------------------------------


def _asks_by_phone(case: StoryCase, at: datetime) -> None:
    items = ("problem_statement_correct", "impact_described", "workaround_impractical",
             "milestone_identified")  # fmt: skip
    _request(
        case, at, channel=case.random.choice(("phone", "phone", "email", "form")),
        on_behalf_of=case.people["customer"], checklist={item: case.luck(0.9) for item in items},
        situations=["production-down-during-change"],
    )  # fmt: skip


def _engineer_leads(case: StoryCase, asked_at: datetime) -> None:
    lead, customer = case.people["manager"], case.people["customer"]
    case.say("escalation-acknowledged", case.later(0.1, 2, asked_at), by=lead)
    at = case.say("escalation-evaluated", case.later(0.5, 5, asked_at), by=lead, resources=["dba"])
    case.say("primary-contact-assigned", at + HOUR, contact=case.people["agent"], by=lead)
    if case.luck(0.7):
        call = at + 20 * HOUR
        case.say("kickoff-call-scheduled", at + HOUR, at=call.isoformat(), attendees=[customer])
        plan: Data = {"mode": "phone", "frequency": "PT12H", "attendees": [customer, lead]}
        agreed = case.say("communication-plan-agreed", at + 2 * HOUR, **plan)
        for number in range(1, case.random.randrange(1, 8)):
            case.say("update-given", agreed + number * 11.5 * HOUR, by=lead, mode="phone")
        case.say("action-plan-shared", at + 3 * HOUR, plan="1. Patch. 2. Test.", version=1, by=lead)
    if case.luck(0.35):
        case.say(
            "de-escalated", case.later(24, 70, asked_at), by=lead, action_plan_acceptable=True,
            troubleshooting_on_track=True, agreement_ref="minutes" if case.luck(0.6) else "",
        )  # fmt: skip


# --- 004: by role and template -----------------------------------------------------------------


def _asks_by_template(case: StoryCase, at: datetime) -> None:
    asker = having(case.people["agent"], *(["escalation-requester"] if case.luck(0.9) else []))
    _request(
        case, at, channel="related-link", requested_by=asker, source="internal",
        template=case.random.choice(("case", "case", "case-approved", "priority")),
        escalation_severity=case.random.choice(("high", "medium", "low")),
    )  # fmt: skip


def _lead_decides(case: StoryCase, asked_at: datetime) -> None:
    lead = having(case.people["manager"], "escalation-manager", "de-escalation-requester")
    answer = {"by": lead, "request_id": f"{case.id}-request"}
    if case.luck(0.7):
        case.say("escalation-approved", case.later(0.5, 20, asked_at), **answer)
    elif case.luck(0.5):
        case.say("escalation-declined", case.later(0.5, 20, asked_at), **answer)
    case.say("trend-set", case.later(2, 30, asked_at), trend="improving", by=lead)
    if case.luck(0.4):
        case.say("de-escalated", case.later(20, 60, asked_at), by=lead, cause_resolved=True)


PRACTICES: Final = {
    "time-gated": Practice(_asks_by_button, _manager_calls, 35),
    "comment-phrase": Practice(_asks_by_phrase, _manager_calls, 20),
    "resolutions-desk": Practice(_asks_by_form, _desk_works, 20),
    "engineer-led": Practice(_asks_by_phone, _engineer_leads, 10),
    "templated": Practice(_asks_by_template, _lead_decides, 15),
}
