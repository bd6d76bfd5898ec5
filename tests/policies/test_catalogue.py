"""Which version judges what, and what is wrong with a policy file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.catalogue import (
    Policies,
    collect,
    policies_in,
    shipped,
)
from policies.file import PolicyProblem, parse_policy
from schemas import reported
from tests.escalation.changes import SHIPPED, changed, with_duty, without_rule
from tests.spec import POLICIES, Given
from tests.stories import DAY, HOUR, NOON, commented, did, opened, requested

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


def test_a_reader_may_not_know_every_version() -> None:
    assert POLICIES.find("time-gated", 1) is POLICIES.version("time-gated", 1)
    assert POLICIES.find("time-gated", 2) is None and POLICIES.find("nowhere", 1) is None


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


@pytest.mark.rule("001-11")
def test_the_words_around_a_phrase_are_the_comments_that_a_policy_may_ask_for() -> None:
    rules = [*without_rule("comment-phrase", ""),
             {"rule": "comments-are-given", "statement": "001-11"}]  # fmt: skip
    asking = changed("comment-phrase", rules=rules, version=2, effective_from=NOON)
    story = Given((opened(NOON, program="comment-phrase"),), POLICIES.with_versions([asking]))
    story.when(commented("Escalation request: it is down.", NOON + HOUR)).then_accepted()
    bare = story.when(commented("Escalation request!", NOON + HOUR))
    assert bare.then_rejected("comments-missing").suggestions == ["add-a-reason"]


def test_of_a_version_number_that_stands_already_the_first_counts() -> None:
    other = changed("time-gated", summary="another")
    assert POLICIES.with_versions([other]).versions == POLICIES.versions
    with pytest.raises(ValueError, match="appears twice"):
        collect([SHIPPED["time-gated"], other], "time-gated")
    with pytest.raises(ValueError, match="not one of: "):
        collect([SHIPPED["time-gated"]], "templated")


def test_policies_of_ones_own_stand_beside_those_that_come_along(tmp_path: Path) -> None:
    (tmp_path / "sixth").mkdir()
    text = yaml.safe_dump(changed("comment-phrase", policy="sixth").model_dump(mode="json"))
    (tmp_path / "sixth" / "1.yaml").write_text(text)
    known = policies_in(shipped(), "sixth", tmp_path)
    assert known.judging(None, NOON).policy == "sixth"
    with pytest.raises(PolicyProblem, match="cannot be read"):
        policies_in(shipped(), "sixth", tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("sixth/1.yml", "it holds sixth, version 1. What to do: name it sixth/1.yaml."),
        ("sixth/7.yaml", "it holds sixth, version 1. What to do: name it sixth/1.yaml."),
        ("other/1.yaml", "it holds sixth, version 1. What to do: name it sixth/1.yaml."),
        ("sixth.yaml", "it is in no folder. What to do: move it to <policy>/<version>.yaml."),
        ("sixth.yml", "it is in no folder. What to do: move it to <policy>/<version>.yaml."),
    ],
)
def test_a_policy_file_in_the_wrong_place_is_said_and_never_left_out(
    tmp_path: Path, place: str, says: str
) -> None:
    file = tmp_path / place
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        yaml.safe_dump(changed("comment-phrase", policy="sixth").model_dump(mode="json"))
    )
    with pytest.raises(PolicyProblem) as problem:
        policies_in(shipped(), "time-gated", tmp_path)
    assert str(problem.value) == f"{place}:1: the file: {says}"


def test_what_cannot_be_put_together_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not one of: comment-phrase, engineer-led"):
        policies_in(shipped(), "nowhere")
    other = changed("time-gated", summary="another")
    with pytest.raises(ValueError, match="appears twice") as problem:
        collect([SHIPPED["time-gated"], other], "time-gated")
    assert str(problem.value) == (
        "policy time-gated: a version number appears twice; where it comes along with this "
        "package, give yours the next number, or a name of its own"
    )
    with pytest.raises(PolicyProblem) as unread:
        policies_in(shipped(), "time-gated", tmp_path / "nowhere")
    assert str(unread.value).startswith(f"{tmp_path / 'nowhere'}:1: the file: policy files cannot")
    assert str(unread.value).endswith("What to do: name a folder of them.")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "1.yaml").write_text("policy: [")
    with pytest.raises(PolicyProblem, match=r"^broken/1\.yaml:1: the file: this is not YAML"):
        policies_in(shipped(), "time-gated", tmp_path)


def test_the_hours_of_a_day_may_stand_without_brackets() -> None:
    text = (shipped() / "time-gated" / "1.yaml").read_text("utf-8")  # type: ignore[operator]
    calendar = "calendar: {hours: {monday: 08:00-12:00}}"
    assert parse_policy(text + calendar, "x").calendar.hours[0] == (("08:00", "12:00"),)


# --- files -----------------------------------------------------------------------------------


def test_a_severity_without_a_window_is_refused() -> None:
    windows = SHIPPED["time-gated"].model_dump(mode="json")["windows"]
    del windows["S3"]
    with pytest.raises(ValueError, match="windows: S3 is missing; add it with every tier"):
        changed("time-gated", windows=windows)


def test_in_force_is_a_matter_of_the_instant() -> None:
    known = second()
    assert known.judging("time-gated", NOON - timedelta(seconds=1)).version == 1
    assert known.judging("time-gated", NOON).version == 2
    assert known.judging("time-gated", datetime(2000, 1, 1, tzinfo=UTC)).version == 1
