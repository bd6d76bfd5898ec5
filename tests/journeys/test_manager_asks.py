"""What a manager asks at the prompt, answered from the views by the real program."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.workbench.demo_day import day
from schemas import reported
from tests.journeys.test_projections import caught_up
from tests.stories import DAY, did, event, opened, requested
from tests.world import World, until

PROGRAM = Path(sys.executable).with_name("escalation")


def ask(world: World, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words], env=world.environment(), capture_output=True, text=True, check=False
    )


@pytest.mark.rule("003-18")
async def test_the_review_the_receipt_and_the_story_of_a_case(world: World) -> None:
    events = [(subject.encode(), value) for subject, value in day(17, 150, datetime.now(UTC))]
    world.start("decider", "projections")
    await world.publish_raw(events)
    await world.until_decided()
    await until(lambda: caught_up(world))

    review = json.loads(ask(world, "review", "--json").stdout)
    (counted,) = await world.query(
        "SELECT count(*) AS n FROM review.escalation_status "
        "WHERE status IN ('escalated', 'acknowledged', 'monitored')"
    )
    assert len(review["open"]) == counted["n"] > 0
    for_people = ask(world, "review")
    assert for_people.returncode == 0
    escalated = review["counts"]["escalated"]
    assert f"{escalated} escalated, " in for_people.stdout

    (rejected,) = await world.query("SELECT * FROM review.rejections ORDER BY case_id LIMIT 1")
    explained = ask(world, "explain", rejected["case_id"])
    assert "REJECTED" in explained.stdout
    receipts = json.loads(ask(world, "explain", rejected["case_id"], "--json").stdout)
    codes = [refusal["code"] for one in receipts for refusal in one.get("refusals", ())]
    assert set(rejected["codes"]) <= set(codes)

    story = json.loads(ask(world, "timeline", rejected["case_id"], "--json").stdout)
    assert story[0]["type"].startswith("support.case.")

    then = ask(world, "review", "--as-of", "2020-01-01T00:00:00Z", "--json")
    assert json.loads(then.stdout)["open"] == []


async def test_who_may_escalate_is_said_with_the_reason_why_not(world: World) -> None:
    world.start("decider", "projections")
    now = datetime.now(UTC)
    account = reported.AccountEscalationRequested.model_validate(
        {"request_id": "a-1", "requested_by": {"id": "ann", "roles": ["escalation-requester"]},
         "template": "account", "escalation_severity": "high", "case_ids": []}
    )  # fmt: skip
    told = [
        event(opened(now - DAY).data, now - DAY, subject="closed"),
        event(did(reported.Closed, now).data, now, subject="closed"),
        event(opened(now - 9 * DAY).data, now - 9 * DAY, subject="again"),
        event(requested(now).data, now, subject="again"),
        event(requested(now).data, now, subject="never"),
        event(account, now, subject="account/acme"),
    ]
    await world.publish(told)
    await world.until_decided()
    await until(lambda: caught_up(world))
    for subject, says in {
        "closed": "it is closed", "never": "it was never opened",
        "again": "it has an escalation, which is escalated",
        "account/acme": "it has an escalation, which is escalated",
    }.items():  # fmt: skip
        assert f"{subject} cannot be escalated" in ask(world, "eligibility", subject).stdout
        assert says in ask(world, "eligibility", subject).stdout


@pytest.mark.rule("000-22", "000-25")
async def test_a_call_that_was_reported_late_shows_as_kept_after_all(world: World) -> None:
    world.start("decider", "projections")
    asked_at = datetime.now(UTC) - DAY + timedelta(seconds=5)
    for case in ("called", "forgotten"):
        begun = [opened(asked_at - DAY), requested(asked_at)]
        await world.publish(event(one.data, one.time, subject=case) for one in begun)

    async def both_missed() -> bool:
        rows = await world.query("SELECT outcome FROM review.missed_duties")
        return [row["outcome"] for row in rows] == ["missed"] * 2

    await until(both_missed)
    call = did(reported.CustomerContacted, asked_at + timedelta(hours=2), mode="phone")
    await world.publish([event(call.data, call.time, subject="called")])
    await world.until_decided()
    await until(lambda: caught_up(world))
    rows = await world.query("SELECT case_id, duty, outcome FROM review.missed_duties")
    assert {row["case_id"]: (row["duty"], row["outcome"]) for row in rows} == {
        "called": ("first-contact", "kept, reported late"),
        "forgotten": ("first-contact", "missed"),
    }
    assert "first contact kept, reported late" in ask(world, "timeline", "called").stdout
    changes = json.loads(ask(world, "review", "--json").stdout)["changes"]
    assert [one["case_id"] for one in changes["kept-reported-late"]] == ["called"]
    assert [one["case_id"] for one in changes["deadline-missed"]] == ["forgotten"]


async def test_errors_say_what_is_wrong_and_what_to_do(world: World, tmp_path: Path) -> None:
    unknown = ask(world, "explain", "CASE-404")
    assert unknown.returncode == 1
    assert "CASE-404" in unknown.stderr
    for words, says in (
        (("--as-of", "yesterday"), "yesterday is no moment; write one such as"),
        (("--date", "tomorrow"), "tomorrow is not a day; write one such as"),
        (("--date", "2999-01-01"), "still to come"),
        (("--date", "2026-11-23", "--as-of", "2026-11-23T09:00:00Z"), "not both"),
    ):
        refused = ask(world, "review", *words)
        assert refused.returncode == 2
        assert says in " ".join(refused.stderr.replace("│", " ").split())
    assert "No event has been read so far." in ask(world, "review").stdout
    world.more["ESCALATION_DECIDER__POLICIES_FOLDER"] = "/nowhere"
    assert ask(world, "review").returncode == 0, "it does not need the policy files"
    del world.more["ESCALATION_DECIDER__POLICIES_FOLDER"]
    wrong = tmp_path / "events.jsonl"
    wrong.write_text('{"specversion": "1.0"}\nno json\n')
    checked = ask(world, "validate", str(wrong))
    assert checked.returncode == 3
    assert "not-an-envelope" in checked.stderr
    assert ask(world, "send", str(wrong)).returncode == 1
    world.more["ESCALATION_POSTGRES__DSN"] = "nonsense"
    astray = ask(world, "review")
    assert astray.returncode == 2
    assert "ESCALATION_POSTGRES__DSN" in astray.stderr and "Traceback" not in astray.stderr
    world.more["ESCALATION_KAFKA__BOOTSTRAP_SERVER"] = "x"
    told = ask(world, "doctor")
    assert told.returncode == 2
    assert "ESCALATION_KAFKA__BOOTSTRAP_SERVERS" in told.stderr
