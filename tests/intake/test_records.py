"""Every form in which a change event arrives is read as what it is, or parked with its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.intake.changes import (
    COMMENT,
    created,
    events,
    header,
    names,
    parked,
    updated,
)

TAGS = {str: "string", bool: "boolean", int: "long", list: "array"}


def tagged(record: dict[str, Any]) -> dict[str, Any]:
    return {
        name: tagged(held) if isinstance(held, dict) else {TAGS[type(held)]: held}
        for name, held in record.items()
    }


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda it: it,
        lambda it: {"schema": {"type": "struct"}, "payload": it},
        lambda it: {"schema": "Ab3", "payload": it, "event": {"replayId": 17}},
        lambda it: {"data": {"schema": "Ab3", "payload": it}, "channel": "/data/ChangeEvents"},
        lambda it: {"detail": {"payload": it}, "version": "0"},
        tagged,
        lambda it: {"payload": tagged(it)},
        lambda it: it | {"ChangeEventHeader": {"com.sforce.Header": it["ChangeEventHeader"]}},
        lambda it: it | {"ChangeEventHeader": it["ChangeEventHeader"] | {"recordIds": "500X"}},
        lambda it: it | {"ChangeEventHeader": it["ChangeEventHeader"] | {"changedFields": None}},
    ],
)
def test_wrappers_and_tags_change_nothing(wrapped: Any) -> None:
    plain = created()
    (event,) = events(wrapped(plain))
    assert event == events(plain)[0]


def test_a_byte_order_mark_is_no_part_of_the_record() -> None:
    assert events(b"\xef\xbb\xbf" + json.dumps(created()).encode()) == events(created())


DEEP = b'{"a":' + b"[" * 1_000 + b"]" * 1_000 + b"}"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "not-json"),
        (b"", "not-json"),
        (b"\x00\x00\x00\x00\x07avro", "not-json"),
        (b'{"ChangeEventHeader": NaN}', "not-json"),
        (json.dumps(created()).encode("utf-16"), "not-json"),
        (b" " * (256 * 1024 + 1), "too-large"),
        (json.dumps(created(Subject="x" * 256 * 1024)).encode(), "too-large"),
        (DEEP, "schema-invalid"),
        (json.dumps(created()).encode()[:-1] + b', "More": ' + DEEP + b"}", "schema-invalid"),
        (b"{}", "not-an-envelope"),
        (b"17", "not-an-envelope"),
        (json.dumps([created()]).encode(), "not-an-envelope"),
        (json.dumps(json.dumps(created())).encode(), "not-an-envelope"),
        (b'{"ChangeEventHeader": null}', "not-an-envelope"),
        (b'{"payload": {"payload": {"payload": {"payload": {"payload": 1}}}}}', "not-an-envelope"),
    ],
)
def test_what_is_no_change_event_is_parked_with_the_first_reason(value: Any, reason: str) -> None:
    assert parked(value).reason == reason


@pytest.mark.parametrize(
    ("more", "reason", "names_it"),
    [
        ({"changeType": "GAP_UPDATE"}, "gap-event", "GAP_UPDATE"),
        ({"changeType": "GAP_OVERFLOW", "recordIds": None}, "gap-event", "GAP_OVERFLOW"),
        ({"changeType": "GAP_CREATE", "commitTimestamp": None}, "gap-event", "GAP_CREATE"),
        ({"recordIds": ["500*"]}, "wildcard-records", "wildcard"),
        ({"recordIds": ["500X", "500*"]}, "wildcard-records", "wildcard"),
        ({"recordIds": []}, "unmapped", "recordIds"),
        ({"recordIds": None}, "unmapped", "recordIds"),
        ({"recordIds": [None]}, "unmapped", "recordIds"),
        ({"recordIds": [5]}, "unmapped", "recordIds"),
        ({"recordIds": "500X,500Y"}, "unmapped", "recordIds"),
        ({"recordIds": ["500\ud83d"]}, "unmapped", "recordIds"),
        ({"recordIds": ["5/0"]}, "unmapped", "recordIds"),
        ({"entityName": None}, "unmapped", "entityName"),
        ({"entityName": ["Case"]}, "unmapped", "entityName"),
        ({"changeType": None}, "unmapped", "changeType"),
        ({"changeType": {"string": 5}}, "unmapped", "changeType"),
        ({"changeType": "DELETE"}, "unmapped", "DELETE"),
        ({"entityName": "Opportunity"}, "unmapped", "Opportunity"),
        *(
            ({"commitTimestamp": at}, "unmapped", "commitTimestamp")
            for at in (10**20, -(10**20), 1e300, 1.5, True, None, "soon", [1], {"long": 1.5})
        ),
    ],
)  # fmt: skip
def test_what_a_header_does_not_say_is_parked_and_named(
    more: dict[str, Any], reason: str, names_it: str
) -> None:
    found = parked(created() | {"ChangeEventHeader": header(**more)})
    assert (found.reason, names_it in found.text) == (reason, True), found


@pytest.mark.parametrize("at", [1795507201000, "1795507201000", 1795507201000.0])
def test_the_instant_of_the_commit_is_the_events_time(at: Any) -> None:
    (event,) = events(created() | {"ChangeEventHeader": header(commitTimestamp=at)})
    assert event.time.isoformat() == "2026-11-24T08:00:01+00:00"


def test_whole_numbers_of_thousands_of_digits_are_no_reason_to_stop() -> None:
    huge = "9" * 5_000
    more = json.dumps(created()).replace('"New"', huge).replace("1795507201000", huge)
    assert "commitTimestamp" in parked(more.encode()).text
    other = json.dumps(created())[:-1] + f', "Other__c": {huge}' + "}"
    assert names(other.encode()) == ["opened"]


def test_several_record_ids_are_several_cases() -> None:
    found = events(created() | {"ChangeEventHeader": header(recordIds=["500X", "500Y", "500X"])})
    assert [one.subject for one in found] == ["500X", "500Y"]
    assert len({one.id for one in found}) == 2


@pytest.mark.parametrize("missing", ["transactionKey", "sequenceNumber"])
def test_changes_without_a_transaction_key_are_told_apart_by_what_they_say(missing: str) -> None:
    def change(priority: str) -> Any:
        named = header(kind="UPDATE", changedFields=["Priority"]) | {missing: None}
        return events({"ChangeEventHeader": named, "Priority": priority})[0].id

    assert change("High") == change("High")
    assert change("High") != change("Low")


@pytest.mark.parametrize("listed", [["0x400040"], ["0x00", "3-0x02"], "0x400040"])
@pytest.mark.parametrize("which", ["changedFields", "nulledFields", "diffFields"])
def test_a_bitmap_of_fields_is_parked_and_the_text_names_the_setting(
    listed: Any, which: str
) -> None:
    named = header(kind="UPDATE", **{"changedFields": ["Priority"], which: listed})
    found = parked({"ChangeEventHeader": named, "Priority": "Critical"})
    assert found.reason == "unmapped"
    assert "bitmap" in found.text and which in found.text


def test_a_difference_is_not_taken_for_a_value() -> None:
    named = header(kind="UPDATE", changedFields=["Priority", "Description"])
    whole = {"Priority": "Low", "Description": "--- +++"}
    assert names({"ChangeEventHeader": named | {"diffFields": ["Description"]}, **whole}) == [
        "severity-changed"
    ]
    found = parked({"ChangeEventHeader": named | {"diffFields": ["Priority"]}, **whole})
    assert "Priority" in found.text


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("Priority", {"a": 1}, "an object"),
        ("Priority", ["High"], "a list"),
        ("Priority", {"string": 5}, "an object"),
        ("Priority", {"string": None}, "an object"),
        ("Priority", 2, "a number"),
        ("SLA_Tier__c", ["Gold"], "a list"),
        ("SLA_Tier__c", {"array": ["Gold"]}, "a list"),
        ("AccountId", True, "true or false"),
        ("AccountId", 10**30, "a number"),
        ("Subject", ["x"], "a list"),
        ("OwnerId", {"Id": "005"}, "an object"),
        ("Team__c", 4.5, "a number"),
        ("AccountId", "half \ud83d", "half a character"),
        ("SLA_Tier__c", "Go\x00ld", "a control character"),
        ("IsClosed", "maybe", "neither true nor false"),
        ("IsClosed", 1, "neither true nor false"),
        ("IsClosed", {"string": "perhaps"}, "neither true nor false"),
    ],
)
def test_a_value_of_another_kind_is_parked_and_its_field_is_named(
    field: str, value: Any, kind: str
) -> None:
    found = parked(created(**{field: value}))
    assert found.reason == "unmapped"
    assert field in found.text and kind in found.text


def test_half_an_emoji_in_the_words_of_people_does_not_lose_the_case() -> None:
    (event,) = events(created(Subject="Sync stops \ud83d", More="\ud83d"))
    assert event.data.title == "Sync stops \ufffd"
    (event,) = events(created("CaseComment", CommentBody="a\x00b \udc00"))
    assert event.data.body == "a\ufffdb \ufffd"


def test_what_the_decider_would_refuse_is_parked_with_its_reason() -> None:
    """An event is a little longer than a record that says next to nothing else."""
    bare = {
        "ChangeEventHeader": {
            "entityName": "CaseComment", "recordIds": ["5"], "changeType": "CREATE",
            "commitTimestamp": 1,
        },
        "ParentId": "5", "CreatedById": "003", "CommentBody": "",
    }  # fmt: skip
    room = 256 * 1024 - len(json.dumps(bare))
    found = parked(bare | {"CommentBody": "x" * room})
    assert (found.reason, "would not be read" in found.text) == ("too-large", True)
    assert names(bare | {"CommentBody": "x" * (room - 1_000)}) == ["comment-added"]


def test_dead_letters_quote_no_value() -> None:
    secret = "Pat Doe +49 30 1234"
    texts = [
        parked(created(Priority=secret)).text,
        parked(created("CaseComment", CreatedById=secret)).text,
        parked(created("CaseComment", ParentId=secret)).text,
        parked(updated("IsClosed", IsClosed=secret)).text,
        parked(created() | {"ChangeEventHeader": header(entity=secret)}).text,
        parked(created() | {"ChangeEventHeader": header(kind=secret)}).text,
    ]
    assert not any("Pat" in text for text in texts), texts
    assert COMMENT["ParentId"] == "500X"
