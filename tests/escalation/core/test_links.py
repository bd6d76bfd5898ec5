"""What is asked and answered between an account's partition and its cases' (004-05, 004-10)."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import decided, reported
from schemas.codec import Reported
from schemas.envelope import escalation_id
from services.escalation.core.accounts import Link, links
from tests.spec import Given, given
from tests.stories import DAY, HOUR, NOON, did, event, opened, person

ACCOUNT = "account/acme"
ASKER = person("asker", roles=["escalation-requester"])
LEAD = person("lead", roles=["escalation-manager", "de-escalation-requester"])


def on_account(kind: type[reported.Fact], hours: int = 1, **data: Any) -> Reported:
    return event(kind.model_validate(data), NOON + hours * HOUR, subject=ACCOUNT)


def asked(template: str = "account", **but: Any) -> Reported:
    data = {
        "request_id": "request-1", "requested_by": ASKER, "template": template,
        "escalation_severity": "high", "case_ids": ["c-2", "c-1", "c-2"],
    }  # fmt: skip
    return on_account(reported.AccountEscalationRequested, 0, **(data | but))


def written(story: Given, told: Reported) -> list[tuple[str, str]]:
    """Subject and name of what the decider writes to other partitions because of this."""
    return [
        (link.subject, link.fact.name)
        for link in links(story.case, told, story.when(told).decisions)
    ]


ASKS = "account-link-asked"


@pytest.mark.rule("004-10")
def test_each_case_is_asked_once_when_the_request_is_accepted() -> None:
    assert written(given(), asked()) == [("c-2", ASKS), ("c-1", ASKS)]
    assert written(given(), asked(requested_by=person("x"))) == []
    (first, *_) = links(given().case, asked(), given().when(asked()).decisions)
    accepted = given().when(asked()).then_accepted()
    assert first == Link(
        "c-2",
        reported.AccountLinkAsked(account_id="acme", escalation_id=str(accepted.escalation_id)),
    )


@pytest.mark.rule("004-13")
def test_with_approval_they_are_asked_when_it_is_given() -> None:
    wanted = asked("account-approved")
    assert written(given(), wanted) == []
    yes = on_account(reported.EscalationApproved, by=LEAD, request_id="request-1")
    assert written(given(wanted), yes) == [("c-2", ASKS), ("c-1", ASKS)]
    refused = on_account(reported.EscalationApproved, by=ASKER, request_id="request-1")
    assert written(given(wanted), refused) == []


@pytest.mark.rule("004-05")
def test_a_case_linked_later_is_asked_and_none_once_it_is_over() -> None:
    later = on_account(reported.AccountCaseLinked, case_id="c-9")
    assert written(given(asked()), later) == [("c-9", ASKS)]
    given(asked()).when(later).then_nothing()
    over = [asked(), on_account(reported.Deescalated, by=LEAD, cause_resolved=True)]
    assert written(given(*over), later) == []
    refused = given(*over).when(later).then_refused("not-escalated")
    assert (refused.case_id, refused.action) == ("c-9", "account-case-linked")
    assert written(given(), later) == []


@pytest.mark.rule("004-05")
def test_a_case_that_leaves_is_recorded_while_the_escalation_runs() -> None:
    leaves = on_account(reported.AccountCaseUnlinked, case_id="c-1", by=LEAD)
    given(asked()).when(leaves).then(
        decided.CaseUnlinked, case_id="c-1", account_id="acme", by_id="lead"
    )
    refused = given().when(leaves).then_refused("not-escalated")
    assert refused.case_id == "c-1"


@pytest.mark.rule("004-10")
@pytest.mark.parametrize(
    ("history", "answer"),
    [
        ([], "case-unknown"),
        ([opened(account_id="acme")], "linked"),
        ([opened(account_id="other")], "unrelated-account"),
        ([opened(account_id="acme"), did(reported.Closed, NOON + HOUR)], "case-closed"),
        ([opened(account_id="acme"), did(reported.Closed, NOON + HOUR),
          did(reported.Reopened, NOON + DAY)], "linked"),
    ],
)  # fmt: skip
def test_a_case_answers_by_how_it_stands(history: list[Reported], answer: str) -> None:
    question = event(
        reported.AccountLinkAsked(account_id="acme", escalation_id="e-1"), NOON + 2 * DAY
    )
    story = given(*history)
    story.when(question).then_nothing()
    (link,) = links(story.case, question, ())
    assert link.subject == ACCOUNT
    assert isinstance(link.fact, reported.AccountLinkAnswered)
    assert (link.fact.case_id, link.fact.escalation_id, link.fact.answer) == (
        "case-1", "e-1", answer,
    )  # fmt: skip


def test_an_answer_that_comes_too_late_is_refused_and_names_what_it_answered() -> None:
    late = on_account(
        reported.AccountLinkAnswered, case_id="c-1", escalation_id="e-9", answer="linked"
    )
    refused = given(asked()).when(late).then_refused("not-escalated")
    assert (refused.case_id, refused.escalation_id) == ("c-1", "e-9")


@pytest.mark.rule("004-05")
@pytest.mark.parametrize("answer", ["case-unknown", "case-closed", "unrelated-account"])
def test_a_case_that_cannot_be_linked_is_refused_by_its_answer(answer: str) -> None:
    running = escalation_id(ACCOUNT, "request-1")
    said = on_account(
        reported.AccountLinkAnswered, case_id="c-1", escalation_id=running, answer=answer
    )
    refused = given(asked()).when(said).then_refused(answer)
    assert refused.refusals == [
        decided.Refusal(
            code=answer, detail="it cannot be linked to this account", statement="004-05"
        )
    ]
    leaves = on_account(reported.AccountCaseUnlinked, case_id="c-1", by=None)
    assert given(asked()).when(leaves).then(decided.CaseUnlinked).by_id is None
