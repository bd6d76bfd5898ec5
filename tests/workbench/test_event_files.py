"""What ``escalation validate`` and ``send`` say of a file before anything is sent."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from infra.workbench.event_file import NotLines, read_lines
from infra.workbench.event_hints import Hints
from infra.workbench.program import complete_program
from schemas import reported
from tests.mutations import mutated
from tests.spec import POLICIES

AT = {"specversion": "1.0", "source": "/crm", "subject": "case-1", "time": "2026-11-24T20:00:00Z"}
OPENED = {"account_id": "a", "severity": "S1", "tier": "gold"}


def event(name: str, data: dict[str, Any], **but: Any) -> dict[str, Any]:
    return {"type": f"support.case.{name}.v1", "id": name, **AT, "data": data, **but}


def written(folder: Path, *events: object) -> Path:
    file = folder / "events.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in events))
    return file


def ask(*words: object) -> Result:
    return CliRunner().invoke(
        complete_program(), [str(word) for word in words], env={"COLUMNS": "200"}
    )


def warnings(folder: Path, *events: object) -> list[str]:
    found = json.loads(ask("validate", "--json", written(folder, *events)).stdout)
    return [one["warning"] for one in found if "warning" in one]


def test_an_unknown_field_is_named_with_the_nearest_known_one(tmp_path: Path) -> None:
    asked = {"request_id": "r", "comment": "x", "requested_by": {"id": "a", "mail": "m"}, "zzz": 1}
    told = ask("validate", file := written(tmp_path, event("escalation-requested", asked)))
    assert told.exit_code == 0
    assert told.stdout == "1 of 1 line is right\n"
    assert "comment is not known here: did you mean comments?" in told.stderr
    assert "requested_by.mail is not known here: did you mean requested_by.email?" in told.stderr
    assert "zzz is not known here: readers skip it" in told.stderr
    strict = ask("validate", "--strict", file)
    assert (strict.exit_code, strict.stdout) == (3, "0 of 1 line is right\n")
    refused = ask("send", "--strict", file)
    assert refused.exit_code == 1
    assert "nothing was sent: 1 of 1 line is wrong" in refused.stderr


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(reported.BY_TYPE)), st.text("abcdefghij_", min_size=1))
def test_of_any_type_a_field_that_its_model_lacks_is_named(
    tmp_path: Path, type_: str, name: str
) -> None:
    """Whatever else is wrong with the line: a misspelt field is often why one is missing."""
    told = warnings(tmp_path, {**AT, "id": "1", "type": type_, "data": {name: None}})
    named = any(one.startswith(f"{name} is not known here") for one in told)
    assert named == (name not in reported.BY_TYPE[type_].model_fields)


def test_fields_of_lists_and_parts_are_looked_at_too(tmp_path: Path) -> None:
    plan = {
        "mode": "email",
        "frequency": "PT4H",
        "attendees": [{"id": "a"}, {"id": "b", "role": 1}],
    }
    (told,) = warnings(tmp_path, event("communication-plan-agreed", plan))
    assert told == "attendees.role is not known here: did you mean attendees.roles?"
    (attribute,) = warnings(tmp_path, event("opened", OPENED, datacontentyp="x", ourown="x"))
    assert attribute == "datacontentyp is not known here: did you mean datacontenttype?"
    assert warnings(tmp_path, event("opened", OPENED | {"program": "comment-phrase"})) == []


def test_an_id_used_twice_is_found_and_send_only_warns(tmp_path: Path) -> None:
    file = written(
        tmp_path, event("opened", OPENED), event("opened", OPENED, source="/other"),
        event("closed", {}, id="opened"),
    )  # fmt: skip
    told = ask("validate", file)
    assert (told.exit_code, told.stdout) == (3, "2 of 3 lines are right\n")
    assert "repeated: the id and source of line 1" in told.stderr
    unreachable = {"ESCALATION_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    sent = CliRunner().invoke(complete_program(), ["send", str(file)], env=unreachable)
    assert "the same id and source as in line 1" in sent.stderr
    assert "nothing was sent" in sent.stderr, "there is no Kafka"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (json.dumps([event("opened", OPENED)]), "one JSON list"),
        (json.dumps([event("opened", OPENED)], indent=2), "one JSON list"),
        (json.dumps(event("opened", OPENED), indent=2), "takes several lines"),
        (json.dumps(event("opened", OPENED), indent=2) * 2, "takes several lines"),
        ("\ufeff\n " + json.dumps([{}]), "one JSON list"),
    ],
)
def test_a_file_of_another_form_gets_one_clear_sentence(
    tmp_path: Path, content: str, says: str
) -> None:
    file = tmp_path / "events.json"
    file.write_text(content)
    for command in ("validate", "send"):
        told = ask(command, file)
        assert told.exit_code == 3
        assert says in told.stderr and "one object a line" in told.stderr
        assert told.stderr.count("\n") == 1
    file.write_text(content, encoding="utf-16")
    assert "UTF-16" in ask("validate", file).stderr


def test_a_byte_order_mark_at_the_beginning_is_no_part_of_the_json(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps(event("opened", OPENED)) + "\r\n\r\n", encoding="utf-8-sig")
    assert ask("validate", file).stdout == "1 of 1 line is right\n"


@pytest.mark.parametrize(
    ("type_", "says"),
    [
        ("support.case.openned.v1", "did you mean support.case.opened.v1?"),
        ("opened", "unknown type opened"),
        ("support.escalation.accepted.v1", "is what the decider decides"),
    ],
)
def test_a_type_that_nobody_reads_is_told_for_what_it_is(
    tmp_path: Path, type_: str, says: str
) -> None:
    told = ask("validate", written(tmp_path, event("x", {}, type=type_)))
    assert told.exit_code == 3
    assert says in told.stderr


@pytest.mark.parametrize(
    ("but", "says"),
    [
        (
            {"program": "time-gate"},
            "program time-gate is not a policy here: did you mean time-gated?",
        ),
        ({"program": "zzz"}, "The default, time-gated, would judge"),
        ({"tier": "Gold"}, "tier Gold has no window under time-gated: did you mean gold?"),
        ({"tier": "bronze"}, "it has gold, platinum, titanium"),
        ({"contact": {"id": "c", "email": "zoe(at)x"}}, "contact.email is not an address"),
        ({"contact": {"id": "c", "timezone": "Europe/Berln"}}, "contact.timezone: Europe/Berln"),
    ],
)
def test_what_the_deployment_does_not_know_is_told(
    tmp_path: Path, but: dict[str, Any], says: str
) -> None:
    (told,) = warnings(tmp_path, event("opened", OPENED | but))
    assert says in told


@pytest.mark.parametrize(
    ("subject", "says"), [(" case-1", "a space"), ("case-1 ", "a space"), ("cafe\u0301", "NFC")]
)
def test_a_subject_that_looks_like_another_is_told(tmp_path: Path, subject: str, says: str) -> None:
    (told,) = warnings(tmp_path, event("opened", OPENED, subject=subject))
    assert says in told


def test_a_request_before_its_case_is_opened_is_told(tmp_path: Path) -> None:
    asked = event("escalation-requested", {"request_id": "r"})
    (told,) = warnings(tmp_path, asked, event("opened", OPENED))
    assert "before its case is opened (line 2)" in told
    assert warnings(tmp_path, event("opened", OPENED), asked) == []


def test_what_is_told_holds_no_terminal_control(tmp_path: Path) -> None:
    told = ask("validate", written(tmp_path, event("opened", OPENED | {"\x1b[2J[red]": 1})))
    assert "\x1b" not in told.stderr + told.stdout
    assert "[red] is not known" in told.stderr


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(mutated().map(lambda one: one.value or b"") | st.binary(max_size=60), max_size=4))
def test_no_file_makes_it_raise(tmp_path: Path, lines: list[bytes]) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(lines))
    with suppress(NotLines):
        for line in read_lines(file, Hints(POLICIES)):
            assert line.problem != ""
