"""What the documents say about escalating at all: what it is, what it is not, and what it does
not do. Most of it is guidance: the system records the answers and refuses nobody for them."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import decided, reported
from tests.spec import POLICIES, given
from tests.stories import DAY, HOUR, NOON, commented, did, opened, requested

ASKED = NOON + 9 * HOUR
BY_PHRASE = {"program": "comment-phrase"}


@pytest.mark.rule("000-01")
def test_it_is_asked_for_then_the_customer_is_contacted_then_it_is_watched_until_closed() -> None:
    steps = [
        opened(), requested(ASKED), did(reported.ContactAttempted, ASKED + HOUR),
        did(reported.CustomerContacted, ASKED + 2 * HOUR),
        did(reported.Deescalated, ASKED + DAY), did(reported.Closed, ASKED + 2 * DAY),
    ]  # fmt: skip
    assert [one.name for one in given(*steps).decisions] == [
        "accepted", "contact-attempted", "customer-contacted", "de-escalated", "monitoring-ended",
    ]  # fmt: skip


@pytest.mark.rule("000-05")
def test_an_escalation_never_changes_the_severity() -> None:
    story = given(opened(severity="S3"), requested(ASKED + 5 * DAY, impact_changed=True))
    assert story.case.severity == "S3"
    assert [one.name for one in story.decisions] == ["accepted"]


@pytest.mark.rule("000-08", "001-01")
@pytest.mark.parametrize("answer", [True, False, None])
def test_whether_somebody_else_is_needed_is_asked_and_kept_and_refuses_nobody(
    answer: bool | None,
) -> None:
    for program in ("time-gated", "comment-phrase"):
        asked = requested(ASKED, needs_other_than_assigned=answer)
        accepted = given(opened(program=program)).when(asked).then_accepted()
        assert accepted.receipt.facts["needs_other_than_assigned"] is answer


@pytest.mark.rule("001-03", "001-04", "001-05", "001-10")
@pytest.mark.parametrize(
    "why",
    [
        "the impact has grown and we need somebody else",
        "we expected better service",
        "we are blocked and there are no next steps",
        "please raise the severity",
    ],
)
def test_with_the_phrase_any_reason_is_accepted_and_the_severity_stays(why: str) -> None:
    story = given(opened(NOON - DAY, severity="S2", **BY_PHRASE))
    accepted = story.when(commented(f"Escalation request: {why}.", NOON)).then_accepted()
    assert accepted.severity == "S2"
    assert accepted.receipt.facts["elapsed_seconds"] == DAY.total_seconds()


@pytest.mark.rule("001-06", "000-13")
def test_updates_that_were_asked_for_without_a_reply_are_counted() -> None:
    story = given(
        opened(NOON - DAY, **BY_PHRASE), commented("Any news?"), commented("Anybody there?")
    )
    accepted = story.when(commented("escalation request: no reply", NOON)).then_accepted()
    assert accepted.receipt.facts["unanswered_comments"] == 2


@pytest.mark.rule("001-08", "001-09")
@pytest.mark.parametrize(
    ("reason", "answer"),
    [("exception-request", decided.Rejected), ("unrelated-case", decided.Accepted)],
)
def test_an_exception_spends_the_right_and_a_wrong_case_does_not(
    reason: str, answer: type[decided.Decision]
) -> None:
    first = commented("escalation request: please make an exception", NOON)
    void = did(reported.EscalationVoided, NOON + HOUR, reason=reason)
    story = given(opened(NOON - DAY, **BY_PHRASE), first, void)
    story.when(commented("escalation request: now really", NOON + DAY)).then(answer)


@pytest.mark.rule("000-23")
def test_a_policy_names_its_source_and_its_working_hours_and_repeats_neither() -> None:
    for policy in POLICIES:
        assert policy.source_ref and policy.published_on
        assert policy.calendar.timezone.key == "UTC"


@pytest.mark.rule("004-02")
@pytest.mark.parametrize("trend", ["improving", "same", "declining"])
def test_progress_is_tracked(trend: Any) -> None:
    story = given(opened(), requested(ASKED))
    told = did(reported.TrendSet, ASKED + HOUR, trend=trend)
    story.when(told).then(decided.TrendChanged, trend=trend)
