"""Reading records: both modes, the first reason that applies, and nothing that makes it raise."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import (
    STRUCTURED_HEADERS,
    Headers,
    Record,
    Skipped,
    Unreadable,
    read_decided,
    read_reported,
    write,
)
from schemas.envelope import Envelope
from schemas.topics import partition_of
from tests.generated.story import story

EVENT: dict[str, Any] = {
    "specversion": "1.0", "id": "1", "source": "/crm", "type": "support.case.closed.v1",
    "subject": "case-1", "time": "2026-01-01T10:00:00+02:00", "data": {"by": {"id": "ann"}},
}  # fmt: skip
KEY = b"case-1"
HERE = partition_of(KEY, 12)


def record(value: Any, headers: Headers = STRUCTURED_HEADERS, key: bytes | None = KEY) -> Record:
    raw = value if isinstance(value, bytes) or value is None else json.dumps(value).encode()
    return Record(key, raw, headers, HERE)


def reason(value: Any, headers: Headers = STRUCTURED_HEADERS, key: bytes | None = KEY) -> str:
    found = read_reported(record(value, headers, key), 12)
    assert isinstance(found, Unreadable), found
    assert found.text
    return found.reason


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b" " * (256 * 1024 + 1), "too-large"),
        (None, "not-json"),
        (b"{", "not-json"),
        (b"\xff\xfe", "not-json"),
        (json.dumps(EVENT | {"extra": float("nan")}).encode(), "not-json"),
        (b"[" * 100_000, "schema-invalid"),
        (b"[1]", "not-an-envelope"),
        ({"hello": "world"}, "not-an-envelope"),
        (EVENT | {"specversion": "0.3"}, "not-an-envelope"),
        (EVENT | {"id": ""}, "not-an-envelope"),
        (EVENT | {"type": 5}, "not-an-envelope"),
        (EVENT | {"subject": "case-2"}, "key-mismatch"),
        (EVENT | {"time": "2026-01-01T10:00:00"}, "naive-time"),
        (EVENT | {"time": "2026-01-01T10:00:00", "data": 5}, "naive-time"),
        (EVENT | {"time": "yesterday"}, "schema-invalid"),
        (EVENT | {"data": {"by": {"id": 7}}}, "schema-invalid"),
        (EVENT | {"data": None}, "schema-invalid"),
        (EVENT | {"data": {"resolution": "a\x00b"}}, "schema-invalid"),
        (json.dumps(EVENT).replace("ann", "\\ud800").encode(), "schema-invalid"),
    ],
)
def test_the_first_reason_that_applies_is_given(value: Any, expected: str) -> None:
    assert reason(value) == expected


def test_a_naive_instant_anywhere_is_a_naive_time() -> None:
    call = EVENT | {
        "type": "support.case.kickoff-call-scheduled.v1", "data": {"at": "2026-01-01T10:00:00"},
    }  # fmt: skip
    assert reason(call) == "naive-time"


def test_a_null_or_different_key_is_a_mismatch_and_a_wrong_partition_names_the_setting() -> None:
    assert reason(EVENT, key=None) == "key-mismatch"
    elsewhere = Record(KEY, json.dumps(EVENT).encode(), STRUCTURED_HEADERS, (HERE + 1) % 12)
    found = read_reported(elsewhere, 12)
    assert isinstance(found, Unreadable)
    assert found.reason == "partition-mismatch"
    assert "partitioner=murmur2_random" in found.text


def test_an_unknown_type_is_skipped_even_with_a_naive_time() -> None:
    unknown = EVENT | {"type": "support.case.closed.v9", "time": "2026-01-01T10:00:00"}
    assert read_reported(record(unknown), 12) == Skipped("support.case.closed.v9")


def test_unknown_attributes_and_fields_are_skipped() -> None:
    more = EVENT | {"extra": "x", "data": {"by": {"id": "ann", "shoe": 43}, "more": [1]}}
    assert isinstance(read_reported(record(more), 12), Envelope)


def test_a_blank_listed_value_counts_as_absent_and_another_value_is_invalid() -> None:
    asked = EVENT | {"type": "support.case.escalation-requested.v1"}
    found = read_reported(record(asked | {"data": {"request_id": "r", "channel": " "}}), 12)
    assert isinstance(found, Envelope)
    assert reason(asked | {"data": {"request_id": "r", "channel": "fax"}}) == "schema-invalid"


@pytest.mark.parametrize(
    "headers", [STRUCTURED_HEADERS, (("Content-Type", b"application/CloudEvents+json"),), ()]
)
def test_structured_mode_is_read_with_or_without_its_content_type(headers: Headers) -> None:
    assert isinstance(read_reported(record(EVENT, headers), 12), Envelope)


def test_structured_mode_wins_over_ce_headers() -> None:
    confusing = (*STRUCTURED_HEADERS, ("ce_type", b"something.else"), ("ce_id", b"9"))
    found = read_reported(record(EVENT, confusing), 12)
    assert isinstance(found, Envelope)
    assert (found.id, found.type) == ("1", EVENT["type"])


def binary(event: dict[str, Any]) -> Record:
    headers = [
        (f"ce_{name}", str(value).encode()) for name, value in event.items() if name != "data"
    ]
    value = json.dumps(event["data"]).encode()
    return Record(KEY, value, [("content-type", b"application/json"), *headers], HERE)


def test_binary_mode_says_the_same_as_structured_mode() -> None:
    assert read_reported(binary(EVENT), 12) == read_reported(record(EVENT), 12)


def test_without_content_type_ce_headers_do_not_make_a_binary_event() -> None:
    headers = binary(EVENT).headers[1:]
    assert reason(EVENT["data"], headers) == "not-an-envelope"


def test_every_event_reads_back_as_it_was_written() -> None:
    for event in story():
        found = read_reported(Record(event.key, write(event), STRUCTURED_HEADERS), None)
        assert found == event


def test_the_official_sdk_reads_what_we_write_and_we_read_what_it_writes() -> None:
    for event in story():
        theirs = JSONFormat().read(CloudEvent, write(event))
        assert (theirs.get_id(), theirs.get_subject()) == (event.id, event.subject)
        message = to_structured(theirs, JSONFormat())
        headers = [(name, bytes(value)) for name, value in message.headers.items()]
        assert read_reported(Record(event.key, message.value, headers), None) == event


@given(
    st.binary(max_size=400),
    st.one_of(st.none(), st.binary(max_size=20)),
    st.lists(st.tuples(st.text(max_size=12), st.one_of(st.none(), st.binary(max_size=20)))),
)
def test_no_bytes_make_it_raise(
    value: bytes, key: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    read_reported(Record(key, value, headers), 12)
    read_decided(Record(key, value, headers))


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(), part, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(EVENT)), _JSON), _JSON)
def test_no_json_makes_it_raise(changes: dict[str, Any], data: Any) -> None:
    value = json.dumps(EVENT | changes | {"data": data}).encode()
    read_reported(record(value), 12)
    read_decided(record(value))


# --- what a text says ------------------------------------------------------------------------


def text(value: Any, headers: Headers = STRUCTURED_HEADERS, key: bytes | None = KEY) -> str:
    found = read_reported(record(value, headers, key), 12)
    assert isinstance(found, Unreadable), found
    return found.text


def test_another_key_is_told_beside_the_subject_that_it_must_be() -> None:
    told = text(EVENT, key=b"case-9\xff\n")
    assert "'case-9" in told
    assert "'case-1'" in told
    assert told.isprintable()
    assert "null" in text(EVENT, key=None)


@pytest.mark.parametrize("content_type", [b"application/json", b"text/plain"])
def test_a_structured_body_under_another_content_type_is_told_which_to_send(
    content_type: bytes,
) -> None:
    headers = [("content-type", content_type)]
    assert reason(EVENT, headers) == "not-an-envelope"
    assert "application/cloudevents+json" in text(EVENT, headers)


@pytest.mark.parametrize("headers", [(), (("content-type", None),), (("other", b"x"),)])
def test_without_content_type_a_value_is_structured_where_it_has_a_specversion(
    headers: Headers,
) -> None:
    assert isinstance(read_reported(record(EVENT, headers), 12), Envelope)
    values: list[Any] = [{"data": {}}, [EVENT], "specversion", EVENT | {"specversion": "2.0"}]
    for value in values:
        assert reason(value, headers) == "not-an-envelope"


def test_a_byte_order_mark_is_told() -> None:
    assert "byte order mark" in text(b"\xef\xbb\xbf" + json.dumps(EVENT).encode())


# --- instants --------------------------------------------------------------------------------


def read_time(time: str) -> datetime:
    found = read_reported(record(EVENT | {"time": time}), 12)
    assert isinstance(found, Envelope), found
    return found.time


@pytest.mark.parametrize(
    ("time", "is_read_as"),
    [
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2016-12-31T23:59:60.5+00:00", "2017-01-01T00:00:00.5Z"),
        ("2017-01-01T00:59:60+01:00", "2017-01-01T00:00:00Z"),
        ("2026-02-28t23:59:60z", "2026-03-01T00:00:00Z"),
        ("2026-02-28 23:59:59-03:30", "2026-03-01T03:29:59Z"),
    ],
)
def test_second_60_is_the_next_second(time: str, is_read_as: str) -> None:
    assert read_time(time) == datetime.fromisoformat(is_read_as)


@pytest.mark.parametrize(
    ("time", "lacks"),
    [
        ("2026-11-24T09:00:00.000+0100", "colon"), ("2026-11-24T09:00:00-0330", "colon"),
        ("2026-11-24T09:00:00+01", "minutes"), ("2026-11-24T09:00:61Z", "no such instant"),
        ("2026-11-24T09:60:60Z", "no such instant"), ("2026-11-24", "RFC 3339"),
    ],
)  # fmt: skip
def test_an_instant_that_is_none_is_told_what_it_lacks(time: str, lacks: str) -> None:
    assert reason(EVENT | {"time": time}) == "schema-invalid"
    assert lacks in text(EVENT | {"time": time})


@pytest.mark.parametrize("time", ["2026-11-24T09:00:00", "2016-12-31T23:59:60"])
def test_an_instant_without_an_offset_is_naive(time: str) -> None:
    assert reason(EVENT | {"time": time}) == "naive-time"
    assert "add Z or +hh:mm" in text(EVENT | {"time": time})
