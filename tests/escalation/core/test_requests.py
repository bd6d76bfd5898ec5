"""Requests under the time-gated policy, one sentence per test."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas import reported
from tests.spec import given
from tests.stories import A_MOMENT, DAY, HOUR, NOON, did, event, opened, person, requested

LATER = NOON + 9 * HOUR
SOON = NOON + HOUR


@pytest.mark.rule("000-04")
def test_an_eligible_request_is_accepted_and_gets_a_record_of_its_own() -> None:
    accepted = (
        given(opened())
        .when(requested(LATER))
        .then_accepted(
            severity="S1", tier="gold", reason="management-request", level="support", team="team-1"
        )
    )
    assert accepted.escalation_id != accepted.request_id
    assert accepted.owner_id == "manager"


@pytest.mark.rule("000-03")
def test_an_escalation_never_changes_the_severity() -> None:
    assert given(opened()).when(requested(LATER)).case.severity == "S1"


@pytest.mark.rule("000-04")
def test_a_request_for_a_case_never_opened_is_rejected_by_the_rules_about_the_request() -> None:
    rejected = (
        given()
        .when(requested(LATER, comments=" "))
        .then_rejected("case-unknown", "comments-missing")
    )
    assert rejected.eligible_at is None
    outcomes = {rule.rule: rule.outcome for rule in rejected.receipt.rules}
    assert outcomes["window-has-passed"] == "not-applicable"


def test_a_closed_case_is_not_escalated() -> None:
    closed = did(reported.Closed, SOON)
    given(opened(), closed).when(requested(LATER)).then_rejected("case-closed")


def test_a_reopened_case_may_be_escalated_again_counting_from_the_first_opening() -> None:
    story = (opened(), did(reported.Closed, SOON), did(reported.Reopened, SOON + HOUR))
    given(*story).when(requested(NOON + 8 * HOUR)).then_accepted()


@pytest.mark.rule("000-09")
@pytest.mark.rule("000-24")
@pytest.mark.rule("001-02")
@pytest.mark.parametrize("policy", ["time-gated", "comment-phrase"])
def test_a_case_is_escalated_once_and_de_escalation_does_not_give_the_right_back(
    policy: str,
) -> None:
    story = given(opened(), requested(LATER), default=policy)
    again = requested(LATER + HOUR, "request-2")
    story.when(again).then_rejected("already-escalated")
    calmed = given(*story.history, did(reported.Deescalated, LATER + A_MOMENT), default=policy)
    calmed.when(again).then_rejected("already-escalated")


@pytest.mark.rule("000-16")
@pytest.mark.parametrize(
    ("reason", "restored"),
    [("unrelated-case", True), ("entered-by-mistake", True), ("exception-request", False)],
)
def test_voiding_gives_the_right_back_but_for_an_exception_request(
    reason: str, restored: bool
) -> None:
    story = given(
        opened(), requested(LATER), did(reported.EscalationVoided, LATER + HOUR, reason=reason)
    )
    answer = story.when(requested(LATER + 2 * HOUR, "request-2"))
    if restored:
        answer.then_accepted()
    else:
        answer.then_rejected("already-escalated")


@pytest.mark.rule("000-21")
def test_a_tier_without_a_window_is_not_covered() -> None:
    rejected = given(opened(tier="bronze")).when(requested(LATER)).then_rejected("tier-not-covered")
    assert rejected.eligible_at is None


@pytest.mark.rule("000-02")
@pytest.mark.rule("000-18")
@pytest.mark.rule("000-20")
@pytest.mark.parametrize(
    ("severity", "tier", "hours"),
    [
        ("S1", "titanium", 4), ("S1", "platinum", 8), ("S1", "gold", 8),
        ("S2", "titanium", 24), ("S2", "platinum", 48), ("S2", "gold", 48),
        ("S3", "titanium", 72), ("S3", "platinum", 120), ("S3", "gold", 120),
        ("S4", "titanium", 120), ("S4", "platinum", 168), ("S4", "gold", 168),
    ],
)  # fmt: skip
def test_the_window_opens_exactly_when_it_has_passed(severity: str, tier: str, hours: int) -> None:
    case = given(opened(severity=severity, tier=tier))
    opens_at = NOON + timedelta(hours=hours)
    early = case.when(requested(opens_at - timedelta(microseconds=1))).then_rejected("too-early")
    assert early.eligible_at == opens_at
    case.when(requested(opens_at)).then_accepted()


@pytest.mark.rule("000-19")
def test_the_severity_of_now_counts_from_the_opening() -> None:
    raised = did(reported.SeverityChanged, NOON + HOUR, severity="S1")
    given(opened(severity="S4"), raised).when(requested(NOON + 8 * HOUR)).then_accepted()


@pytest.mark.rule("000-29")
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_a_reason_is_required(reason: str | None) -> None:
    given(opened()).when(requested(LATER, reason=reason)).then_rejected("reason-missing")


@pytest.mark.rule("000-15")
@pytest.mark.rule("000-29")
def test_a_reason_that_is_not_offered_is_refused_and_not_repeated() -> None:
    rejected = (
        given(opened())
        .when(requested(LATER, reason="exception"))
        .then_rejected("reason-not-offered")
    )
    assert '"exception"' not in rejected.model_dump_json()


@pytest.mark.rule("000-10")
@pytest.mark.rule("000-11")
@pytest.mark.rule("000-30")
@pytest.mark.rule("000-31")
@pytest.mark.rule("000-32")
@pytest.mark.parametrize(
    "reason", ["lack-of-communication", "business-impact-or-deadline", "management-request"]
)
def test_each_of_the_three_reasons_is_offered(reason: str) -> None:
    given(opened()).when(requested(LATER, reason=reason)).then_accepted(reason=reason)


@pytest.mark.rule("000-33")
@pytest.mark.parametrize("comments", [None, "", "\t"])
def test_comments_are_required(comments: str | None) -> None:
    given(opened()).when(requested(LATER, comments=comments)).then_rejected("comments-missing")


def test_all_reasons_are_told_at_once_in_the_contracts_order() -> None:
    given(opened(), did(reported.Closed, SOON)).when(
        requested(SOON, reason=None, comments=None)
    ).then_rejected("case-closed", "too-early", "reason-missing", "comments-missing")


def test_a_request_from_the_future_is_refused() -> None:
    ahead = requested(LATER + timedelta(minutes=5, seconds=1))
    given(opened()).when(ahead, recorded_at=LATER).then_rejected("time-in-future")
    within = requested(LATER + timedelta(minutes=5))
    given(opened()).when(within, recorded_at=LATER).then_accepted()


@pytest.mark.rule("000-28")
def test_a_request_is_decided_once_whatever_carries_it() -> None:
    first = requested(LATER)
    story = given(opened(), first)
    story.when(first).then_nothing()
    story.when(requested(LATER + DAY)).then_nothing()


@pytest.mark.rule("000-06")
@pytest.mark.rule("000-07")
@pytest.mark.rule("000-17")
@pytest.mark.parametrize(
    ("needs_other", "hint"), [(True, []), (False, ["ask-for-higher-severity"])]
)
def test_grown_impact_alone_suggests_a_higher_severity(needs_other: bool, hint: list[str]) -> None:
    request = requested(LATER, impact_changed=True, needs_other_than_assigned=needs_other)
    given(opened()).when(request).then_accepted(suggestions=hint)


@pytest.mark.rule("000-26")
@pytest.mark.rule("000-27")
@pytest.mark.rule("000-34")
@pytest.mark.rule("001-19")
def test_the_contact_is_the_requests_else_the_cases_else_the_opener() -> None:
    named = requested(LATER, contact=person("deputy"))
    given(opened()).when(named).then_accepted(contact_id="deputy")
    given(opened(contact=person("colleague"))).when(requested(LATER)).then_accepted(
        contact_id="colleague"
    )
    given(opened()).when(requested(LATER)).then_accepted(contact_id="customer")


@pytest.mark.rule("000-36")
def test_without_a_support_manager_nobody_owns_it_yet() -> None:
    given(opened(support_manager=None)).when(requested(LATER)).then_accepted(owner_id=None)


@pytest.mark.rule("000-13")
@pytest.mark.rule("000-12")
def test_the_receipt_counts_the_customers_unanswered_comments() -> None:
    comment = reported.CommentAdded.model_validate(
        {"comment_id": "c", "author": person(), "author_role": "customer", "body": "Any news?"}
    )
    asked_twice = [event(comment, SOON), event(comment, SOON + HOUR)]
    accepted = given(opened(), *asked_twice).when(requested(LATER)).then_accepted()
    assert accepted.receipt.facts["unanswered_comments"] == 2


def test_facts_before_the_opening_are_remembered_and_the_first_opening_stays() -> None:
    raised = did(reported.SeverityChanged, NOON - HOUR, severity="S2")
    story = given(raised, opened(severity="S1"), opened(NOON - DAY, tier="titanium"))
    assert story.case.severity == "S2"
    assert story.case.tier == "gold"
    assert story.case.opened_at == NOON


def test_nobodys_words_are_kept_in_a_state() -> None:
    state = repr(given(opened(tier="Ann Smith", program="Ann's own")).case)
    assert "Ann" not in state
