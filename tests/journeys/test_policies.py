"""Policies and calendars that change while everything runs, by the program as an operator would."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.topic import publish_policy
from schemas import reported
from schemas.codec import Reported
from tests.journeys.test_manager_asks import ask
from tests.journeys.test_projections import caught_up
from tests.spec import POLICIES
from tests.stories import event, opened, requested
from tests.world import World, until

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FORM: dict[str, Any] = {
    "subject": "x", "description": "x", "business_impact": "major", "reason": "x",
}  # fmt: skip


def on(case: str, told: Reported) -> Reported:
    return event(told.data, told.time, subject=case)


def version_two(effective_from: datetime) -> str:
    dumped = POLICIES.versions["comment-phrase"][0].model_dump(mode="json")
    rules = [*dumped["rules"], {"rule": "comments-are-given", "statement": "001-11"}]
    changes = {"version": 2, "effective_from": effective_from.isoformat(), "rules": rules}
    return yaml.safe_dump(dumped | changes)


@pytest.mark.rule("004-06")
async def test_a_version_published_while_the_decider_runs_judges_what_came_after_it(
    world: World,
) -> None:
    world.start("decider", "projections")
    case = {"program": "comment-phrase"}
    await world.publish([on(f"p-{n}", opened(NOW - 3 * DAY, **case)) for n in range(3)])
    await world.until_decided()
    await publish_policy(world.kafka, "broken", "policy: [")
    await publish_policy(world.kafka, "comment-phrase", version_two(NOW - HOUR))

    async def is_learnt() -> bool:
        return b"comment-phrase@2" in (world.logs / "decider.log").read_bytes()

    await until(is_learnt)
    await world.publish([
        on("p-0", requested(NOW - 2 * HOUR, comments=None)),
        on("p-1", requested(NOW - HOUR, comments=None)),
        on("p-2", requested(NOW)),
    ])  # fmt: skip
    await world.until_decided()
    judged = {
        one["subject"]: (one["type"].split(".")[2], one["data"]["receipt"]["policy"]["version"])
        for one in await world.decisions()
    }
    assert judged == {"p-0": ("accepted", 1), "p-1": ("rejected", 2), "p-2": ("accepted", 2)}
    world.kill("decider")
    world.start("decider")
    await world.publish([on("p-1", requested(NOW, "request-2"))])
    await world.until_decided()
    again = [one for one in await world.decisions() if one["subject"] == "p-1"]
    assert again[-1]["data"]["policy"]["version"] == 2, "it is known again after a restart"


async def test_publishing_checks_the_file_and_the_notice_given(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(version_two(NOW))
    late = ask(world, "policy", "publish", str(file))
    assert late.returncode == 1 and "at least 10 minutes ahead" in " ".join(late.stderr.split())
    file.write_text(version_two(datetime.now(UTC) + 2 * HOUR))
    assert ask(world, "policy", "publish", str(file)).returncode == 0
    twice = ask(world, "policy", "publish", str(file))
    assert twice.returncode == 1 and "known already: write 3" in " ".join(twice.stderr.split())
    listed = json.loads(ask(world, "policy", "list", "--published", "--json").stdout)
    assert {("comment-phrase", 1, True), ("comment-phrase", 2, False)} <= {
        (row["policy"], row["version"], row["in_force"]) for row in listed
    }
    differ = ask(world, "policy", "diff", "comment-phrase@1", "comment-phrase@2", "--published",
                 "--json")  # fmt: skip
    assert differ.returncode == 3
    assert "rules.comments-are-given" in {one["entry"] for one in json.loads(differ.stdout)}
    file.write_text("policy: mine\ntold: [requester]\n")
    wrong = ask(world, "policy", "lint", str(file), "--json")
    assert wrong.returncode == 3
    assert ("is missing", "add it") in {
        (one["problem"], one["remedy"]) for one in json.loads(wrong.stdout)
    }
    assert ask(world, "policy", "show", "nowhere").returncode == 2
    assert "{acknowledge}" in ask(world, "policy", "show", "resolutions-desk").stdout
    told = ask(world, "policy", "explain", "resolutions-desk").stdout
    assert "within one working day" in " ".join(told.split())


@pytest.mark.rule("002-11")
async def test_a_holiday_declared_late_plans_duties_anew_without_a_restart(
    world: World, tmp_path: Path
) -> None:
    world.start("decider", "projections")
    cases = [f"h-{number}" for number in range(30)]
    desk = {"program": "resolutions-desk"}
    told = [on(case, opened(NOW - DAY, **desk)) for case in cases]
    told += [on(case, requested(NOW, **FORM, case_number=case)) for case in cases]
    await world.publish(told)
    await world.until_decided()
    before = await world.decisions()
    due = {one["data"]["duties"][0]["due_at"] for one in before}
    (acknowledge,) = due
    off = date.fromisoformat(acknowledge[:10])
    file = tmp_path / "holiday.yaml"
    file.write_text(f"calendar: resolutions-desk\nversion: 2\ndates: [{off}]\n")
    told_twice = [ask(world, "calendar", "apply", str(file)) for _ in range(2)]
    assert [one.returncode for one in told_twice] == [0, 0], told_twice[0].stderr
    await world.until_decided()
    await until(lambda: caught_up(world))
    decisions = await world.decisions()
    moved = [one["data"] for one in decisions if one["type"].endswith("duty-replanned.v1")]
    assert {one["duty"] for one in moved} == {"acknowledge", "agent-update", "team-update"}
    assert len(moved) == 3 * len(cases), "once each, though the change was told twice"
    first = next(one for one in moved if one["duty"] == "acknowledge")
    assert first["was_due_at"] == acknowledge
    assert date.fromisoformat(first["due_at"][:10]) > off
    rows = await world.query("SELECT next_due_at FROM review.escalation_status")
    assert {f"{row['next_due_at']:%Y-%m-%dT%H:%M}" for row in rows} == {first["due_at"][:16]}
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("calendar: moon\nversion: 1\n")
    refused = ask(world, "calendar", "apply", str(wrong))
    assert refused.returncode == 2 and "calendars in use" in " ".join(refused.stderr.split())
    world.kill("decider")
    world.start("decider")
    fact = reported.EscalationRequested.model_validate(
        FORM | {"request_id": "later", "case_number": "h-later"}
    )
    await world.publish([on("h-later", opened(NOW - DAY, **desk)),
                         event(fact, NOW, subject="h-later")])  # fmt: skip
    await world.until_decided()
    last = next(one for one in await world.decisions() if one["subject"] == "h-later")
    assert last["data"]["duties"][0]["due_at"] == first["due_at"], "known again after a restart"
