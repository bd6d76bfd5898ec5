"""What people read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from policies.sentences import written
from schemas import codes, decided
from schemas.codec import Decided
from schemas.decided import PolicyRef
from schemas.vocabulary import REPLY_MARKER
from services.escalation.core.rules import RULES
from services.notifier.planning.audience import Known, policy_of
from services.notifier.planning.briefs import brief
from services.notifier.planning.escalations import after
from services.notifier.planning.wording import (
    Addressee,
    CaseReference,
    Facts,
    MailContext,
    NamedPerson,
    Wording,
    write,
)
from tests.notifier.decisions import (
    DIRECTORY,
    NOON,
    accepted,
    awaiting,
    decision,
    hint,
    missed,
    raised,
    receipt,
    rejected,
)
from tests.spec import POLICIES

BERLIN = Addressee("Ann", "Europe/Berlin")
KNOWN_CASE = CaseReference("Printer\non fire", "Print", "account-1", "S1", "gold", known=True)


def read(event: Decided, template: str, reader: Addressee = BERLIN, **but: Any) -> Wording:
    audiences = DIRECTORY.of(policy_of(event, Known()))
    base = MailContext(
        template, event.subject, event.time, NOON, brief(event, audiences), reader,
        escalation=after(None, event, audiences.policy.specs),
    )  # fmt: skip
    return write(replace(base, **but))


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.rule("001-16")
@pytest.mark.rule("000-22")
def test_a_confirmation_promises_no_response_time() -> None:
    text = flat(read(accepted(), "accepted").text)
    assert "typically made within 24 hours; this is not guaranteed" in text


@pytest.mark.rule("001-17")
def test_a_confirmation_says_that_help_comes_on_weekdays() -> None:
    assert "on weekdays" in read(accepted(policy="comment-phrase"), "accepted").text
    for policy in POLICIES.versions.keys() - {"comment-phrase"}:
        assert "weekday" not in read(accepted(policy=policy), "accepted").text


@pytest.mark.rule("001-13")
def test_a_confirmation_says_to_look_into_the_spam_folder_where_the_policy_does() -> None:
    assert "spam folder" in read(accepted(policy="comment-phrase"), "accepted").text
    assert "spam folder" not in read(accepted(), "accepted").text


@pytest.mark.parametrize("policy", POLICIES.versions)
def test_a_confirmation_says_what_happens_next_as_the_policy_has_it(policy: str) -> None:
    told = read(accepted(policy=policy), "accepted")
    for step in POLICIES.versions[policy][0].next_steps:
        said = flat(written(step.text, POLICIES.versions[policy][0]))
        assert said in flat(told.text) and said in unescape(flat(told.html))


@pytest.mark.rule("004-13")
def test_an_approver_reads_who_asks_until_when_and_what_for() -> None:
    told = read(
        awaiting(), "approval-wanted", requester=NamedPerson("Ann", "ann@customer.example"),
        comments="It is down.",
    )  # fmt: skip
    for form in (told.text, told.html):
        assert "Ann, ann@customer.example" in form
        assert "Tuesday, 8 January 2030, 13:00 (Europe/Berlin, UTC+01:00)" in form
        assert "It is down." in form


@pytest.mark.rule("000-25", "001-18")
@pytest.mark.parametrize("policy", ["time-gated", "comment-phrase"])
def test_a_confirmation_promises_a_contact_and_no_faster_solution(policy: str) -> None:
    told = " ".join(read(accepted(policy=policy), "accepted").text.split())
    assert "does not automatically mean a faster solution" in told
    assert "to agree the next steps with you" in told


@pytest.mark.rule("000-14", "001-07")
def test_a_rejection_says_where_to_ask_for_an_update() -> None:
    told = " ".join(read(rejected("too-early"), "rejected").text.split())
    assert "If you only need an update" in told and "in a comment on the case" in told


@pytest.mark.parametrize("code", [rule.code for rule in RULES])
def test_every_reason_is_given_in_words(code: str) -> None:
    told = read(rejected(code, "case-closed"), "rejected")
    meaning = codes.ONCE_ONLY if code == "already-escalated" else codes.REFUSALS[code]
    said = meaning.customer.rstrip(".")
    for form in (flat(told.text), unescape(flat(told.html))):
        assert said in form
        assert codes.REFUSALS["case-closed"].customer in form


def test_who_chose_wrongly_reads_what_can_be_chosen() -> None:
    reasons = flat(read(rejected("reason-not-offered"), "rejected").text)
    assert all(words in reasons for words in codes.REASONS.values())
    event = rejected("template-unknown", "role-missing", receipt=receipt("templated"))
    told = flat(read(event, "rejected", form=Facts(template="special")).text)
    assert "(special) is not one that is offered here" in told
    assert (
        "case; case-approved" in told
        and "account" not in told.split("one of these:")[1].split(".")[0]
    )
    assert "the role that is needed to ask for this: escalation-requester" in told


def test_who_asked_before_the_case_was_known_reads_that_it_is_now() -> None:
    event = rejected("case-unknown")
    now = flat(read(event, "rejected", case=KNOWN_CASE).text)
    assert "It is now: please ask again" in now and "We do not know this case" not in now
    later = flat(read(event, "rejected", case=KNOWN_CASE, is_escalated=True).text)
    assert "it has been escalated" in later and "ask again" not in later
    assert "We do not know this case" in read(event, "rejected").text


def test_a_reason_of_a_newer_decider_is_not_swallowed() -> None:
    assert "moon-is-full" in read(rejected("moon-is-full"), "rejected").text


def test_a_rejection_names_the_instant_in_the_readers_zone() -> None:
    event = rejected("too-early", eligible_at=NOON + timedelta(hours=5))
    assert (
        "Monday, 7 January 2030, 18:00 (Europe/Berlin, UTC+01:00)" in read(event, "rejected").text
    )
    nowhere = read(event, "rejected", Addressee("Ann", "Middle/Earth")).text
    assert "Monday, 7 January 2030, 17:00 (UTC)" in nowhere


def test_an_instant_that_is_over_is_not_promised_for_later() -> None:
    over = NOON - timedelta(hours=1)
    text = read(rejected("too-early", eligible_at=over), "rejected").text
    assert "you can ask again now" in text and "allowed from" not in text
    other = read(rejected("too-early", "comments-missing", eligible_at=over), "rejected").text
    assert "passed meanwhile" in other and "ask again now" not in other
    assert "waiting" not in read(rejected("case-closed", eligible_at=over), "rejected").text


@pytest.mark.rule("001-13")
def test_a_hint_says_which_words_to_write() -> None:
    told = read(hint(), "suggestion-made")
    assert "“escalation request”" in told.text
    assert "no escalation was requested" in told.text
    assert told.text.startswith(f"{REPLY_MARKER}\n")


@pytest.mark.rule("001-11")
def test_an_accepted_request_without_a_reason_is_asked_for_one() -> None:
    assert codes.SUGGESTIONS["add-a-reason"].customer in flat(
        read(accepted(suggestions=["add-a-reason"]), "accepted").text
    )


@pytest.mark.rule("000-26")
@pytest.mark.rule("000-35")
def test_the_manager_reads_whom_to_contact_and_why() -> None:
    ann = NamedPerson("Ann", "ann@customer.example", "+49 30 1", "Europe/Berlin", "9 to 15")
    text = read(
        accepted(), "handover", Addressee("Ben"), contact=ann, comments="It is\ndown.",
        case=KNOWN_CASE,
    ).text  # fmt: skip
    assert "Contact:       Ann, ann@customer.example, +49 30 1, Europe/Berlin, 9 to 15" in text
    assert "> It is\n> down." in text
    assert "Printer on fire" in text
    assert "first contact with the customer: by Tuesday, 8 January 2030, 12:00 (UTC)" in text


@pytest.mark.rule("004-08")
def test_a_handover_says_how_it_is_marked_and_what_is_owed_in_the_order_of_time() -> None:
    duties = [
        {"duty": "kickoff-call", "due_at": NOON + timedelta(hours=2), "clock": "elapsed"},
        {"duty": "evaluate", "due_at": NOON - timedelta(hours=2), "clock": "elapsed"},
        {"duty": "next-update", "due_at": None, "clock": "elapsed"},
    ]
    event = accepted(escalation_severity="high", colour="red", duties=duties)
    told = read(event, "handover", Addressee("Ben"))
    assert "Escalation:    high severity, shown in red" in told.text
    assert "high severity, shown in red" in told.html
    for body in (flat(told.text), flat(told.html)):
        assert body.index("overdue since Monday, 7 January 2030, 10:00") < body.index(
            "by Monday, 7 January 2030, 14:00"
        )
    assert "next update of the communication plan: paused" in told.text
    assert "severity, shown" not in read(accepted(), "handover").text


def test_what_a_rejection_advises_fits_the_case() -> None:
    for form in ("text", "html"):
        goes_on = getattr(read(rejected("too-early"), "rejected"), form)
        closed = getattr(read(rejected("case-closed"), "rejected"), form)
        unknown = getattr(read(rejected("case-unknown"), "rejected"), form)
        assert "goes on as before" in goes_on and "is reopened" not in goes_on
        assert "goes on as before" not in closed and "it is reopened" in flat(closed)
        assert "goes on as before" not in unknown and "is reopened" not in unknown


def test_alarms_say_what_was_due_and_who_has_it() -> None:
    assert "first contact with the customer" in read(missed(), "deadline-missed").subject
    text = flat(read(
        raised(), "level-raised", by=NamedPerson("Cid"), words="Nobody\nanswers.", case=KNOWN_CASE
    ).text)  # fmt: skip
    assert "raised to the team manager" in text and ", by Cid" in text
    assert "> Nobody > answers." in text and "Severity: S1, tier gold" in text


@pytest.mark.rule("000-22")
def test_a_missed_expectation_is_not_told_as_a_broken_promise() -> None:
    expected = read(missed(), "deadline-missed")
    assert expected.subject.startswith("Not done yet") and "an expectation" in flat(expected.text)
    words_ = brief(missed(duty="evaluate"), DIRECTORY.of(PolicyRef(name="engineer-led", version=1)))
    promised = read(missed(duty="evaluate"), "deadline-missed", brief=words_)
    assert promised.subject.startswith("Missed") and "expectation" not in promised.text


def test_what_was_missed_meanwhile_is_told_together() -> None:
    told = brief(missed(), DIRECTORY.of(None))
    two = told | {"missed": told["missed"] * 2, "more": 3}
    text = read(missed(), "deadline-missed", brief=two)
    assert "5 duties" in text.subject and "and 3 more" in text.text
    assert text.text.count("* first contact") == 2


@pytest.mark.rule("004-13")
def test_a_decline_says_why_and_one_by_closing_says_so() -> None:
    by_hand = decision(decided.Declined, escalation_id="escalation-1", by_id="approver")
    assert "> Not now." in read(by_hand, "declined", words="Not now.", case=KNOWN_CASE).text
    closed = decision(decided.Declined, escalation_id="escalation-1", by_id=None)
    text = flat(read(closed, "declined", case=KNOWN_CASE).text)
    assert "because the case was closed" in text and "goes on" not in text


def test_a_link_is_a_page_of_the_web_or_none() -> None:
    links = {"https://crm.example/1": True, "javascript:alert(1)": False,
             'https://x.example/"><b>': False, "file:///etc/passwd": False}  # fmt: skip
    for url, shown in links.items():
        told = read(accepted(), "handover", case=replace(KNOWN_CASE, url=url))
        assert ("href=" in told.html) is shown and ("Link:" in told.text) is shown


def test_reported_text_cannot_become_markup() -> None:
    told = read(
        accepted(), "handover", Addressee("<b>Ben</b>"), comments="<script>alert(1)</script>",
        case=CaseReference("<img src=x>"),
    )  # fmt: skip
    assert "<script>" not in told.html and "<img" not in told.html and "<b>" not in told.html


def test_account_escalations_and_nameless_requests_read_well() -> None:
    event = rejected("case-number-missing")
    assert read(event, "rejected", subject="account/a-1").subject.startswith(
        "Your escalation request for account a-1"
    )
    assert read(event, "rejected", subject="request/r-1").subject == (
        "Your escalation request was not accepted"
    )
