"""A seeded day of a support organisation: the events that its CRMs would publish.

Everything is a function of the seed, the number of cases and the instant at which the day
ends. The demo plays it, benchmarks multiply it, tests compare with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from schemas.vocabulary import instant_text

HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
_FIRST = ("Ada", "Bo", "Chen", "Dana", "Emre", "Fay", "Gil", "Hana", "Ines", "Jo", "Kai", "Lea")
_LAST = ("Archer", "Baker", "Cole", "Diaz", "Ekman", "Fuchs", "Garcia", "Haas", "Ito", "Jung")
_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "UTC")
_TITLES = (
    "Orders are not sent", "Login fails after upgrade", "Report is empty", "Queue keeps growing",
    "Certificate will expire", "Memory climbs every night", "Webhook arrives twice",
)  # fmt: skip
_TEAMS = ("integration", "platform", "billing")
_REASONS = ("lack-of-communication", "business-impact-or-deadline", "management-request")
_NEED = "We go live soon and have asked for an update three times."
Data = dict[str, Any]


@dataclass
class _Case:
    """One case while its story is told."""

    random: Random
    number: int
    opened_at: datetime
    ends: datetime
    program: str
    events: list[tuple[datetime, str, Data]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"CASE-{self.number:05d}"

    def say(self, name: str, at: datetime, **data: Any) -> datetime:
        if at < self.ends:
            self.events.append((at, name, data))
        return at

    def later(self, least: float, most: float, since: datetime) -> datetime:
        return since + timedelta(hours=self.random.uniform(least, most))


def day(seed: int, cases: int, ends: datetime) -> Iterator[tuple[str, bytes]]:
    """Subject and event of every fact of the day, in the order in which they happened."""
    random = Random(seed)  # noqa: S311 - a story, not a secret
    told = [_tell(random, number, ends) for number in range(1, cases + 1)]
    every = [(at, case.id, name, data) for case in told for at, name, data in case.events]
    every.sort(key=lambda entry: (entry[0], entry[1]))
    for number, (at, subject, name, data) in enumerate(every, 1):
        yield subject, _written(f"{seed}-{number:07d}", subject, at, (name, data))


def _written(id_: str, subject: str, at: datetime, fact: tuple[str, Data]) -> bytes:
    name, data = fact
    event = {
        "specversion": "1.0", "id": id_, "source": "/crm/demo",
        "type": f"support.case.{name}.v1", "subject": subject, "time": instant_text(at),
        "datacontenttype": "application/json", "data": data,
    }  # fmt: skip
    return json.dumps(event).encode()


def person(random: Random, kind: str, of: int) -> Data:
    """Somebody: the same number is always the same person."""
    number = random.randrange(of)
    first, last = _FIRST[number % len(_FIRST)], _LAST[number % len(_LAST)]
    domain = "customer.example" if kind == "customer" else "support.example"
    return {
        "id": f"{kind}-{number}",
        "name": f"{first} {last}",
        "email": f"{first}.{last}.{number}@{domain}".lower(),
        "timezone": _ZONES[number % len(_ZONES)],
    }


def _tell(random: Random, number: int, ends: datetime) -> _Case:
    opened_at = ends - timedelta(hours=random.uniform(2, 150))
    program = random.choices(("time-gated", "comment-phrase"), (65, 35))[0]
    case = _Case(random, number, opened_at, ends, program)
    customer, agent = person(random, "customer", 240), person(random, "agent", 24)
    manager = person(random, "manager", 6)
    _open(case, (customer, agent, manager))
    _talk(case, customer, agent)
    if random.random() < 0.42:
        asked_at = _ask(case, customer)
        _work(case, manager, asked_at)
    if random.random() < 0.2:
        case.say("closed", case.later(1, 140, opened_at), by=agent, resolution="solved")
    return case


def _open(case: _Case, people: tuple[Data, Data, Data]) -> None:
    customer, agent, manager = people
    random = case.random
    case.say(
        "opened", case.opened_at,
        account_id=f"account-{random.randrange(60)}",
        severity=random.choices(("S1", "S2", "S3", "S4"), (30, 35, 25, 10))[0],
        tier=random.choices(("titanium", "platinum", "gold", "bronze"), (30, 30, 35, 5))[0],
        title=random.choice(_TITLES), product="Gateway", program=case.program,
        opened_by=customer, assigned_agent=agent, team=random.choice(_TEAMS),
        **({"support_manager": manager} if random.random() < 0.9 else {}),
    )  # fmt: skip


def _talk(case: _Case, customer: Data, agent: Data) -> None:
    for turn in range(case.random.randrange(1, 7)):
        by_agent = turn % 2 == 1
        case.say(
            "comment-added", case.later(0.2, 60, case.opened_at),
            comment_id=f"{case.id}-comment-{turn}",
            author=agent if by_agent else customer,
            author_role="agent" if by_agent else "customer",
            body="We are looking into it." if by_agent else "Is there any news? It still fails.",
        )  # fmt: skip
    if case.random.random() < 0.1:
        case.say("severity-changed", case.later(1, 50, case.opened_at), severity="S1", by=agent)


def _ask(case: _Case, customer: Data) -> datetime:
    """Ask for escalation: usually well, sometimes too early, incomplete, mistyped or twice."""
    random = case.random
    at = case.later(1, 120, case.opened_at)
    if case.program == "comment-phrase":
        words = random.choices(
            ("Escalation request: nobody has called us back.", "escalation request",
             "This is an escalaton requst, please."), (70, 15, 15),
        )[0]  # fmt: skip
        return case.say(
            "comment-added", at, comment_id=f"{case.id}-ask", author=customer,
            author_role="customer", body=words,
        )  # fmt: skip
    request = {
        "request_id": f"{case.id}-request", "channel": "button", "requested_by": customer,
        "source": "customer", "reason": random.choice((*_REASONS, *_REASONS, "exception")),
        "comments": _NEED if random.random() < 0.9 else "",
        "impact_changed": random.random() < 0.3, "needs_other_than_assigned": random.random() < 0.7,
    }  # fmt: skip
    case.say("escalation-requested", at, **request)
    if random.random() < 0.15:
        again = request | {"request_id": f"{case.id}-request-2"}
        case.say("escalation-requested", at + HOUR, **again)
    return at


def _work(case: _Case, manager: Data, asked_at: datetime) -> None:
    """What support does about it; refused where the request was."""
    random = case.random
    if random.random() < 0.75:
        at = case.say("escalation-acknowledged", case.later(0.2, 5, asked_at), by=manager)
        at = case.say("contact-attempted", case.later(0.2, 20, at), by=manager, mode="phone")
        if random.random() < 0.6:
            case.say("customer-contacted", at + HOUR, by=manager, mode="phone")
            case.say("trend-set", at + 2 * HOUR, trend="improving", by=manager)
    if random.random() < 0.15:
        case.say("level-raised", case.later(6, 12, asked_at), to="team-manager", by=manager)
    if random.random() < 0.3:
        case.say("update-given", case.later(3, 30, asked_at), by=manager, mode="email")
    if random.random() < 0.25:
        case.say("de-escalated", case.later(20, 60, asked_at), by=manager, reason="on track")


def due_soon(ends: datetime, cases: int = 4) -> Iterator[tuple[str, bytes]]:
    """Cases whose first contact becomes overdue seconds after the day ends: nobody called."""
    random = Random(cases)  # noqa: S311
    for number in range(cases):
        subject = f"CASE-9{number:04d}"
        asked_at = ends - 24 * HOUR + timedelta(seconds=12 + 2 * number)
        customer, manager = person(random, "customer", 240), person(random, "manager", 6)
        opened = {
            "account_id": "account-3", "severity": "S1", "tier": "gold", "title": _TITLES[number],
            "opened_by": customer, "support_manager": manager, "team": _TEAMS[0],
            "assigned_agent": person(random, "agent", 24),
        }  # fmt: skip
        request = {
            "request_id": f"{subject}-request", "channel": "form", "requested_by": customer,
            "reason": _REASONS[0], "comments": _NEED,
        }  # fmt: skip
        yield subject, _written(f"{subject}-1", subject, asked_at - 9 * HOUR, ("opened", opened))
        fact = ("escalation-requested", request)
        yield subject, _written(f"{subject}-2", subject, asked_at, fact)


def bad_records() -> list[tuple[bytes | None, bytes]]:
    """What no system should be sent, and each is: key and value."""
    naive = {
        "specversion": "1.0", "id": "bad-1", "source": "/crm/demo", "subject": "CASE-00001",
        "type": "support.case.closed.v1", "time": "2026-01-01T10:00:00", "data": {},
    }  # fmt: skip
    misspelt = naive | {"time": "2026-01-01T10:00:00Z", "type": "support.case.opened.v1"}
    return [
        (b"CASE-00001", b"this is no JSON"),
        (b"CASE-00001", b'{"hello": "world"}'),
        (b"CASE-00002", json.dumps(naive).encode()),
        (b"CASE-00001", json.dumps(naive).encode()),
        (b"CASE-00001", json.dumps(misspelt | {"data": {"severity": "urgent"}}).encode()),
    ]


def salesforce(seed: int, cases: int, ends: datetime) -> Iterator[bytes]:
    """Change events as Salesforce publishes them: new cases, comments, a gap."""
    random = Random(seed)  # noqa: S311
    for number in range(cases):
        case, at = f"500{number:012d}AAA", ends - timedelta(hours=random.uniform(10, 40))
        yield _change("Case", case, at, (number, "CREATE"), {
            "CaseNumber": f"{number:08d}", "Subject": random.choice(_TITLES),
            "Priority": random.choice(("Critical", "High", "Medium", "Low")),
            "Status": "New", "IsClosed": False, "AccountId": f"001{number % 9:012d}AAA",
            "ContactId": f"003{number % 40:012d}AAA", "OwnerId": f"005{number % 7:012d}AAA",
            "SLA_Tier__c": random.choice(("Titanium", "Platinum", "Gold")),
        })  # fmt: skip
        yield _change("CaseComment", f"00a{number:012d}AAA", at + HOUR, (number, "CREATE"), {
            "ParentId": case, "CommentBody": "Any news on this?", "IsPublished": True,
            "CreatedById": f"003{number % 40:012d}AAA",
        })  # fmt: skip
    yield _change("Case", "500000000000000AAA", ends - HOUR, (cases, "GAP_UPDATE"), {})


def _change(entity: str, record: str, at: datetime, what: tuple[int, str], fields: Data) -> bytes:
    number, kind = what
    header = {
        "entityName": entity, "recordIds": [record], "changeType": kind, "changedFields": [],
        "commitTimestamp": int(at.timestamp() * 1000), "transactionKey": f"{entity}-{number}",
        "sequenceNumber": 1, "commitUser": "005000000000000AAA",
    }  # fmt: skip
    return json.dumps({"ChangeEventHeader": header, **fields}).encode()
