"""Every mail of every policy says only what that policy does, whatever the policy is."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from policies.model import Policy
from policies.sentences import written
from schemas.vocabulary import REPLY_MARKER
from services.notifier.planning.audience import CUSTOMERS
from services.notifier.planning.wording import Facts, NamedPerson, write
from tests.notifier.gallery import Mail, mails
from tests.spec import POLICIES

SHIPPED = [versions[-1] for versions in POLICIES.versions.values()]
HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
NASTY = "x\u202e\x1b[2J\n* b\n> q\n--\n\tTitle\tt\r\n<b>&amp;</b> [link=x]{{ 7 }} end"


def flat(text: str) -> str:
    return " ".join(text.split())


def of(policy: Policy) -> list[Mail]:
    found = list(mails(policy, POLICIES.with_versions([policy])))
    assert found
    return found


@pytest.mark.parametrize("policy", SHIPPED, ids=lambda one: one.policy)
def test_what_a_mail_claims_is_what_the_policy_does(policy: Policy) -> None:
    for mail in of(policy):
        claims_are_kept(mail)


def claims_are_kept(mail: Mail) -> None:
    policy = POLICIES.with_versions([mail.policy]).versions[_judge(mail)][-1]
    text = flat(mail.wording.text)
    specs = policy.duties
    if "only once" in text:
        assert policy.once_only
    if "weekday" in text:
        assert any(spec.clock == "working" for spec in specs)
    if "spam" in text:
        assert any("spam" in one.text for one in (*policy.next_steps, *policy.when_rejected))
    if mail.intent.audience in CUSTOMERS:
        _own_sentences_alone(mail, policy, text)
    for name in re.findall(r"owed by (the [a-z ]+?)(?:[;,.]| \*|$)", text):
        owing = {spec.owed_by for spec in specs} | {policy.owner}
        assert name in {_named(one) for one in owing}, name


def _judge(mail: Mail) -> str:
    """Account escalations are always judged by the policy of that name."""
    if mail.event.subject.startswith("account/"):
        return "templated"
    if mail.event.subject.startswith("request/"):
        return "resolutions-desk"
    return mail.policy.policy


def _named(owing: str) -> str:
    return {"handling-agent": "the agent of the case", "approvers": "whoever may approve"}.get(
        owing, f"the {owing.replace('-', ' ')}"
    )


def _own_sentences_alone(mail: Mail, policy: Policy, text: str) -> None:
    """Numbers, promises and people that a customer reads of are the policy's own sentences."""
    own = [flat(written(one.text, policy, mail.told.brief.get("severity")))
           for one in (*policy.next_steps, *policy.when_rejected)]  # fmt: skip
    for sentence in sorted(own, key=len, reverse=True):
        text = text.replace(sentence, "")
    for claim in ("promise", "guarantee", "within ", "typically", "support manager", "team ",
                  "working day", "weekday", "engineer evaluates", "informed"):  # fmt: skip
        assert claim not in text, (mail.intent.template, claim, text)


@pytest.mark.parametrize("policy", SHIPPED, ids=lambda one: one.policy)
def test_both_forms_of_a_mail_say_the_same_below_the_marker(policy: Policy) -> None:
    for mail in of(policy):
        assert mail.wording.text.startswith(f"{REPLY_MARKER}\n")
        plain = re.sub(r"(?m)^(?:\* |> ?|--$)|(?<=\w): +(?=\S)|\s", "", mail.wording.text)
        body = mail.wording.html.partition("</head>")[2]
        shown = unescape(re.sub(r"<[^<>]*>|\s", "", body))
        assert re.sub(r"[:\s]", "", plain) == re.sub(r"[:\s]", "", shown)


@pytest.mark.parametrize("policy", SHIPPED, ids=lambda one: one.policy)
def test_a_mail_reads_well(policy: Policy) -> None:
    for mail in of(policy):
        text = re.sub(r"(?m)^> .*$", "> words", mail.wording.text)
        assert not re.search(
            r"None|\{|\}|  \*|\.\.|\bcase case\b|\d:\d\d:\d\d| ,| \.(?!\w)", text
        ), text
        assert max(map(len, text.splitlines())) <= 110
        first = text.split("\n\n")[2]
        assert first[0].isupper(), first


@pytest.mark.parametrize("policy", SHIPPED, ids=lambda one: one.policy)
def test_every_acceptance_reaches_all_whom_the_policy_names_and_all_who_owe(policy: Policy) -> None:
    found = [mail for mail in of(policy) if mail.event.type.endswith(".accepted.v1")]
    for mail in found:
        if mail.event.subject.startswith("account/"):
            continue
        learnt = {one.intent.audience for one in found if one.event.id == mail.event.id}
        owing = {spec.owed_by for spec in policy.duties if spec.begins == "acceptance"}
        assert learnt >= set(policy.told) | owing


@pytest.mark.parametrize("policy", SHIPPED, ids=lambda one: one.policy)
def test_nothing_reported_forms_a_mail(policy: Policy) -> None:
    somebody = NamedPerson(NASTY, NASTY, NASTY, NASTY, NASTY)
    for mail in of(policy):
        case = replace(mail.told.case, title=NASTY, product=NASTY, number=NASTY, url=NASTY)
        nasty = replace(
            mail.told, case=case, requester=somebody, contact=somebody, owner=somebody,
            by=somebody, behalf=somebody, primary_contact=somebody, comments=NASTY, words=NASTY,
            form=Facts({name: NASTY if isinstance(value, str) else value
                         for name, value in mail.told.form.items()}),
        )  # fmt: skip
        found = write(nasty)
        for form in (found.subject, found.text, found.html):
            assert not HIDDEN.search(form)
        assert "<b>" not in found.html and "{{ 7 }}" not in found.subject.replace("{{ 7 }}", "")
        assert found.text.count("\n--\n") <= 1 + found.text.count("> --")
        usual = mail.wording.text
        assert _bullets(found.text) == _bullets(usual)


def _bullets(text: str) -> int:
    return len(re.findall(r"(?m)^\* ", text))


# --- policies that nobody has written yet -----------------------------------------------------

AUDIENCES = ("requester", "support-manager", "handling-agent", "team")
DUTY = st.fixed_dictionaries({
    "clock": st.just("working"),
    "length": st.sampled_from(["PT1H", "PT24H", "PT90M"]),
    "kept_by": st.just(["customer-contacted"]),
    "owed_by": st.sampled_from(AUDIENCES[1:]),
    "kind": st.sampled_from(["promise", "expectation"]),
    "repeats": st.booleans(),
    "statement": st.just("1"),
})  # fmt: skip


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Policies that differ in what mails speak of."""
    duties = [
        {"duty": f"duty-{n}", **one} for n, one in enumerate(draw(st.lists(DUTY, max_size=3)))
    ]
    told = draw(st.lists(st.sampled_from(AUDIENCES), min_size=1, unique=True))
    steps = [
        {"text": f"This is done {{{one['duty']}}}.",
         "promises" if one["kind"] == "promise" else "expects": [one["duty"]]}
        for one in duties
    ]  # fmt: skip
    return Policy.model_validate({
        "policy": "made-up", "version": 1, "effective_from": "2024-01-01T00:00:00Z",
        "source_ref": "x", "published_on": "x", "summary": "x", "once_only": draw(st.booleans()),
        "rules": [{"rule": "case-is-known", "statement": "1"},
                  {"rule": "case-is-not-escalated-yet", "statement": "1"},
                  {"rule": "case-is-open", "statement": "1"}],
        "duties": duties, "told": told, "next_steps": steps,
        "owner": draw(st.sampled_from(["support-manager", "handling-agent"])),
        "watched_until": "closed",
    })  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(policies())
def test_the_mails_of_any_policy_claim_what_it_does(policy: Policy) -> None:
    for mail in of(policy):
        claims_are_kept(mail)


@pytest.mark.parametrize("sentence", [
    {"text": "x", "promises": ["duty-9"]}, {"text": "x", "expects": ["duty-0"]},
    {"text": "x {duty-9}"}, {"text": "x", "told": ["management"]}, {"text": ""},
    {"text": "x", "weekdays": True},
])  # fmt: skip
def test_a_claim_that_a_policy_does_not_keep_is_refused(sentence: dict[str, Any]) -> None:
    base = SHIPPED[0].model_dump(mode="json", exclude={"next_steps", "when_rejected", "calendar"})
    duty = {"duty": "duty-0", "clock": "elapsed", "length": "PT1H", "kept_by": ["acknowledged"],
            "owed_by": "team", "kind": "promise", "statement": "1"}  # fmt: skip
    with pytest.raises(ValidationError, match="next_steps"):
        Policy.model_validate(base | {"duties": [duty], "next_steps": [sentence]})
