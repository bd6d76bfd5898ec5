"""Whatever is wrong with a mapping file is told with its line, its entry and what to do."""

from __future__ import annotations

import contextlib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.mapping import Mapping
from services.intake.mapping_file import MappingProblem, load_mapping, parse_mapping

TEXT = (files("services.intake") / "mappings" / "default.yaml").read_text("utf-8")


def problems(text: str) -> list[str]:
    with pytest.raises(MappingProblem) as problem:
        parse_mapping(text, "our.yaml")
    return str(problem.value).splitlines()


def line_of(begin: str, text: str = TEXT) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.strip().startswith(begin))


@pytest.mark.parametrize(
    ("old", "new", "entry", "words"),
    [
        ("  account: AccountId", "  acount: AccountId", "case.acount", "write account"),
        ("  account: AccountId", "  account: ''", "case.account", "is empty"),
        ("  entity: CaseComment", "  entity: Case", "the file", "need their own"),
        ("Critical: S1", "Critical: P1", "case.severity.values.Critical", "'S1', 'S2'"),
        ('"003": customer', "003: customer", "comment.role.prefixes.003", "put it in quotes"),
        ('"003": customer', '"003": client', "comment.role.prefixes.003", "'customer'"),
        ("    default: unknown", "    default: nobody", "comment.role.default", "'unknown'"),
        ("[Closed, Resolved]", "Closed", "case.closed_statuses", "write a list"),
        ("[Closed, Resolved]", "[Closed, no]", "case.closed_statuses.2", "put it in quotes"),
        ("reopened_statuses: []", "reopened_statuses: [Closed]", "case", "list it once"),
        ("  status: Status\n", "", "case", "name it in status"),
        ("    ids: {}", "    values: {A: agent}", "comment.role", "give both or neither"),
        ("organisation: default", "organisation: a/b", "organisation", "letters, digits"),
        ("organisation: default", "", "organisation", "add it"),
        ("  title: Subject", "  title: Subject\n  title: Name", "case.title", "given twice"),
        ("  title: Subject", "  title: [Subject", "the file", "not YAML"),
        ("  title: Subject", "  title: 2026-99-99", "the file", "quotes"),
        ("  title: Subject", "  title: 5", "case.title", "put it in quotes"),
        ("  channel: form", "  channel: fax", "request.channel", "'button'"),
    ],
)
def test_a_problem_names_line_entry_and_remedy(old: str, new: str, entry: str, words: str) -> None:
    assert old in TEXT
    told = problems(TEXT.replace(old, new, 1))
    (one,) = [line for line in told if f": {entry}: " in line]
    assert words in one and "What to do: " in one, told
    assert one.startswith("our.yaml:")


def test_the_line_is_the_entrys_own() -> None:
    (told,) = problems(TEXT.replace("  contact: ContactId", "  contakt: ContactId", 1))
    assert told.startswith(f"our.yaml:{line_of('contact: ContactId')}: case.contakt: ")


def test_all_problems_are_told_at_once() -> None:
    text = TEXT.replace("AccountId", "''").replace("High: S2", "High: 2")
    assert len(problems(text)) == 2


@pytest.mark.parametrize("text", ["", "5", "[1]", "a: &a [*a]", "[" * 5_000, "case: \x00"])
def test_what_is_no_mapping_at_all_is_told(text: str) -> None:
    assert problems(text)


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("organisation: é".encode("latin-1"))
    for file, words in ((tmp_path, "cannot be read"), (latin, "UTF-8"), (tmp_path / "no", "read")):
        with pytest.raises(MappingProblem, match=words) as problem:
            load_mapping(file)
        assert str(file) in str(problem.value)


@given(st.text(max_size=60), st.integers(0, len(TEXT)), st.integers(0, 40))
def test_any_text_is_a_mapping_or_is_told(extra: str, at: int, without: int) -> None:
    text = TEXT[:at] + extra + TEXT[at + without :]
    with contextlib.suppress(MappingProblem):
        assert isinstance(parse_mapping(text, "x"), Mapping)
