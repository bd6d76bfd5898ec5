"""The bounds of a record, one by one, each named where it is broken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas import decided, reported
from schemas.codec import Record, Unreadable, read_decided, read_reported
from schemas.envelope import Envelope
from tests.schemas.test_any_record import LARGEST, valid_decisions

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
