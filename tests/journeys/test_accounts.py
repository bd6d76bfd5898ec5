"""An account and its cases, each on a partition of its own, asked and answered through Kafka."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas import reported, topics
from schemas.codec import Reported
from tests.journeys.test_projections import caught_up
from tests.stories import event, person
from tests.world import World, until

NOW = datetime.now(UTC).replace(microsecond=0)
LEAD = person("lead", roles=["escalation-manager", "de-escalation-requester"])
ASKER = person("asker", roles=["escalation-requester"])
ACCOUNT = "account/acme"


def opening(case_id: str, account: str = "acme") -> Reported:
    fact = reported.Opened(account_id=account, severity="S2", tier="gold", program="templated")
    return event(fact, NOW - timedelta(days=2), subject=case_id)


def about(subject: str, kind: type[reported.Fact], **data: Any) -> Reported:
    return event(kind.model_validate(data), NOW, subject=subject)


def asked(template: str, **more: Any) -> Reported:
    data = {
        "request_id": "r-1", "requested_by": ASKER, "template": template,
        "escalation_severity": "high", "case_ids": ["a-1", "a-2", "a-3", "a-4", "a-5"],
    }  # fmt: skip
    return about(ACCOUNT, reported.AccountEscalationRequested, **(data | more))


def told(decisions: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    found = set()
    for one in decisions:
        data = one["data"]
        codes = tuple(refusal["code"] for refusal in data.get("refusals", ()))
        found.add((one["subject"], one["type"].split(".")[2], data.get("case_id") or "", *codes))
    return found


@pytest.mark.rule("004-05", "004-09", "004-10")
async def test_every_case_of_an_account_is_linked_or_refused_with_its_reason(world: World) -> None:
    world.start("decider", "projections")
    await world.publish([opening("a-1"), opening("a-2"), opening("a-4", "other"), opening("a-5"),
                         about("a-5", reported.Closed)])  # fmt: skip
    await world.until_decided()
    await world.publish([asked("account")])
    await world.until_decided()
    later = [
        about("a-2", reported.EscalationRequested, request_id="own", requested_by=ASKER,
              template="case", escalation_severity="low"),
        opening("a-6"), about(ACCOUNT, reported.AccountCaseLinked, case_id="a-6"),
        about(ACCOUNT, reported.AccountCaseUnlinked, case_id="a-1"),
    ]  # fmt: skip
    await world.publish(later)
    await world.until_decided()
    assert told(await world.decisions()) == {
        (ACCOUNT, "accepted", ""),
        (ACCOUNT, "case-linked", "a-1"), (ACCOUNT, "case-linked", "a-2"),
        (ACCOUNT, "refused", "a-3", "case-unknown"),
        (ACCOUNT, "refused", "a-4", "unrelated-account"),
        (ACCOUNT, "refused", "a-5", "case-closed"),
        ("a-2", "accepted", "a-2"), (ACCOUNT, "case-linked", "a-6"),
        (ACCOUNT, "case-unlinked", "a-1"),
    }  # fmt: skip
    await until(lambda: caught_up(world))
    (row,) = await world.query(
        "SELECT * FROM review.escalation_status WHERE case_id IS NULL AND account_id = 'acme'"
    )
    assert row["status"] == "escalated"
    assert row["case_ids"] == ["a-2", "a-6"]


@pytest.mark.rule("004-13")
async def test_with_approval_the_cases_are_asked_when_it_is_given(world: World) -> None:
    world.start("decider")
    await world.publish([opening("a-1"), opening("a-2")])
    await world.publish([asked("account-approved", case_ids=["a-1", "a-2"])])
    await world.until_decided()
    assert told(await world.decisions()) == {(ACCOUNT, "approval-requested", "")}
    approval = about(ACCOUNT, reported.EscalationApproved, request_id="r-1", by=LEAD)
    ending = about(ACCOUNT, reported.Deescalated, by=LEAD, cause_resolved=True)
    await world.publish([approval])
    await world.until_decided()
    await world.publish([ending, about(ACCOUNT, reported.AccountCaseLinked, case_id="a-3")])
    await world.until_decided()
    decisions = await world.decisions()
    assert told(decisions) == {
        (ACCOUNT, "approval-requested", ""), (ACCOUNT, "accepted", ""),
        (ACCOUNT, "case-linked", "a-1"), (ACCOUNT, "case-linked", "a-2"),
        (ACCOUNT, "de-escalated", ""), (ACCOUNT, "monitoring-ended", ""),
        (ACCOUNT, "refused", "a-3", "not-escalated"),
    }  # fmt: skip
    accepted = next(one for one in decisions if one["type"].endswith(".accepted.v1"))
    assert accepted["data"]["owner_id"] == "lead"
    links = [one for one in await world.records(topics.CASE_EVENTS.name) if b"link-" in one.value]
    assert len(links) == 4
