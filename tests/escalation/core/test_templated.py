"""Roles decide who may escalate, templates how, severities how it is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from policies.catalogue import Policies
from schemas import decided, reported
from schemas.codec import Reported
from tests.escalation.changes import SHIPPED, changed, without_rule
from tests.spec import POLICIES, Given, given
from tests.stories import DAY, HOUR, NOON, did, event, opened, person, requested

ASKER = person("asker", roles=["escalation-requester"])
LEAD = person("lead", roles=["escalation-manager", "de-escalation-requester"])
OPENED = opened(NOON - DAY, program="templated")
ACCOUNT = "account/acme"


def asked(at: datetime = NOON, **but: Any) -> Reported:
    data = {
        "requested_by": ASKER, "template": "case", "escalation_severity": "high",
        "reason": None, "comments": None,
    }  # fmt: skip
    return requested(at, **(data | but))


def waiting() -> Given:
    return given(OPENED, asked(template="case-approved"))


def answered(kind: type[reported.Fact], by: Any = LEAD, request_id: str = "request-1") -> Reported:
    return did(kind, NOON + HOUR, by=by, request_id=request_id)


def for_account(template: str | None = "account", **but: Any) -> Reported:
    fact = reported.AccountEscalationRequested.model_validate(
        {"request_id": "request-1", "requested_by": ASKER, "template": template,
         "escalation_severity": "medium", "case_ids": ["case-1"]} | but
    )  # fmt: skip
    return event(fact, NOON, subject=ACCOUNT)


@pytest.mark.rule("004-03", "004-04", "004-10")
def test_who_has_the_role_escalates_and_the_agent_owns_it() -> None:
    accepted = given(OPENED).when(asked()).then_accepted(owner_id="agent")
    assert accepted.escalation_id is not None
    given(OPENED).when(asked(requested_by=person("x"))).then_rejected("role-missing")


@pytest.mark.rule("004-07", "004-13")
def test_an_approval_counts_duties_from_itself_and_keeps_what_a_mixed_policy_asked() -> None:
    gated = SHIPPED["time-gated"].model_dump(mode="json")
    first = gated["duties"][0] | {"by_severity": {"S1": "PT8H"}}
    mixed = changed(
        "templated", owner="support-manager", windows=gated["windows"], reasons=gated["reasons"],
        rules=[
            *without_rule("templated", ""), {"rule": "reason-is-offered", "statement": "000-29"},
        ],
        duties=[*SHIPPED["templated"].model_dump(mode="json")["duties"], first],
    )  # fmt: skip
    own = Policies(POLICIES.versions | {"templated": (mixed,)}, "time-gated")
    said: dict[str, Any] = {"reason": "management-request"}
    at_once = Given((OPENED,), own).when(asked(**said)).then_accepted()
    assert (at_once.tier, at_once.owner_id, at_once.reason) == (
        "gold", "manager", "management-request",
    )  # fmt: skip
    assert [one.due_at for one in at_once.duties] == [NOON + 8 * HOUR]
    story = Given((OPENED, asked(template="case-approved", **said)), own)
    approved = story.when(answered(reported.EscalationApproved)).then_accepted()
    differs = {"receipt", "duties", "fulfilled"}
    assert approved.model_dump(exclude=differs) == at_once.model_dump(exclude=differs)
    assert [one.due_at for one in approved.duties] == [NOON + 9 * HOUR]


@pytest.mark.rule("004-08", "004-11")
@pytest.mark.parametrize(
    ("severity", "colour"), [("high", "red"), ("medium", "orange"), ("low", None)]
)
def test_the_severity_decides_the_colour(severity: str, colour: str | None) -> None:
    given(OPENED).when(asked(escalation_severity=severity)).then_accepted(colour=colour)
    given(OPENED).when(asked(escalation_severity=None)).then_rejected("escalation-severity-missing")


@pytest.mark.rule("004-07")
@pytest.mark.parametrize("template", [None, "", "priority", "account"])
def test_a_template_must_be_one_for_cases(template: str | None) -> None:
    given(OPENED).when(asked(template=template)).then_rejected("template-unknown")


@pytest.mark.rule("004-09")
@pytest.mark.parametrize("source", ["customer", "internal"])
def test_it_may_be_asked_for_a_customer_or_for_ourselves(source: str) -> None:
    given(OPENED).when(asked(source=source, on_behalf_of=person("ann"))).then_accepted()


@pytest.mark.rule("004-13")
def test_with_approval_the_escalation_begins_when_it_is_given() -> None:
    wanted = given(OPENED).when(asked(template="case-approved")).then(decided.ApprovalRequested)
    assert (wanted.approvers, wanted.due_at) == (["escalation-manager"], NOON + DAY)
    accepted = waiting().when(answered(reported.EscalationApproved)).then_accepted()
    assert accepted.escalation_id == wanted.escalation_id
    assert accepted.requested_at == NOON


@pytest.mark.rule("004-10", "004-13")
def test_what_is_approved_is_accepted_as_it_would_have_been_without_approval() -> None:
    said: dict[str, Any] = {"channel": "phone", "reason": "x", "contact": person("eve"),
            "impact_changed": True}  # fmt: skip
    at_once = given(OPENED).when(asked(**said)).then_accepted()
    story = given(OPENED, asked(template="case-approved", **said))
    approved = story.when(answered(reported.EscalationApproved)).then_accepted()
    differs = {"receipt", "fulfilled"}  # its template is another, and the approval was kept
    assert approved.model_dump(exclude=differs) == at_once.model_dump(exclude=differs)
    assert approved.receipt == story.decisions[0].receipt  # type: ignore[attr-defined]
    assert (approved.team, approved.account_id, approved.channel) == (
        "team-1",
        "account-1",
        "phone",
    )
    assert (approved.contact_id, approved.owner_id) == ("eve", "agent")
    assert (approved.escalation_severity, approved.colour) == ("high", "red")
    later = given(*story.history, did(reported.Assigned, NOON, agent=person("other"), team="t2"),
                  did(reported.ContactChanged, NOON, contact=person("zoe")))  # fmt: skip
    as_of_then = later.when(answered(reported.EscalationApproved)).then_accepted()
    assert (as_of_then.owner_id, as_of_then.team) == ("other", "t2")
    bare = given(OPENED, asked(template="case-approved"))
    assert bare.when(answered(reported.EscalationApproved)).then_accepted().contact_id == "customer"


@pytest.mark.rule("004-13")
def test_nobody_approves_their_own_request_and_not_without_the_role() -> None:
    both = ASKER | {"roles": ["escalation-manager"]}
    waiting().when(answered(reported.EscalationApproved, both)).then_refused("self-approval")
    waiting().when(answered(reported.EscalationApproved, ASKER)).then_refused(
        "role-missing", "self-approval"
    )
    waiting().when(answered(reported.EscalationApproved, LEAD, "request-9")).then_refused(
        "not-escalated"
    )


@pytest.mark.rule("004-13")
def test_what_is_declined_never_was_and_may_be_asked_again() -> None:
    no = answered(reported.EscalationDeclined)
    waiting().when(no).then(decided.Declined, by_id="lead")
    again = given(*waiting().history, no)
    again.when(asked(NOON + DAY, request_id="request-2")).then_accepted()
    again.when(answered(reported.EscalationApproved)).then_refused("not-escalated")


@pytest.mark.rule("004-13")
def test_while_it_waits_it_counts_and_a_late_approval_is_missed() -> None:
    waiting().when(asked(NOON + HOUR, request_id="request-2")).then_rejected("already-escalated")
    waiting().when(did(reported.EscalationAcknowledged, NOON + HOUR)).then_refused("not-escalated")
    (missed,) = waiting().when_time_is(NOON + DAY).decisions
    assert isinstance(missed, decided.DeadlineMissed) and missed.duty == "approval"


@pytest.mark.rule("004-13")
def test_closing_the_case_declines_what_waits() -> None:
    waiting().when(did(reported.Closed, NOON + HOUR)).then(decided.Declined, by_id=None)


@pytest.mark.rule("004-12")
def test_who_deescalates_needs_the_role_and_the_cause_resolved() -> None:
    def calm(by: Any, **data: Any) -> Reported:
        return did(reported.Deescalated, NOON + HOUR, by=by, **data)

    running = given(OPENED, asked())
    running.when(calm(ASKER)).then_refused("cause-not-resolved", "role-missing")
    running.when(calm(LEAD)).then_refused("cause-not-resolved")
    running.when(calm(ASKER, cause_resolved=True)).then_refused("role-missing")
    done = running.when(calm(LEAD, cause_resolved=True)).decisions
    assert [one.name for one in done] == ["de-escalated", "monitoring-ended"]


# --- accounts ------------------------------------------------------------------------------


@pytest.mark.rule("004-05")
@pytest.mark.parametrize("template", [None, "account"])
def test_an_account_is_escalated_without_any_rule_about_a_case(template: str | None) -> None:
    accepted = (
        given()
        .when(for_account(template))
        .then_accepted(case_id=None, account_id="acme", owner_id=None, colour="orange")
    )
    asked_of = {rule.rule: rule.outcome for rule in accepted.receipt.rules}
    assert asked_of["case-is-known"] == asked_of["case-is-open"] == "not-applicable"


@pytest.mark.rule("004-07")
@pytest.mark.parametrize("template", ["case", "case-approved", "priority"])
def test_an_account_has_templates_of_its_own(template: str) -> None:
    given().when(for_account(template)).then_rejected("template-unknown")


@pytest.mark.rule("004-05")
def test_one_at_a_time_per_account() -> None:
    again = for_account(request_id="request-2")
    given(for_account()).when(again).then_rejected("already-escalated")


@pytest.mark.rule("004-05", "004-13")
def test_with_approval_the_approver_owns_it() -> None:
    yes = event(
        reported.EscalationApproved.model_validate({"request_id": "request-1", "by": LEAD}),
        NOON + HOUR, subject=ACCOUNT,
    )  # fmt: skip
    given(for_account("account-approved")).when(yes).then_accepted(owner_id="lead")


@pytest.mark.rule("004-10")
@pytest.mark.parametrize("answer", ["linked", "case-unknown", "case-closed", "unrelated-account"])
def test_what_a_case_answers_is_recorded_or_refused(answer: str) -> None:
    running = given(for_account())
    assert running.case.escalation is not None
    fact = {"case_id": "case-1", "escalation_id": running.case.escalation.id, "answer": answer}
    said = event(reported.AccountLinkAnswered.model_validate(fact), NOON + HOUR, subject=ACCOUNT)
    if answer == "linked":
        running.when(said).then(decided.CaseLinked, case_id="case-1", account_id="acme")
    else:
        running.when(said).then_refused(answer)
