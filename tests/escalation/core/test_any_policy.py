"""For any policy that its model accepts and any history, nothing raises and a replay is equal."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from policies.catalogue import Policies
from policies.entries import LADDER
from policies.model import Policy
from schemas import reported
from schemas.codec import write
from schemas.envelope import Envelope
from services.escalation.decider.batch import Incoming
from services.escalation.decider.partition import Partition
from tests.spec import POLICIES
from tests.stories import NOON

HOURS = st.sampled_from(["PT1M", "PT4H", "P1D", "P2DT3H", "P30D", "P3660D"])
KEPT_BY = [
    "acknowledged", "contact-attempted", "customer-contacted", "evaluated",
    "primary-contact-assigned", "kickoff-scheduled", "communication-plan-set",
    "update-to-customer", "update-to-anybody",
    "agent-comment", "approval",
]  # fmt: skip
TOLD = ["requester", "support-manager", "handling-agent", "team", "approvers"]
SEVERITIES = ["S1", "S2", "S3", "S4"]


@st.composite
def duty_specs(draw: st.DrawFn, name: str) -> dict[str, Any]:
    begins = draw(st.sampled_from(["acceptance", "approval-request", "communication-plan"]))
    spec: dict[str, Any] = {
        "duty": name, "begins": begins, "clock": draw(st.sampled_from(["elapsed", "working"])),
        "kept_by": draw(st.lists(st.sampled_from(KEPT_BY), max_size=3, unique=True)),
        "repeats": draw(st.booleans()), "pauses": draw(st.booleans()),
        "owed_by": draw(st.sampled_from(TOLD)), "statement": "x",
        "kind": draw(st.sampled_from(["promise", "expectation"])),
    }  # fmt: skip
    length = draw(st.sampled_from(["length", "working_days", "daily_at", "none"]))
    if length == "length":
        spec["length"] = draw(HOURS)
        spec["by_severity"] = draw(st.dictionaries(st.sampled_from(SEVERITIES), HOURS, max_size=2))
    elif length == "working_days":
        spec["working_days"] = draw(st.integers(1, 366))
    elif length == "daily_at":
        spec["daily_at"] = draw(st.sampled_from(["00:00", "02:30", "17:00", "23:59"]))
    return spec


@st.composite
def calendars(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {
        "timezone": draw(st.sampled_from(
            ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]
        )),
        "hours": draw(st.dictionaries(
            st.sampled_from(["monday", "wednesday", "sunday"]),
            st.sampled_from(["00:00-24:00", "09:00-17:00", "02:15-02:45"]),
        )),
    }  # fmt: skip
    if draw(st.booleans()):
        found["name"] = draw(st.sampled_from(["shared", "time-gated"]))
    if draw(st.booleans()):
        found["country"] = draw(st.sampled_from(["DE", "US"]))
    return found


@st.composite
def policies(draw: st.DrawFn, name: str) -> Policy | None:
    """A policy as somebody may write it; None where the model refuses it."""
    base = POLICIES.versions[name][0].model_dump(mode="json")
    names = [f"duty-{number}" for number in range(draw(st.integers(0, 5)))]
    drawn = {
        "once_only": draw(st.booleans()),
        "rules": draw(st.lists(st.sampled_from(base["rules"]), unique_by=lambda one: one["rule"])),
        "duties": [draw(duty_specs(one)) for one in names],
        "templates": draw(st.sampled_from([
            {}, base["templates"], {"case-approved": {"kind": "case", "approval": True}},
            {"account": {"kind": "account", "approval": True}},
        ])),
        "ladder": list(LADDER[: draw(st.integers(1, 4))]),
        "calendar": draw(calendars()),
        "agent_comments_are_updates": draw(st.booleans()),
        "improvement_is_owed": draw(st.booleans()),
        "phrase": draw(st.sampled_from([None, {"words": "Escalation  REQUEST"}])),
        "watched_until": draw(st.sampled_from(["closed", "resolved", "de-escalated"])),
    }  # fmt: skip
    try:
        return Policy.model_validate(base | drawn)
    except ValidationError:
        return None


PEOPLE = st.sampled_from([
    {"id": "alice", "roles": ["escalation-requester", "support-agent"]},
    {"id": "boss", "roles": ["escalation-manager", "de-escalation-requester"]}, {"id": "x"},
])  # fmt: skip
WORDS = st.sampled_from([None, "", "x", "management-request", "escalation request"])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "by": PEOPLE, "contact": PEOPLE, "author": PEOPLE, "requested_by": PEOPLE, "agent": PEOPLE,
    "account_id": st.just("A-1"), "severity": st.sampled_from(SEVERITIES),
    "tier": st.sampled_from(["gold", "bronze"]), "program": st.sampled_from([*POLICIES.versions]),
    "comment_id": st.integers(1, 4).map(str), "request_id": st.integers(1, 4).map(str),
    "author_role": st.sampled_from(["customer", "agent", "bot"]), "body": WORDS.map(str),
    "template": st.sampled_from([None, "case", "case-approved", "account-approved"]),
    "escalation_severity": st.sampled_from([None, "high"]), "reason": WORDS, "comments": WORDS,
    "subject": WORDS, "description": WORDS, "case_number": st.sampled_from([None, "case-1"]),
    "business_impact": st.sampled_from([None, "major"]), "category": st.just("docs"),
    "mode": st.sampled_from(["phone", "email"]), "attendees": st.just([{"id": "x"}]),
    "frequency": st.sampled_from(["PT15M", "PT8H", "P40D", "PT1S"]), "plan": st.just("p"),
    "to": st.sampled_from(LADDER), "trend": st.just("same"), "audience": st.just("customer"),
    "at": st.just("2030-01-08T09:00:00Z"), "resolution": WORDS, "cause_resolved": st.just(True),
    "action_plan_acceptable": st.just(True), "troubleshooting_on_track": st.just(True),
    "agreement_ref": WORDS, "calendar": st.sampled_from(["shared", "time-gated", "templated"]),
    "version": st.just(2), "dates": st.lists(st.sampled_from(["2030-01-08", "2030-01-10"])),
    "timezone": st.sampled_from([None, "Asia/Tokyo"]), "case_ids": st.just(["case-1"]),
    "case_id": st.just("case-1"), "escalation_id": st.none(), "answer": st.just("linked"),
}  # fmt: skip
KINDS = [kind for kind in reported.FACTS if kind is not reported.ReviewSignedOff]


@st.composite
def events(draw: st.DrawFn, number: int, at: datetime) -> Envelope[Any]:
    kind = draw(st.sampled_from(KINDS) if number else st.just(reported.Opened))
    data = {
        name: draw(FIELDS[name])
        for name, field in kind.model_fields.items()
        if name in FIELDS and (field.is_required() or draw(st.booleans()))
    }
    if kind is reported.EscalationVoided:
        data["reason"] = "entered-by-mistake"
    if kind is reported.ImprovementWaived:
        data["reason"] = "nothing to learn"
    if kind in (reported.CommunicationPlanAgreed, reported.Assigned):
        data |= {"mode": "phone", "agent": {"id": "x"}}
    if kind is reported.AccountLinkAsked or kind is reported.AccountLinkAnswered:
        data["escalation_id"] = "e"
    account = kind.__name__.startswith("Account") and kind is not reported.AccountLinkAsked
    clock = kind in (reported.TimePassed, reported.CalendarChanged)
    subject = "clock/0" if clock else "account/A-1" if account else "case-1"
    late = draw(st.sampled_from([0, 0, 0, 5, 50])) * timedelta(hours=1)
    return Envelope(
        f"e-{number}", "/tests", reported.type_of(kind), subject, at - late,
        kind.model_validate(data),
    )  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[Incoming]:
    found, at = [], NOON - timedelta(days=30)
    for number in range(draw(st.integers(2, 14))):
        at += draw(st.sampled_from([1, 30, 300, 3_000, 30_000])) * timedelta(minutes=1)
        one = draw(events(number, at))
        found.append(Incoming(number, int(at.timestamp() * 1000), one.key, write(one)))
    return found


@settings(
    max_examples=150, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
@given(policies("templated"), policies("time-gated"), histories())
def test_no_policy_breaks_the_core_and_a_replay_is_equal(
    one: Policy | None, other: Policy | None, history: list[Incoming]
) -> None:
    own = {found.policy: (found,) for found in (one, other) if found is not None}
    known = Policies(POLICIES.versions | own, "time-gated")
    live = decided(known, history, restart_every=1)
    assert live == decided(known, history, restart_every=len(history))


def decided(known: Policies, history: list[Incoming], restart_every: int) -> list[Any]:
    """Everything decided, by a process that is restarted now and then from its states."""
    partition = Partition(0, 1, known)
    found: list[Any] = []
    for record in history:
        partition.take(record)
        if (record.offset + 1) % restart_every == 0:
            batch = partition.flush()
            assert [
                why.text for _, why in batch.dead_letters if why.reason != "schema-invalid"
            ] == []
            found += batch.decisions
            partition = restored(partition, batch.states, known)
    return found + partition.flush().decisions


def restored(before: Partition, states: list[tuple[bytes, bytes]], known: Policies) -> Partition:
    after = Partition(0, 1, known)
    for key, stored in [*before.cases.stored.items(), *states]:
        after.restore(key, stored)
    after.restored()
    return after


def test_a_version_that_is_gone_stops_nothing() -> None:
    """Its duties are moved and missed by the nearest version that is still known."""
    base = POLICIES.versions["resolutions-desk"][0]
    second = base.model_copy(update={"version": 2})
    both = Policies(POLICIES.versions | {"resolutions-desk": (base, second)}, "time-gated")
    assert both.version("resolutions-desk", 2) is second
    assert both.version("resolutions-desk", 3) is second
    assert both.version("resolutions-desk", 0) is base
    gone = Policies({"time-gated": POLICIES.versions["time-gated"]}, "time-gated")
    assert gone.version("resolutions-desk", 2).policy == "time-gated"


@pytest.mark.parametrize(
    ("but", "why"),
    [
        ({"duties": []}, "would wait for approval for ever"),
        ({"ladder": ["support", "department-head"]}, "gap"),
        ({"ladder": ["team-manager"]}, "gap"),
        ({"ladder": ["support", "support"]}, "gap"),
        ({"version": 10**30}, "less than or equal"),
        ({"effective_from": "0001-01-01T00:00:00Z"}, "out of range"),
        ({"reasons": ["a\x00b"]}, "match pattern"),
        ({"reasons": ["a" * 129]}, "at most 128"),
    ],
)
def test_what_would_break_the_core_is_no_policy(but: dict[str, Any], why: str) -> None:
    base = POLICIES.versions["templated"][0].model_dump(mode="json")
    with pytest.raises(ValidationError, match=why):
        Policy.model_validate(base | but)


@pytest.mark.parametrize(
    ("but", "why"),
    [
        ({"begins": "communication-plan", "length": None, "clock": "working"}, "clock: elapsed"),
        ({"length": None, "working_days": 1, "clock": "working", "by_severity": {"S1": "PT1H"}},
         "needs a length"),
        ({"begins": "communication-plan", "length": None, "by_severity": {"S1": "PT1H"}},
         "needs a length"),
        ({"length": "P3661D"}, "longer than ten years"),
        ({"duty": ""}, "at least 1"),
    ],
)  # fmt: skip
def test_a_duty_that_has_no_due_instant_is_refused(but: dict[str, Any], why: str) -> None:
    base = POLICIES.versions["time-gated"][0].model_dump(mode="json")
    duty = base["duties"][0] | but
    with pytest.raises(ValidationError, match=why):
        Policy.model_validate(base | {"duties": [duty]})


def test_a_phrase_is_found_however_its_policy_spells_it() -> None:
    base = POLICIES.versions["comment-phrase"][0].model_dump(mode="json")
    phrase = {"words": "  Escalation\u00a0REQUEST ", "statement": "001-11"}
    policy = Policy.model_validate(base | {"phrase": phrase})
    assert policy.phrase is not None and policy.phrase.words == "escalation request"
    assert json.loads(policy.model_dump_json())["phrase"]["words"] == "escalation request"
    assert policy.effective_from < datetime.now(UTC)
