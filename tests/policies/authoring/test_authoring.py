"""What is said for and against a policy file to who writes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from policies.authoring.calendar_file import as_text
from policies.authoring.differences import differences
from policies.authoring.lint import lint
from policies.authoring.plain import sentences
from policies.calendar_changes import with_change
from policies.file import line_of, parse_policy
from policies.model import Policy
from schemas import reported
from services.escalation.core.rules import RULES
from tests.escalation.changes import SHIPPED, changed, with_duty, without_rule
from tests.spec import POLICIES


@pytest.mark.parametrize("policy", SHIPPED.values(), ids=SHIPPED)
def test_there_is_nothing_to_say_against_what_comes_along(policy: Policy) -> None:
    assert lint(policy) == []


GATED, DESK, LED, ROLES = "time-gated", "resolutions-desk", "engineer-led", "templated"


@pytest.mark.parametrize(
    ("policy", "entry", "problem"),
    [
        (changed(GATED, rules=[*without_rule(GATED, ""), {"rule": "case-is-open",
         "statement": "x"}]), "rules", "appears 2 times"),
        (changed(GATED, rules=without_rule(GATED, "case-is-not-escalated-yet")),
         "rules", "nothing stops a second"),
        (changed(GATED, rules=without_rule(GATED, "case-is-known")), "rules", "never opened"),
        (changed(GATED, rules=without_rule(GATED, "window-has-passed")), "windows", "no rule asks"),
        (changed(GATED, windows={}), "rules", "no window to ask for"),
        (changed(GATED, rules=without_rule(GATED, "tier-is-covered")), "rules", "pass at once"),
        (changed(GATED, windows={"S1": {"gold": "P9D"}, "S2": {"gold": "P2D"},
         "S3": {"gold": "P3D"}, "S4": {"gold": "P4D"}}), "windows", "a higher severity"),
        (changed(GATED, rules=without_rule(GATED, "reason-is-offered")),
         "reasons", "nobody can choose"),
        (changed(GATED, reasons=[]), "reasons", "every reason would be refused"),
        (changed(GATED, reasons=["a", "a"]), "reasons", "appears 2 times"),
        (changed(ROLES, rules=without_rule(ROLES, "template-is-offered")),
         "templates", "nobody can choose"),
        (changed(ROLES, templates={}), "templates", "every template would be refused"),
        (changed(ROLES, roles={"request": ["x"]}), "roles.approve", "anybody could approve"),
        (changed(ROLES, templates={"case": {"kind": "case"}}), "roles.approve", "no template"),
        (changed(ROLES, rules=without_rule(ROLES, "requester-has-the-role")),
         "roles.request", "no rule asks"),
        (changed(ROLES, roles={"approve": ["x"]}), "roles.request", "asks for no role"),
        (changed(ROLES, severities={"high": {"colour": "red", "text": "High"}}),
         "severities", "medium, low"),
        (changed(DESK, agent_comments_are_updates=False), "duties.agent-update", "nothing keeps"),
        (changed(DESK, duties=with_duty(DESK, "acknowledge", kept_by=[])),
         "duties.acknowledge", "nothing keeps"),
        (changed(DESK, duties=with_duty(DESK, "acknowledge", begins="approval-request")),
         "duties.acknowledge", "never begins"),
        (changed(DESK, duties=with_duty(DESK, "acknowledge", owed_by="approvers")),
         "duties.acknowledge", "are not told: there are none"),
        (changed(DESK, duties=with_duty(DESK, "acknowledge", owed_by="requester")),
         "duties.acknowledge", "is not told what to do"),
        (changed(DESK, ladder=["support"], addresses={"levels": {"executive": "a@b.example"}}),
         "addresses.levels.executive", "no escalation reaches"),
        (changed(DESK, addresses={"duties": {"dance": "a@b.example"}}),
         "addresses.duties.dance", "no such duty"),
        (changed(GATED, suggestions=["add-a-reason"]), "suggestions", "needs a phrase"),
        (changed(LED, web_channels=[]), "suggestions", "no channel"),
        (changed(DESK, triage=SHIPPED[DESK].triage.model_dump() | {"prioritised_from": 99}),  # type: ignore[union-attr]
         "triage.prioritised_from", "never reaches it"),
        (changed(DESK, triage=SHIPPED[DESK].triage.model_dump() | {"impact": {"major": 9}}),  # type: ignore[union-attr]
         "triage.impact", "has no points"),
        (changed(DESK, watched_until="de-escalated"), "improvement_is_owed", "ends before"),
        (changed(GATED, phrase={"words": "please"}), "phrase", "every comment with it would be"),
        (changed(ROLES, severities={}), "severities", "none is described"),
        (changed(ROLES, addresses={"roles": {"boss": "a@b.example"}}),
         "addresses.roles.boss", "nothing to do"),
        (changed(GATED, duties=with_duty(GATED, "first-contact", by_severity={"S1": "PT30H"})),
         "duties.first-contact", "given more time"),
        (changed(LED, duties=with_duty(LED, "daily-status", daily_at="22:00")),
         "duties.daily-status", "nobody works on monday"),
        (changed(LED, calendar={"holidays": ["2026-12-24"], "worked": ["2026-12-24"]}),
         "calendar.worked", "a day off and worked at once"),
        (changed(LED, calendar={"worked": ["2026-11-03"]}), "calendar.worked", "worked anyway"),
        (changed(DESK, told=["requester"]), "told", "nobody in support"),
        (changed(DESK, next_steps=["This can be done only once."]), "next_steps", "only once"),
        (changed(DESK, told=["team", "team"]), "told", "appears 2 times"),
    ],
)  # fmt: skip
def test_what_can_never_happen_or_be_meant_is_found(
    policy: Policy, entry: str, problem: str
) -> None:
    found = lint(policy)
    assert [one for one in found if one.entry == entry and problem in one.problem], found
    assert all(one.remedy for one in found)


@pytest.mark.parametrize("policy", SHIPPED.values(), ids=SHIPPED)
def test_every_policy_is_told_in_plain_sentences(policy: Policy) -> None:
    told = [text for _, text in sentences(policy)]
    assert all(text.endswith((".", ")")) for text in told)
    for entry in policy.rules:
        assert any(f"({entry.statement})" in text for text in told)
    for spec in policy.duties:
        assert any(text.startswith(f"{spec.duty}: ") for text in told)


def test_the_sentences_leave_nothing_out_that_a_file_says() -> None:
    page = (Path(__file__).parents[3] / "docs/policies.md").read_text("utf-8")
    told = "\n".join(
        text for _, text in sentences(parse_policy(page.split("```yaml\n")[1].split("```")[0], ""))
    )
    for said in (
        "written-update: 16 h working (S1 8 h working)", "my-desk, version 1",
        "2026-01-01 00:00 UTC", "Monday to Thursday 08:00-12:00 and 13:00-17:30, Friday",
        "holidays of DE, BY", "2026-12-24, 2026-12-31", "the team: desk@support.example",
        "missed acknowledge: desk-lead@support.example", "belongs to the handling-agent",
        "Our team acknowledges your escalation",
    ):  # fmt: skip
        assert said in told, said


def test_a_finding_names_its_line() -> None:
    text = "policy: x\nduties:\n  - duty: one\n  - clock: working\n    duty: two\n"
    assert [line_of(text, entry) for entry in ("policy", "duties.two", "duties.none", "none")] == [
        1, 4, 2, 1,
    ]  # fmt: skip


def test_a_difference_names_the_entry_and_both_values() -> None:
    shorter = with_duty(GATED, "first-contact", length="PT8H")
    (version, length) = differences(
        SHIPPED[GATED], changed(GATED, version=2, duties=shorter)
    )  # fmt: skip
    assert version == ("version", 1, 2)
    assert length == ("duties.first-contact.length", "P1D", "PT8H")
    assert differences(SHIPPED[GATED], SHIPPED[GATED]) == []


def test_the_example_of_the_documentation_is_a_policy_with_nothing_to_say_against_it() -> None:
    page = (Path(__file__).parents[3] / "docs/policies.md").read_text("utf-8")
    example, calendar = [
        part.partition("```")[0] for part in page.split("```yaml\n")[1:]
    ]  # fmt: skip
    policy = parse_policy(example, "docs/policies.md")
    assert lint(policy) == []
    change = reported.CalendarChanged.model_validate(as_text(yaml.safe_load(calendar)))
    assert not isinstance(with_change(POLICIES.with_versions([policy]), change), str)
    named = set(re.findall(r"^\| `([a-z_]+)` \|", page, re.M))
    unnamed = Policy.model_fields.keys() - named - {"policy", "version", "effective_from",
        "source_ref", "published_on", "summary", "once_only", "next_steps", "calendar",
        "web_channels"}  # fmt: skip
    assert not unnamed, "every entry of the model is explained"
    rules = set(re.findall(r"^\| `([a-z-]+)` \| `", page, re.M))
    assert rules >= {rule.name for rule in RULES}
