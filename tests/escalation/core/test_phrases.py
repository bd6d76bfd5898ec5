"""The phrase in a comment: a request, nearly one, or neither."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from schemas import reported
from schemas.decided import SuggestionMade
from services.escalation.core.comments.phrases import is_within
from tests.spec import Given, given
from tests.stories import DAY, HOUR, NOON, commented, did, opened

PHRASE = "comment-phrase"


def a_case() -> Given:
    return given(opened(), default=PHRASE)


@pytest.mark.rule("001-11")
@pytest.mark.parametrize(
    "body",
    [
        "escalation request: nobody answers",
        "Hello.\nThis is an ESCALATION\n  REQUEST, please.",
        "\uff45scalation request because of the deadline",
        "(escalation request) we wait",
        "> old words\nescalation\u00a0request, two weeks now",
    ],
)
def test_the_phrase_in_a_customers_public_comment_is_a_request(body: str) -> None:
    comment = commented(body, comment_id="c-9")
    a_case().when(comment).then_accepted(request_id="c-9", channel="comment", suggestions=[])


@pytest.mark.rule("001-11")
@pytest.mark.parametrize(
    "body",
    ["> escalation request", "de-escalation requests", "escalation requested", "escalation-request",
     "xescalation request", "escalation request-form", "escalation request2"],
)  # fmt: skip
def test_quoted_or_longer_words_are_no_request(body: str) -> None:
    decisions = a_case().when(commented(body)).decisions
    assert not [one for one in decisions if not isinstance(one, SuggestionMade)]


@pytest.mark.rule("001-11")
@pytest.mark.parametrize(
    "but",
    [
        {"author_role": "agent"}, {"author_role": "bot"}, {"visibility": "internal"},
        {"automatic": True},
    ],
)  # fmt: skip
@pytest.mark.parametrize("body", ["escalation request now", "escalaton requst"])
def test_only_customers_only_in_public_and_no_auto_reply(body: str, but: dict[str, Any]) -> None:
    a_case().when(commented(body, **but)).then_nothing()


@pytest.mark.rule("001-11")
def test_the_phrase_alone_is_accepted_and_a_reason_suggested() -> None:
    a_case().when(commented(" Escalation request!! ")).then_accepted(suggestions=["add-a-reason"])


@pytest.mark.rule("001-11")
def test_a_comment_is_a_request_once() -> None:
    first = commented("escalation request, please", comment_id="c-1")
    story = given(opened(), first, default=PHRASE)
    story.when(commented("escalation request, please", comment_id="c-1")).then_nothing()
    story.when(commented("escalation request again")).then_rejected("already-escalated")


@pytest.mark.rule("001-13")
@pytest.mark.parametrize(
    "body", ["escalaton requst", "Escalation  reqest please", "an escalation\nrequests"]
)
def test_a_near_miss_is_answered_with_a_hint_once_a_day(body: str) -> None:
    comment = commented(body)
    hint = a_case().when(comment).then(SuggestionMade)
    assert hint.suggestions == ["did-you-mean-escalation-request"]
    story = given(opened(), comment, default=PHRASE)
    story.when(commented(body, NOON + HOUR)).then_nothing()
    story.when(commented(body, NOON + DAY)).then(SuggestionMade)


@pytest.mark.rule("001-13")
@pytest.mark.parametrize(
    "body", ["escalation", "please request an escalation", "vacation request", "> escalaton requst"]
)
def test_words_further_away_get_no_hint(body: str) -> None:
    a_case().when(commented(body)).then_nothing()


def test_under_the_time_gated_policy_the_phrase_means_nothing() -> None:
    given(opened()).when(commented("escalation request, please", NOON + DAY)).then_nothing()


@pytest.mark.rule("001-16")
@pytest.mark.rule("001-17")
@pytest.mark.parametrize(
    ("asked", "due"),
    [
        (timedelta(days=4, hours=3), timedelta(days=7, hours=3)),  # Friday 15:00, Monday 15:00
        (timedelta(days=5, hours=-2), timedelta(days=7, hours=12)),  # Saturday 10:00
        (timedelta(), timedelta(days=1)),  # Monday noon, Tuesday noon
    ],
)
def test_first_contact_is_expected_within_a_day_of_weekdays(
    asked: timedelta, due: timedelta
) -> None:
    accepted = a_case().when(commented("escalation request: help", NOON + asked)).then_accepted()
    (duty,) = accepted.duties
    if asked == timedelta(days=5, hours=-2):
        due = timedelta(days=8, hours=-12)  # Tuesday 00:00
    assert (duty.duty, duty.clock, duty.due_at) == ("first-contact", "working", NOON + due)


@pytest.mark.rule("001-14")
def test_an_attempt_is_not_yet_a_contact_but_keeps_the_expectation() -> None:
    story = given(opened(), commented("escalation request: help"), default=PHRASE)
    attempt = story.when(did(reported.ContactAttempted, NOON + HOUR)).decisions
    assert [one.name for one in attempt] == ["contact-attempted"]


@pytest.mark.rule("001-13")
@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [
        ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("same", "same", 0), ("cat", "cut", 1),
        ("cat", "cats", 1), ("cats", "cat", 1), ("at", "cat", 1), ("kitten", "sitting", 3),
        ("abcd", "badc", 3), ("abc", "xyz", 3), ("escalaton requst", "escalation request", 2),
        ("flaw", "lawn", 2), ("intention", "execution", 5),
    ],
)  # fmt: skip
def test_the_distance_is_the_least_number_of_letters_to_change(
    one: str, other: str, letters: int
) -> None:
    for most in range(7):
        assert is_within(one, other, most) == is_within(other, one, most) == (letters <= most)
