"""Which version judges what, and what is wrong with a policy file."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas import reported
from services.escalation.calendar_file import as_text
from services.escalation.core.calendar_changes import calendar_after
from services.escalation.core.differences import differences
from services.escalation.core.lint import lint
from services.escalation.core.plain import sentences
from services.escalation.core.policies import (
    Policies,
    PolicyProblem,
    collect,
    parse_policy,
    parsed,
    policies_in,
    shipped,
)
from services.escalation.core.policy import Policy
from services.escalation.core.rules import RULES
from tests.spec import POLICIES, Given
from tests.stories import DAY, HOUR, NOON, did, opened, requested

SHIPPED = {name: versions[0] for name, versions in POLICIES.versions.items()}


def changed(name: str, **entries: Any) -> Policy:
    """A shipped policy with other entries, checked as a file would be."""
    return Policy.model_validate(SHIPPED[name].model_dump(mode="json") | entries)


def without_rule(name: str, rule: str) -> list[dict[str, str]]:
    return [
        entry.model_dump() for entry in SHIPPED[name].rules if entry.rule != rule
    ]  # fmt: skip


def with_duty(name: str, duty: str, **entries: Any) -> list[dict[str, Any]]:
    return [
        spec.model_dump(mode="json") | (entries if spec.duty == duty else {})
        for spec in SHIPPED[name].duties
    ]


# --- versions --------------------------------------------------------------------------------


def second(**entries: Any) -> Policies:
    """Time-gated in two versions; the second, from NOON on, wants no comments."""
    rules = without_rule("time-gated", "comments-are-given")
    later = changed(
        "time-gated", **({"version": 2, "effective_from": NOON, "rules": rules} | entries)
    )
    return POLICIES.with_versions([later])


@pytest.mark.rule("004-06")
def test_a_request_is_judged_by_the_version_in_force_when_it_was_made() -> None:
    story = Given((opened(NOON - 10 * DAY),), second())
    before = story.when(requested(NOON - HOUR, comments=None), recorded_at=NOON + DAY)
    assert before.then_rejected("comments-missing").receipt.policy.version == 1
    assert story.when(requested(NOON, comments=None)).then_accepted().policy.version == 2


def test_before_all_versions_the_first_judges() -> None:
    story = Given((opened(NOON - 4000 * DAY),), second())
    long_ago = requested(NOON - 3990 * DAY)
    assert story.when(long_ago).then_accepted().policy.version == 1


def test_an_escalation_keeps_the_version_that_it_began_with() -> None:
    duties = with_duty("time-gated", "first-contact", kept_by=["acknowledged"])
    story = Given(
        (opened(NOON - 10 * DAY), requested(NOON - HOUR)), second(duties=duties)
    )  # fmt: skip
    contacted = did(reported.CustomerContacted, NOON + HOUR)
    (found,) = story.when(contacted).decisions
    assert [one.duty for one in found.fulfilled] == ["first-contact"]  # type: ignore[attr-defined]


def test_a_request_from_the_future_is_judged_by_the_version_of_its_record() -> None:
    story = Given((opened(NOON - 10 * DAY),), second())
    ahead = story.when(requested(NOON + HOUR), recorded_at=NOON - HOUR)
    assert ahead.then_rejected("time-in-future").receipt.policy.version == 1


def test_a_policy_that_is_published_later_judges_cases_opened_before() -> None:
    sixth = changed("comment-phrase", policy="sixth")
    before = opened(NOON - DAY, program="sixth")
    known = Given((before,), POLICIES).case
    assert known.program != "sixth", "no policy of that name was known: a digest is kept"
    with_it = POLICIES.with_versions([sixth])
    assert with_it.judging(known.program, NOON).policy == "sixth"
    assert POLICIES.judging(known.program, NOON).policy == "time-gated"


def test_of_a_version_number_that_stands_already_the_first_counts() -> None:
    other = changed("time-gated", summary="another")
    assert POLICIES.with_versions([other]).versions == POLICIES.versions
    with pytest.raises(ValueError, match="stands twice"):
        collect([SHIPPED["time-gated"], other], "time-gated")
    with pytest.raises(ValueError, match="none of: "):
        collect([SHIPPED["time-gated"]], "templated")


def test_policies_of_ones_own_stand_beside_those_that_come_along(tmp_path: Path) -> None:
    (tmp_path / "sixth").mkdir()
    text = yaml.safe_dump(changed("comment-phrase", policy="sixth").model_dump(mode="json"))
    (tmp_path / "sixth" / "1.yaml").write_text(text)
    known = policies_in(shipped(), "sixth", tmp_path)
    assert known.judging(None, NOON).policy == "sixth"
    with pytest.raises(PolicyProblem, match="cannot be read"):
        policies_in(shipped(), "sixth", tmp_path / "nowhere")


# --- files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "instead", "says"),
    [
        ("version: 1", "version: one", "mine.yaml:3: version: "),
        ("once_only: true", "once_onyl: true", "is no entry of a policy"),
        ("    length: PT24H", "    length: PT0H", "a length must be above zero"),
        ("    length: PT24H", "    length: PT24H\n    working_days: 1", "give one of length"),
        ("  S4: {titanium", "  S5: {titanium", "windows"),
        ("    owed_by: support-manager", "    owed_by: nobody", "duties.0.owed_by"),
        ("watched_until: closed", "", "watched_until: is missing: add it"),
        ("policy: time-gated", "policy: [", "this is no YAML"),
    ],
)
def test_what_is_wrong_is_said_with_file_line_and_remedy(
    line: str, instead: str, says: str
) -> None:
    text = (shipped() / "time-gated" / "1.yaml").read_text("utf-8")  # type: ignore[operator]
    assert line in text
    with pytest.raises(PolicyProblem, match=r"mine\.yaml") as problem:
        parse_policy(text.replace(line, instead, 1), "mine.yaml")
    assert says in str(problem.value)
    assert parsed([text.replace(line, instead, 1)], "mine.yaml")[0] == []


def test_a_severity_without_a_window_is_refused() -> None:
    windows = SHIPPED["time-gated"].model_dump(mode="json")["windows"]
    del windows["S3"]
    with pytest.raises(ValueError, match="every severity S1 to S4"):
        changed("time-gated", windows=windows)


@pytest.mark.parametrize("policy", SHIPPED.values(), ids=SHIPPED)
def test_there_is_nothing_to_say_against_what_comes_along(policy: Policy) -> None:
    assert lint(policy) == []


GATED, DESK, LED, ROLES = "time-gated", "resolutions-desk", "engineer-led", "templated"


@pytest.mark.parametrize(
    ("policy", "entry", "problem"),
    [
        (changed(GATED, rules=[*without_rule(GATED, ""), {"rule": "case-is-open",
         "statement": "x"}]), "rules", "stands 2 times"),
        (changed(GATED, rules=without_rule(GATED, "case-is-not-escalated-yet")),
         "rules", "nothing stops a second"),
        (changed(GATED, rules=without_rule(GATED, "case-is-known")), "rules", "never opened"),
        (changed(GATED, rules=without_rule(GATED, "window-has-passed")), "windows", "no rule asks"),
        (changed(GATED, windows={}), "rules", "no window to ask for"),
        (changed(GATED, rules=without_rule(GATED, "tier-is-covered")), "rules", "pass at once"),
        (changed(GATED, windows={"S1": {"gold": "P9D"}, "S2": {"gold": "P2D"},
         "S3": {"gold": "P3D"}, "S4": {"gold": "P4D"}}), "windows", "graver severity"),
        (changed(GATED, rules=without_rule(GATED, "reason-is-offered")),
         "reasons", "nobody can choose"),
        (changed(GATED, reasons=[]), "reasons", "every reason would be refused"),
        (changed(GATED, reasons=["a", "a"]), "reasons", "stands 2 times"),
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
        (changed(ROLES, duties=[]), "duties", "wait for ever"),
        (changed(DESK, duties=with_duty(DESK, "acknowledge", owed_by="approvers")),
         "duties.acknowledge", "there are none"),
        (changed(DESK, ladder=["support", "department-head"]), "ladder", "gap"),
        (changed(DESK, ladder=["team-manager"]), "ladder", "gap"),
        (changed(DESK, ladder=["support"], addresses={"levels": {"executive": "a@b.example"}}),
         "addresses.levels.executive", "no escalation reaches"),
        (changed(DESK, addresses={"duties": {"dance": "a@b.example"}}),
         "addresses.duties.dance", "no such duty"),
        (changed(GATED, suggestions=["add-a-reason"]), "suggestions", "needs a phrase"),
        (changed(LED, web_channels=[]), "suggestions", "no channel"),
        (changed(DESK, triage=SHIPPED[DESK].triage.model_dump() | {"prioritised_from": 99}),  # type: ignore[union-attr]
         "triage.prioritised_from", "no request reaches"),
        (changed(DESK, triage=SHIPPED[DESK].triage.model_dump() | {"impact": {"major": 9}}),  # type: ignore[union-attr]
         "triage.impact", "has no points"),
        (changed(DESK, watched_until="de-escalated"), "improvement_is_owed", "ends before"),
        (changed(DESK, told=["requester"]), "told", "nobody in support"),
        (changed(DESK, told=["team", "team"]), "told", "stands 2 times"),
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


def test_a_difference_names_the_entry_and_both_values() -> None:
    shorter = with_duty(GATED, "first-contact", length="PT8H")
    (version, length) = differences(
        SHIPPED[GATED], changed(GATED, version=2, duties=shorter)
    )  # fmt: skip
    assert version == ("version", 1, 2)
    assert length == ("duties.first-contact.length", "P1D", "PT8H")
    assert differences(SHIPPED[GATED], SHIPPED[GATED]) == []


def test_in_force_is_a_matter_of_the_instant() -> None:
    known = second()
    assert known.judging(GATED, NOON - timedelta(seconds=1)).version == 1
    assert known.judging(GATED, NOON).version == 2
    assert known.judging(GATED, datetime(2000, 1, 1, tzinfo=UTC)).version == 1


def test_the_example_of_the_documentation_is_a_policy_with_nothing_to_say_against_it() -> None:
    page = (Path(__file__).parents[3] / "docs/policies.md").read_text("utf-8")
    example, calendar = [
        part.partition("```")[0] for part in page.split("```yaml\n")[1:]
    ]  # fmt: skip
    policy = parse_policy(example, "docs/policies.md")
    assert lint(policy) == []
    change = reported.CalendarChanged.model_validate(as_text(yaml.safe_load(calendar)))
    assert not isinstance(calendar_after(POLICIES.with_versions([policy]), change), str)
    named = set(re.findall(r"^\| `([a-z_]+)` \|", page, re.M))
    unnamed = Policy.model_fields.keys() - named - {"policy", "version", "effective_from",
        "source_ref", "published_on", "summary", "once_only", "next_steps", "calendar",
        "web_channels"}  # fmt: skip
    assert not unnamed, "every entry of the model is explained"
    rules = set(re.findall(r"^\| `([a-z-]+)` \| `", page, re.M))
    assert rules >= {rule.name for rule in RULES}
