"""What a change event means: only what it says, under the shipped mapping and under others."""

from __future__ import annotations

from typing import Any

import pytest

from services.intake.mapping import Mapping
from tests.intake.changes import (
    SHIPPED,
    created,
    events,
    found,
    names,
    parked,
    updated,
)


def with_role(**role: Any) -> Mapping:
    return changed("comment", role=role)


def changed(part: str, **more: Any) -> Mapping:
    whole = SHIPPED.model_dump()
    return Mapping.model_validate(whole | {part: whole[part] | more})


# --- open and closed -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (updated("Status", Status="Working"), []),
        (updated("Status", Status="Waiting for Customer", IsClosed=False), []),
        (updated("Status", "LastModifiedDate", Status="Escalated"), []),
        (updated("IsEscalated", IsEscalated=True), []),
        (updated(Status="Working", IsClosed=False), []),
        (updated(Status="Working", IsClosed="false", ClosedDate=None), []),
        (updated("Status", Status="Closed"), ["closed"]),
        (updated("Status", "IsClosed", Status="Done", IsClosed=True), ["closed"]),
        (updated("Status", "IsClosed", Status="Done", IsClosed="TRUE"), ["closed"]),
        (updated("Status", "ClosedDate", Status="Done", ClosedDate=1795507201000), ["closed"]),
        (updated("Status", "IsClosed", Status="Working", IsClosed=False), ["reopened"]),
        (updated("Status", "ClosedDate", Status="Working", ClosedDate=None), ["reopened"]),
        (updated("Status", nulled=("ClosedDate",), Status="Working"), ["reopened"]),
        (updated("IsClosed", "Status", Status="Closed", IsClosed=None), ["closed"]),
        (updated("Status", Status=None), []),
        (updated("Subject", Subject="Other"), []),
    ],
)
def test_reopened_is_a_turn_from_closed_to_open_and_nothing_else(
    record: dict[str, Any], expected: list[str]
) -> None:
    assert names(record) == expected


def test_a_status_that_only_a_closed_case_can_get_may_be_named() -> None:
    mapping = changed("case", reopened_statuses=["Reopened"])
    assert names(updated("Status", Status="Reopened"), mapping) == ["reopened"]
    assert names(updated("Status", Status="Working"), mapping) == []


@pytest.mark.parametrize(
    "closed",
    [
        {"IsClosed": True}, {"IsClosed": "true"}, {"IsClosed": None, "Status": "Closed"},
        {"IsClosed": None, "ClosedDate": 1795507201000},
    ],
)  # fmt: skip
def test_a_case_may_be_closed_from_the_start(closed: dict[str, Any]) -> None:
    assert names(created(**closed)) == ["opened", "closed"]
    assert names(created(IsClosed="false", IsEscalated=True, Status="Escalated")) == ["opened"]


# --- severity, tier, people ----------------------------------------------------------------


def test_a_severity_is_never_guessed() -> None:
    for value in ("Very High", "high", None, "", " "):
        for record in (created(Priority=value), updated("Priority", Priority=value)):
            assert "Priority" in parked(record).text
    assert "Priority" in parked(updated(nulled=("Priority",))).text
    other = created(Severity__c="Critical", Tier__c="Titanium", SLA_Tier__c=None)
    (event,) = events(other)
    assert (event.data.severity, event.data.tier) == ("S2", "standard")


@pytest.mark.parametrize(
    ("value", "tier"),
    [("Gold", "gold"), (" Gold ", "gold"), ("Bronze", "Bronze"), (None, "standard"),
     ("", "standard")],
)  # fmt: skip
def test_a_tier_is_as_the_mapping_says_else_as_it_is(value: Any, tier: str) -> None:
    assert events(created(SLA_Tier__c=value))[0].data.tier == tier


def test_a_change_says_who_is_responsible_now() -> None:
    record = updated("OwnerId", "ContactId", "Priority", OwnerId="005N", ContactId="003N",
                     Priority="Critical", Team__c="unchanged")  # fmt: skip
    severity, assigned, contact = (one.data for one in events(record))
    assert severity.severity == "S1"
    assert (assigned.agent.id, assigned.team) == ("005N", None)
    assert contact.contact.id == "003N"
    assert names(updated(nulled=("OwnerId", "ContactId"))) == []


def test_fields_that_did_not_change_mean_nothing_though_they_are_sent() -> None:
    whole = created() | updated("LastModifiedDate", LastModifiedDate=1)
    assert names(whole) == []


# --- comments ------------------------------------------------------------------------------

USER = "005PORTAL0000001AAA"


def role(mapping: Mapping, **fields: Any) -> str:
    (event,) = events(created("CaseComment", **fields), mapping)
    return str(event.data.author_role)


def test_the_shipped_mapping_does_not_say_which_users_are_agents() -> None:
    assert role(SHIPPED, CreatedById="003C1") == "customer"
    assert "role" in parked(created("CaseComment", CreatedById=USER)).text


@pytest.mark.parametrize(
    ("said", "fields", "expected"),
    [
        ({"ids": {USER: "customer"}, "prefixes": {"005": "agent"}}, {}, "customer"),
        ({"ids": {USER[:15]: "customer"}, "default": "agent"}, {}, "customer"),
        ({"prefixes": {"005": "agent", "005P": "customer"}}, {}, "customer"),
        ({"prefixes": {"005P": "customer", "005": "agent"}}, {}, "customer"),
        ({"prefixes": {"005": "agent"}}, {}, "agent"),
        ({"default": "agent"}, {}, "agent"),
        ({"field": "By__c", "values": {"Portal": "customer"}, "ids": {USER: "agent"}},
         {"By__c": "Portal"}, "customer"),
        ({"field": "By__c", "values": {"Portal": "customer"}, "ids": {USER: "manager"}},
         {"By__c": "Else"}, "manager"),
    ],
)  # fmt: skip
def test_an_organisation_says_who_is_a_customer(
    said: dict[str, Any], fields: dict[str, Any], expected: str
) -> None:
    assert role(with_role(**said), CreatedById=USER, **fields) == expected


@pytest.mark.parametrize(
    ("said", "visibility"),
    [(True, "public"), ("true", "public"), (False, "internal"), ("false", "internal"),
     (" False ", "internal"), (None, "internal"), ({"boolean": False}, "internal")],
)  # fmt: skip
def test_a_comment_is_public_only_where_the_record_says_so(said: Any, visibility: str) -> None:
    assert events(created("CaseComment", IsPublished=said))[0].data.visibility == visibility


def test_only_new_comments_and_new_forms_count() -> None:
    for entity in ("CaseComment", "Case_Escalation__c"):
        change = created(entity)
        change["ChangeEventHeader"]["changeType"] = "UPDATE"
        change["ChangeEventHeader"]["changedFields"] = ["0x04"]
        assert names(change) == []


def test_a_form_is_a_request() -> None:
    (event,) = events(created("Case_Escalation__c"))
    assert (event.subject, event.data.reason) == ("500X", "management-request")
    (event,) = events(created("Case_Escalation__c", Case__c=None))
    assert event.subject == "request/500X"
    assert "Case__c" in parked(created("Case_Escalation__c", Case__c="account/5")).text
    without = Mapping.model_validate(SHIPPED.model_dump() | {"request": None})
    assert found(created("Case_Escalation__c"), without) == parked(
        created("Case_Escalation__c"), without
    )
