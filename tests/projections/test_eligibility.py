"""``review.eligibility``: from when a case may be escalated, under the policy in force now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from policies.catalogue import Policies
from schemas.vocabulary import Status
from services.escalation.core.case import Case, Escalation
from services.escalation.core.rules import eligible_at, may_still_escalate
from services.projections.projector.policy_tables import write_policies
from services.projections.projector.tables import CASES, RIGHTS
from services.projections.read_models.case_facts import CaseRow
from services.projections.read_models.requests import RightsRow
from tests.benchmarks.peers import shipped_policies
from tests.projections.filling import connected

HOUR = timedelta(hours=1)
STATUSES: tuple[Status, ...] = get_args(Status)


def opened(case_id: str = "CASE-1", **but: Any) -> CaseRow:
    now = datetime.now(UTC)
    row = CaseRow(
        case_id, account_id="north", severity="S1", tier="gold", opened_at=now - HOUR,
        recorded_at=now, program="time-gated",
    )  # fmt: skip
    return replace(row, **but)


async def eligibility(owner: Any, case_id: str = "CASE-1") -> dict[str, Any] | None:
    found = await owner.fetchrow("SELECT * FROM review.eligibility WHERE case_id = $1", case_id)
    return None if found is None else dict(found)


def in_force_since(since: datetime, hours: int) -> Policies:
    """The shipped policies, and a second version of one that makes an S1 wait this long."""
    known = shipped_policies()
    first = known.versions["time-gated"][0]
    windows: Any = {
        severity: dict.fromkeys(tiers, hours * HOUR) for severity, tiers in first.windows.items()
    }
    second = first.model_copy(update={"version": 2, "effective_from": since, "windows": windows})
    return known.with_versions([second])


@pytest.mark.rule("000-18", "000-19", "000-20", "000-21")
async def test_the_view_says_what_the_decider_would_say_now(database: str) -> None:
    known, now = shipped_policies(), datetime.now(UTC)
    programs = [None, "no-such-policy", *known.versions]
    cases, rights = [], []
    number = 0
    for program in programs:
        for severity in ("S1", "S2", "S3", "S4", None):
            for tier in ("titanium", "platinum", "gold", "bronze", "Gold"):
                for status in STATUSES:
                    number += 1
                    code = None if program is None else known.as_code(program)
                    opening = now - number % 9 * 20 * HOUR
                    cases.append(opened(f"CASE-{number}", program=code, severity=severity,
                                        tier=tier, opened_at=opening))  # fmt: skip
                    rights.append(RightsRow(f"CASE-{number}", number % 2, status))
    async with connected(database) as owner, owner.transaction():
        await write_policies(owner, known)
        await CASES.store(owner, cases)
        await RIGHTS.store(owner, rights)
        found = {
            row["case_id"]: row for row in await owner.fetch("SELECT * FROM review.eligibility")
        }
    for row, right in zip(cases, rights, strict=True):
        policy = known.judging(row.program, now)
        running: Any = Escalation("e", "r", right.status, policy.policy, 1, None, "support")
        case: Any = Case(opened_at=row.opened_at, severity=row.severity, tier=row.tier,  # type: ignore[arg-type]  # the same
                         rights_spent=right.rights_spent, escalation=running)  # fmt: skip
        assert (row.case_id in found) == may_still_escalate(case, policy), row
        if row.case_id in found:
            told = found[row.case_id]
            at = eligible_at(case, policy) if policy.windows else case.opened_at
            assert (told["eligible_at"], told["policy"]) == (at, policy.policy), row
            assert told["eligible"] == (at is not None and at <= now)
            assert told["program_known"] == known.knows_program(row.program)
            assert told["tier_known"] == known.knows_tier(row.tier)


async def test_a_version_that_is_published_counts_from_its_instant_on(database: str) -> None:
    case = opened()
    async with connected(database) as owner, owner.transaction():
        await CASES.store(owner, [case])
        await write_policies(owner, in_force_since(datetime.now(UTC) + HOUR, 100))
        before = await eligibility(owner)
        await write_policies(owner, in_force_since(datetime.now(UTC) - HOUR, 100))
        after = await eligibility(owner)
    assert before is not None and after is not None and case.opened_at is not None
    assert (before["policy_version"], before["eligible_at"]) == (1, case.opened_at + 8 * HOUR)
    assert (after["policy_version"], after["eligible_at"]) == (2, case.opened_at + 100 * HOUR)


async def test_a_case_whose_facts_change_has_another_answer_at_once(database: str) -> None:
    case = opened(opened_at=datetime.now(UTC) - 9 * HOUR)
    answers = []
    async with connected(database) as owner:
        await write_policies(owner, shipped_policies())
        for row in (case, replace(case, severity="S4"), replace(case, closed=True)):
            async with owner.transaction():
                await CASES.store(owner, [row])
            answers.append(await eligibility(owner))
    urgent, calm, closed = answers
    assert urgent is not None and urgent["eligible"]
    assert calm is not None and not calm["eligible"] and calm["eligible_at"] is not None
    assert closed is None


async def test_an_opening_at_the_end_of_time_breaks_no_row(database: str) -> None:
    end = datetime(9999, 12, 31, 23, tzinfo=UTC)
    async with connected(database) as owner, owner.transaction():
        await write_policies(owner, in_force_since(datetime.now(UTC) - HOUR, 10**7))
        await CASES.store(owner, [opened("CASE-END", opened_at=end), opened()])
        assert len(await owner.fetch("SELECT * FROM review.eligibility")) == 2


async def test_before_the_service_has_told_the_policies_nothing_is_claimed(database: str) -> None:
    async with connected(database) as owner, owner.transaction():
        await CASES.store(owner, [opened()])
        found = await eligibility(owner)
    assert found is not None and (found["policy"], found["eligible"]) == (None, False)
