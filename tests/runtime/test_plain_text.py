"""Whatever somebody typed is printed as plain text."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from infra.runtime.plain_text import PlainTable, console, visible, visible_lines

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
TYPED = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(f"[]/\\:\x00\x07\x1b\x7f\x85\x9b\r\n\t\u2028\ufeff\ud83d{BIDI}"),
    )
)
HOSTILE = (
    "[/nope] [bold", "[link=https://evil.example]pay[/link]", ":smile:", "\x1b[2J\x1b]0;title\x07",
    "\x9b31m", f"abc{BIDI}", "half \ud83d", "see [/var/log/app]", "\\[red]", "a\u2028b",
)  # fmt: skip


def _rendered(*cells: str) -> str:
    out = io.StringIO()
    table = PlainTable("one", "two", title=cells[0])
    table.add_row(*cells)
    Console(file=out, force_terminal=True, color_system="truecolor", width=4000).print(table)
    return out.getvalue()


@given(TYPED)
@example("".join(HOSTILE))
def test_nothing_is_left_that_a_terminal_would_obey(text: str) -> None:
    safe = visible(text)
    assert not {unicodedata.category(one) for one in safe} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(safe) & set(BIDI)
    safe.encode()


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"])))
def test_what_can_be_seen_stays_as_it_was_written(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_table_shows_the_words_and_obeys_none_of_them(text: str) -> None:
    plain = _rendered("x" * len(text), "x" * len(text))
    shown = _rendered(text, text)
    assert shown.count("\x1b") == plain.count("\x1b"), "only the table's own styles"
    assert visible(text) in shown
    assert "evil.example" not in shown or "]8;" not in shown


def test_lines_of_a_mail_stay_lines() -> None:
    assert visible_lines("a\r\nb\x1bc\n") == "a\nb\N{REPLACEMENT CHARACTER}c\n"


@pytest.mark.parametrize(("given_width", "width"), [("80", 80), ("132", 132), ("", 132), ("3", 40)])
def test_piped_output_is_as_wide_as_columns_says(
    given_width: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", given_width)
    assert console().width == width
