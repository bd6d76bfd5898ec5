"""One case under each policy, everything that can be reported about it, and the same words in
every field that takes words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas import reported
from schemas.codec import Reported
from schemas.reported import Fact
from tests.projections.review.histories import Told
from tests.stories import event

POLICIES: Final = ("time-gated", "comment-phrase", "resolutions-desk", "engineer-led", "templated")
BEGAN: Final = datetime(2026, 11, 16, 8, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
ROLES: Final = ["escalation-requester", "escalation-manager", "support-agent",
                "de-escalation-requester"]  # fmt: skip


def story(policy: str, words: str, case: str = "CASE-1") -> list[Told]:
    """Opened, requested, worked on, not always in time; the last request of ``case`` is too many.

    Of ``case`` with ``-no`` behind it nothing but a request is refused, and of one with ``-wait``
    an approval is declined.
    """
    told = [
        *_about(case, _accepted(policy, words, case)),
        *_about(f"{case}-no", _rejected(policy, words)),
    ]
    if policy == "templated":
        told += _about(f"{case}-wait", _declined(words))
    told.sort(key=lambda one: one.event.time)
    return [Told(one, one.time) for one in (each.event for each in told)]


def _about(case: str, facts: Iterator[tuple[float, Fact]]) -> list[Told]:
    return [
        Told(_event(fact, BEGAN + hours * HOUR, case), BEGAN + hours * HOUR)
        for hours, fact in facts
    ]


def _event(fact: Fact, at: datetime, case: str) -> Reported:
    return event(fact, at, subject=case, event_id=f"{case}-{at:%d-%H-%M-%S}-{fact.name}")


def person(id_: str, words: str) -> dict[str, Any]:
    return {"id": id_, "name": words, "email": f"{id_}@example.org", "roles": [*ROLES, words]}


def request(policy: str, words: str, case: str) -> dict[str, Any]:
    """What this policy asks of a request, and words beside it."""
    every: dict[str, Any] = {"comments": words, "contact": person("pat", words), "subject": words,
             "description": words, "case_number": case, "business_impact": "critical"}  # fmt: skip
    asked: dict[str, dict[str, Any]] = {
        "time-gated": {"reason": "management-request"},
        "engineer-led": {"reason": words, "situations": ["production-down"], "channel": "phone"},
        "templated": {"template": "case", "escalation_severity": "high", "reason": words},
    }
    return (
        {"request_id": f"{case}-r", "requested_by": person("ana", words)}
        | every
        | asked.get(policy, {"reason": words})
    )


def opened(policy: str, words: str) -> Fact:
    return reported.Opened.model_validate(
        {"account_id": "A-1", "severity": "S1", "tier": "gold", "title": words, "product": words,
         "program": policy, "opened_by": person("ana", words), "contact": person("pat", words),
         "assigned_agent": person("agent", words), "support_manager": person("boss", words),
         "team": words}
    )  # fmt: skip


def _accepted(policy: str, words: str, case: str) -> Iterator[tuple[float, Fact]]:
    by = person("boss", words)
    yield 0, opened(policy, words)
    yield 30, reported.EscalationRequested.model_validate(request(policy, words, case))
    said = {"comment_id": f"{case}-c", "author": person("ana", words), "author_role": "customer",
            "body": words}  # fmt: skip
    yield 31, reported.CommentAdded.model_validate(said)
    for hours, kind, data in _work(words, by):
        yield hours, kind.model_validate(data)
    again = request(policy, words, case) | {"request_id": f"{case}-again"}
    yield 60, reported.EscalationRequested.model_validate(again)


def _work(words: str, by: dict[str, Any]) -> Iterator[tuple[float, type[Fact], dict[str, Any]]]:
    yield 32, reported.EscalationAcknowledged, {"by": by, "note": words}
    yield 33, reported.CustomerContacted, {"by": by, "outcome": words, "next_steps": words}
    yield 34, reported.ContactAttempted, {"by": by, "outcome": words}
    yield 35, reported.EscalationEvaluated, {"by": by, "resources": [words]}
    yield 36, reported.PrimaryContactAssigned, {"contact": person("pat", words), "by": by}
    yield 37, reported.KickoffCallScheduled, {"at": "2026-11-18T09:00:00Z", "attendees": [by]}
    plan = {"mode": "phone", "frequency": "PT8H", "attendees": [by], "agreed_with": by}
    yield 38, reported.CommunicationPlanAgreed, plan
    yield 39, reported.UpdateGiven, {"by": by, "note": words}
    yield 40, reported.ActionPlanShared, {"plan": words, "by": by}
    yield 41, reported.LevelRaised, {"to": "team-manager", "by": by, "why": words}
    yield 42, reported.TrendSet, {"trend": "improving", "by": by}
    yield 43, reported.SeverityChanged, {"severity": "S2", "by": by}
    yield 44, reported.Assigned, {"agent": person("other", words), "team": words}
    yield 45, reported.EscalationAcknowledged, {"by": by, "note": words}


def _rejected(policy: str, words: str) -> Iterator[tuple[float, Fact]]:
    yield 1, opened(policy, words)
    yield 2, reported.Closed.model_validate({"by": person("boss", words), "resolution": words})
    asked = {"request_id": "no", "requested_by": {"id": "ana", "name": words}, "comments": words}
    yield 50, reported.EscalationRequested.model_validate(asked)


def _declined(words: str) -> Iterator[tuple[float, Fact]]:
    yield 1, opened("templated", words)
    asked = request("templated", words, "wait") | {"template": "case-approved"}
    yield 51, reported.EscalationRequested.model_validate(asked)
    yield (
        52,
        reported.EscalationDeclined.model_validate(
            {"request_id": "wait-r", "by": person("lead", words), "reason": words}
        ),
    )
