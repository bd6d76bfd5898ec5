"""Whatever a record holds, reading it raises nothing, and what is let through can be written again
by everybody behind: into JSON, into Postgres, into an index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from math import isinf
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import BaseModel
from pydantic_core import to_json

from schemas import decided, reported
from schemas.attributes import subject_kind
from schemas.codec import Record, Skipped, Unreadable, read_decided, read_reported
from schemas.envelope import Envelope
from services.escalation.decider.batch import Incoming
from services.escalation.decider.partition import Partition
from tests.mutations import Wild, mutated, valid
from tests.spec import POLICIES

LARGEST = 2**63 - 1
FREE_JSON = ("working_hours", "expected", "actual")
"""Fields that hold any JSON, which is only ever kept as text."""


@lru_cache
def valid_decisions() -> tuple[Wild, ...]:
    """What is decided on a history of every reported type."""
    partition = Partition(0, 1, POLICIES)
    for offset, one in enumerate(valid()):
        partition.take(Incoming(offset, one.timestamp, one.key, one.value, one.headers))
    return tuple(Wild(key, value) for key, value in partition.flush().decisions)


def record_of(one: Wild) -> Record:
    return Record(one.key, one.value, one.headers)


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_a_reported_record_is_read_skipped_or_refused_and_what_is_read_is_writable(
    one: Wild,
) -> None:
    found = read_reported(record_of(one), None)
    assert_told_or_writable(found)
    if isinstance(found, Envelope):
        assert found.source_offset is None, "of a report it means nothing"
        assert found.key == one.key


@settings(max_examples=400, deadline=None)
@given(mutated(valid_decisions()))
def test_a_decided_record_is_read_skipped_or_refused_and_what_is_read_is_writable(
    one: Wild,
) -> None:
    assert_told_or_writable(read_decided(record_of(one)))


def test_the_records_that_are_mutated_are_readable_and_of_every_type() -> None:
    read = [read_reported(record_of(one), None) for one in valid()]
    assert {one.type for one in read if isinstance(one, Envelope)} == set(reported.BY_TYPE)
    judged = [read_decided(record_of(one)) for one in valid_decisions()]
    assert all(isinstance(one, Envelope) for one in judged)
    assert len({one.type for one in judged if isinstance(one, Envelope)}) > 10


def assert_told_or_writable(found: Envelope[Any] | Skipped | Unreadable) -> None:
    if isinstance(found, Unreadable):
        assert found.text.isprintable(), "it goes into a header and a log"
        assert found.text.encode()
    elif isinstance(found, Envelope):
        assert_writable(found)


def assert_writable(event: Envelope[Any]) -> None:
    ids = (event.id, event.correlation_id, event.causation_id, event.traceparent)
    assert all(one is None or len(one.encode()) <= 256 for one in ids)
    assert event.id
    assert 1 <= len(event.source.encode()) <= 512
    assert len(event.key) <= 192
    assert subject_kind(event.subject) is not None
    attributes = [one for one in (*ids, event.source, event.subject) if one is not None]
    assert not any(hides_something(one) for one in attributes)
    for number in (event.source_partition, event.source_offset):
        assert number is None or 0 <= number <= LARGEST
    assert all(map(is_kept, parts(event.as_read)))
    assert json.loads(to_json(event.as_read)) == event.as_read
    assert depth(event.as_read) <= 100
    assert_ids_fit(event.data)


def assert_ids_fit(model: BaseModel) -> None:
    """In the model every number fits a bigint and every id an index."""
    for part in parts(model.model_dump(), FREE_JSON):
        assert not isinstance(part, int) or -LARGEST <= part <= LARGEST
    for name, value in fields(model):
        if name in ("id", "case_ids") or name.endswith("_id"):
            assert value is None or len(str(value).encode()) <= 256


def fields(model: BaseModel) -> Iterator[tuple[str, Any]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, BaseModel):
                yield from fields(one)
            else:
                yield name, one


def hides_something(text: str) -> bool:
    return any(
        ord(one) < 32 or 0x7F <= ord(one) < 0xA0 or 0xD800 <= ord(one) < 0xE000 for one in text
    )


def is_kept(part: Any) -> bool:
    if isinstance(part, str):
        return "\x00" not in part and not any(0xD800 <= ord(one) < 0xE000 for one in part)
    return not (isinstance(part, float) and isinf(part))


def parts(value: Any, left_out: tuple[str, ...] = ()) -> Iterator[Any]:
    """Every name and every value in it, but for the fields that are left out."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name not in left_out:
                yield name
                yield from parts(one, left_out)
    elif isinstance(value, list):
        for one in value:
            yield from parts(one, left_out)
    else:
        yield value


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


# --- bounds, one by one ----------------------------------------------------------------------

EVENT: dict[str, Any] = {
    "specversion": "1.0", "id": "1", "source": "/crm", "type": "support.case.closed.v1",
    "subject": "case-1", "time": "2026-01-01T10:00:00Z", "data": {"by": {"id": "ann"}},
}  # fmt: skip


def told(event: dict[str, Any], binary: bool = False) -> str:
    """``read``, or the reason and text of what is wrong."""
    key = event["subject"].encode("utf-8", "surrogatepass")
    headers: list[tuple[str, bytes | None]] = [
        ("content-type", b"application/json" if binary else b"application/cloudevents+json")
    ]
    if binary:
        headers += [
            (f"ce_{name}", str(one).encode("utf-8", "surrogatepass"))
            for name, one in event.items()
            if name != "data"
        ]
    value = json.dumps(event["data"] if binary else event).encode()
    found = read_reported(Record(key, value, headers), None)
    return f"{found.reason}: {found.text}" if isinstance(found, Unreadable) else "read"


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize(
    ("name", "longest"),
    [("id", 256), ("source", 512), ("subject", 128), ("correlationid", 256), ("causationid", 256)],
)
def test_an_attribute_has_a_longest_length_that_is_named(
    name: str, longest: int, binary: bool
) -> None:
    assert told(EVENT | {name: "x" * longest}, binary) == "read"
    too_long = told(EVENT | {name: "x" * (longest + 1)}, binary)
    assert too_long.startswith(f"schema-invalid: {name}: ")
    assert str(longest) in too_long
    assert told(EVENT | {name: "\u20ac" * 64}, binary) == "read"
    assert told(EVENT | {name: "\u20ac" * (longest // 3 + 1)}, binary) == (
        "read" if name == "subject" else too_long
    )


def test_a_subject_has_at_most_192_bytes_of_whatever_kind_it_is() -> None:
    for kind in ("account", "person", "request", "review", "clock"):
        short = f"{kind}/" + "x" * (192 - len(kind) - 1)
        assert told(EVENT | {"subject": short}) == "read"
        assert told(EVENT | {"subject": short + "x"}).startswith("schema-invalid: subject: ")
        assert told(EVENT | {"subject": f"{kind}/"}).startswith("schema-invalid: subject: ")
    assert told(EVENT | {"subject": "\u20ac" * 65}).startswith("schema-invalid: subject: ")
    assert told(EVENT | {"subject": "case/1"}).startswith("schema-invalid: subject: neither a case")


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize(
    "name", ["id", "source", "subject", "correlationid", "traceparent", "other"]
)
@pytest.mark.parametrize("hidden", ["\x00", "\n", "\x1b", "\x7f", "\x9b"])
def test_no_attribute_holds_a_control_character(name: str, hidden: str, binary: bool) -> None:
    assert told(EVENT | {name: f"a{hidden}b"}, binary).startswith("schema-invalid: ")


@pytest.mark.parametrize("name", ["id", "correlationid", "other"])
def test_no_attribute_holds_half_a_character(name: str) -> None:
    assert told(EVENT | {name: "a\ud800"}).startswith("schema-invalid: ")


@pytest.mark.parametrize("value", [2**63, -(2**63), 10**40])
def test_whole_numbers_of_attributes_fit_63_bits(value: int) -> None:
    assert told(EVENT | {"other": value}).startswith("schema-invalid: ")
    assert told(EVENT | {"other": LARGEST}) == "read"
    assert told(EVENT | {"sourceoffset": str(abs(value))}).startswith(
        "schema-invalid: sourceoffset"
    )


@pytest.mark.parametrize("offset", ["0" * 5_000, "7", "x", "", "-1", "1" * 18, 5])
def test_what_a_report_says_of_an_offset_means_nothing(offset: object) -> None:
    assert told(EVENT | {"sourceoffset": offset, "sourcepartition": offset}) == "read"


@pytest.mark.parametrize(
    "but",
    [{"sourceoffset": one} for one in ("9" * 20, "9" * 5_000, "x", "-1", "1.0", " 1", 5, "\u0663")]
    + [{"sourcepartition": str(2**31)}, {"id": "x" * 257}, {"correlationid": 5}],
)  # fmt: skip
def test_a_decision_says_by_sound_numbers_what_caused_it(but: dict[str, Any]) -> None:
    wild = valid_decisions()[0]
    event = json.loads(wild.value or b"") | but
    found = read_decided(Record(wild.key, json.dumps(event).encode(), wild.headers))
    assert isinstance(found, Unreadable)
    assert found.reason == "schema-invalid"
    assert next(iter(but)) in found.text


@pytest.mark.parametrize("at", ["2026-01-01T10:00:00", "9999-12-31T23:59:59-14:00", "x", True])
def test_an_instant_of_a_decision_can_be_said_in_any_zone(at: Any) -> None:
    wild = next(one for one in valid_decisions() if b"escalation.accepted" in (one.value or b""))
    event = json.loads(wild.value or b"")
    event["data"]["requested_at"] = at
    found = read_decided(Record(wild.key, json.dumps(event).encode(), wild.headers))
    assert isinstance(found, Unreadable)


def nested(levels: int, bracket: str = "[]") -> str:
    return bracket[0] * levels + bracket[1] * levels


@pytest.mark.parametrize("bracket", ["[]", '{"a":}'])
@pytest.mark.parametrize("levels", [98, 99, 250, 400, 1_000, 20_000])
def test_json_nests_at_most_100_levels_whatever_else_is_wrong(levels: int, bracket: str) -> None:
    opens, closes = bracket[:-1], bracket[-1]
    deep = opens * levels + ("0" if opens != "[" else "") + closes * levels
    inside = json.dumps(EVENT)[:-1] + f', "more": {deep}}}'
    found = read_reported(Record(b"case-1", inside.encode(), ()), None)
    if levels < 100:
        assert isinstance(found, Envelope)
    else:
        assert isinstance(found, Unreadable)
        assert (found.reason, "100 levels" in found.text) == ("schema-invalid", True)
    wrong = inside.replace("case.closed", "unheard-of").replace("2026", "never")
    also = read_reported(Record(b"another", wrong.encode(), ()), None)
    assert isinstance(also, Unreadable)
    assert (also.reason == "schema-invalid") == (levels >= 100)


def test_brackets_in_text_and_beside_one_another_are_no_depth() -> None:
    text = '[[[[{{{{\\"' * 1_000
    assert told(EVENT | {"data": {"by": {"id": "ann"}, "more": text}}) == "read"
    assert told(EVENT | {"data": {"by": {"id": "ann"}, "more": [[]] * 20_000}}) == "read"


def test_what_is_encoded_in_base64_is_held_to_the_same() -> None:
    import base64

    def inside(data: str) -> str:
        event = {name: one for name, one in EVENT.items() if name != "data"}
        event["data_base64"] = base64.b64encode(data.encode()).decode()
        found = read_reported(Record(b"case-1", json.dumps(event).encode(), ()), None)
        return found.reason if isinstance(found, Unreadable) else "read"

    assert inside('{"by": {"id": "ann"}}') == "read"
    for wrong in (
        '{"resolution": "a\\u0000b"}', '{"resolution": "\\ud800"}', '{"x": 1e400}', '{"x": NaN}',
        '{"x": ' + nested(200) + "}", "nonsense",
    ):  # fmt: skip
        assert inside(wrong) == "schema-invalid", wrong


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 400 + ".0", "1" * 5_000])
def test_a_number_that_nobody_can_keep_is_refused(number: str) -> None:
    text = json.dumps(EVENT)[:-1] + f', "more": {number}}}'
    found = read_reported(Record(b"case-1", text.encode(), ()), None)
    assert isinstance(found, Unreadable)
    assert found.reason == "schema-invalid"


def test_words_that_look_like_them_are_words() -> None:
    data = {"by": {"id": "ann"}, "resolution": "Infinity \\u0000 NaN 1e400", "more": "\x01"}
    assert told(EVENT | {"data": data}) == "read"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("opened", {"account_id": "{}", "severity": "S1", "tier": "gold"}),
        ("opened", {"account_id": "a", "severity": "S1", "tier": "{}"}),
        ("opened", {"account_id": "a", "severity": "S1", "tier": "b", "program": "{}"}),
        ("opened", {"account_id": "a", "severity": "S1", "tier": "b", "team": "{}"}),
        ("opened", {"account_id": "a", "severity": "S1", "tier": "b", "contact": {"id": "{}"}}),
        ("comment-added", {"comment_id": "{}", "author": {"id": "a"}, "author_role": "bot",
         "body": ""}),
        ("escalation-requested", {"request_id": "{}"}),
        ("escalation-acknowledged", {"by": {"id": "a"}, "escalation_id": "{}"}),
        ("account-link-asked", {"account_id": "a", "escalation_id": "{}"}),
        ("calendar-changed", {"calendar": "{}", "version": 1}),
    ],
)  # fmt: skip
def test_every_other_id_and_code_has_at_most_256_bytes(kind: str, data: dict[str, Any]) -> None:
    def filled(word: str) -> dict[str, Any]:
        text = json.dumps(data).replace("{}", word)
        return EVENT | {"type": f"support.case.{kind}.v1", "data": json.loads(text)}

    assert told(filled("x" * 256)) == "read"
    for word in ("x" * 257, "\u20ac" * 86, "x" * 6_000):
        assert "longer than 256 bytes" in told(filled(word))


def test_the_schemas_name_the_bounds() -> None:
    schema = reported.Opened.model_json_schema()
    assert schema["properties"]["account_id"]["maxLength"] == 256
    assert schema["$defs"]["Person"]["properties"]["id"]["maxLength"] == 256


@pytest.mark.parametrize(
    ("team", "kept"), [("integration", True), ("a.b_c-1", True), ("x" * 64, True), ("x" * 65,
     False),
                       ("Team S\u00fcd", False), ("pat@example.org", False), ("", False)]
)  # fmt: skip
def test_only_a_code_of_a_team_or_plan_is_kept_for_ever(team: str, kept: bool) -> None:
    shared = decided.ActionPlanShared(version=team)
    assert shared.version == (team if kept else None)
    assert decided.ActionPlanShared(version=7).version == 7
    accepted = next(
        json.loads(one.value or b"")["data"]
        for one in valid_decisions()
        if b"escalation.accepted" in (one.value or b"")
    )
    assert decided.Accepted.model_validate(accepted | {"team": team}).team == (
        team if kept else None
    )
