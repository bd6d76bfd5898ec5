"""Which version judges what, and what is wrong with a policy file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas import reported
from services.escalation.core.policies import (
    Policies,
    PolicyProblem,
    collect,
    parse_policy,
    parsed,
    policies_in,
    shipped,
)
from tests.escalation.changes import SHIPPED, changed, with_duty, without_rule
from tests.spec import POLICIES, Given
from tests.stories import DAY, HOUR, NOON, did, opened, requested

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


def test_in_force_is_a_matter_of_the_instant() -> None:
    known = second()
    assert known.judging("time-gated", NOON - timedelta(seconds=1)).version == 1
    assert known.judging("time-gated", NOON).version == 2
    assert known.judging("time-gated", datetime(2000, 1, 1, tzinfo=UTC)).version == 1
