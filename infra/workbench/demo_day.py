"""A seeded day of a support organisation: the events that its CRMs would publish.

Everything is a function of the seed, the number of cases and the instant at which the day
ends. The demo plays it, benchmarks multiply it, tests compare with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final

from infra.workbench.demo_practices import HOUR, NEED, PRACTICES, REASONS, Data, StoryCase, having
from schemas.vocabulary import instant_text

ACCOUNT: Final = "northwind"
_FIRST = ("Ada", "Bo", "Chen", "Dana", "Emre", "Fay", "Gil", "Hana", "Ines", "Jo", "Kai", "Lea")
_LAST = ("Archer", "Baker", "Cole", "Diaz", "Ekman", "Fuchs", "Garcia", "Haas", "Ito", "Jung")
_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "UTC")
_TITLES = (
    "Orders are not sent", "Login fails after upgrade", "Report is empty", "Queue keeps growing",
    "Certificate will expire", "Memory climbs every night", "Webhook arrives twice",
)  # fmt: skip
_TEAMS = ("integration", "platform", "billing")


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


def _tell(random: Random, number: int, ends: datetime) -> StoryCase:
    opened_at = ends - timedelta(hours=random.uniform(2, 150))
    shares = [practice.share for practice in PRACTICES.values()]
    program = random.choices(list(PRACTICES), shares)[0]
    people = {
        "customer": person(random, "customer", 240), "agent": person(random, "agent", 24),
        "manager": person(random, "manager", 6),
    }  # fmt: skip
    case = StoryCase(random, number, opened_at, ends, program, people)
    _open(case)
    _talk(case)
    if case.luck(0.42):
        asked_at = case.later(1, 120, opened_at)
        PRACTICES[program].asks(case, asked_at)
        PRACTICES[program].works(case, asked_at)
    if case.luck(0.2):
        at = case.later(1, 140, opened_at)
        case.say("closed", at, by=people["agent"], resolution="solved")
    return case


def _open(case: StoryCase) -> None:
    random, people = case.random, case.people
    case.say(
        "opened", case.opened_at,
        account_id=f"account-{random.randrange(60)}",
        severity=random.choices(("S1", "S2", "S3", "S4"), (30, 35, 25, 10))[0],
        tier=random.choices(("titanium", "platinum", "gold", "bronze"), (30, 30, 35, 5))[0],
        title=random.choice(_TITLES), product="Gateway", program=case.program,
        opened_by=people["customer"], assigned_agent=people["agent"], team=random.choice(_TEAMS),
        **({"support_manager": people["manager"]} if case.luck(0.9) else {}),
    )  # fmt: skip


def _talk(case: StoryCase) -> None:
    for turn in range(case.random.randrange(1, 7)):
        author = "agent" if turn % 2 else "customer"
        body = "We are looking into it." if turn % 2 else "Is there any news? It still fails."
        case.comment(f"comment-{turn}", case.later(0.2, 60, case.opened_at), author, body)
    if case.luck(0.1):
        at = case.later(1, 50, case.opened_at)
        case.say("severity-changed", at, severity="S1", by=case.people["agent"])


def account(ends: datetime) -> Iterator[tuple[str, bytes]]:
    """One account with several cases, escalated together, with approval; one case leaves again."""
    random = Random(ACCOUNT)  # noqa: S311 - a story, not a secret
    asker = having(person(random, "agent", 24), "escalation-requester")
    lead = having(person(random, "manager", 6), "escalation-manager")
    cases = [f"CASE-8{number:04d}" for number in range(1, 4)]
    for number, case in enumerate(cases):
        opened = {
            "account_id": ACCOUNT, "severity": "S2", "tier": "gold", "title": _TITLES[number],
            "program": "templated", "opened_by": person(random, "customer", 240),
            "assigned_agent": asker, "team": _TEAMS[1],
        }  # fmt: skip
        yield case, _written(f"{case}-1", case, ends - 40 * HOUR, ("opened", opened))
    subject = f"account/{ACCOUNT}"
    request = {
        "request_id": f"{ACCOUNT}-request", "requested_by": asker, "template": "account-approved",
        "escalation_severity": "high", "comments": NEED, "source": "internal",
        "case_ids": [*cases, "CASE-00000"],
    }  # fmt: skip
    told = (
        (20 * HOUR, "account-escalation-requested", request),
        (18 * HOUR, "escalation-approved", {"by": lead, "request_id": f"{ACCOUNT}-request"}),
        (10 * HOUR, "update-given", {"by": lead, "mode": "phone"}),
        (9 * HOUR, "trend-set", {"by": lead, "trend": "improving"}),
    )
    for number, (before, name, data) in enumerate(told):
        yield subject, _written(f"{ACCOUNT}-{number}", subject, ends - before, (name, data))


def due_soon(ends: datetime, cases: int = 4) -> Iterator[tuple[str, bytes]]:
    """Cases whose first contact becomes overdue seconds after the day ends: nobody called."""
    random = Random(cases)  # noqa: S311 - a story, not a secret
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
            "reason": REASONS[0], "comments": NEED,
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
        (b"CASE-00001", b"this is not JSON"),
        (b"CASE-00001", b'{"hello": "world"}'),
        (b"CASE-00002", json.dumps(naive).encode()),
        (b"CASE-00001", json.dumps(naive).encode()),
        (b"CASE-00001", json.dumps(misspelt | {"data": {"severity": "urgent"}}).encode()),
    ]


def salesforce(seed: int, cases: int, ends: datetime) -> Iterator[bytes]:
    """Change events as Salesforce publishes them: new cases, comments, a gap."""
    random = Random(seed)  # noqa: S311 - a story, not a secret
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
