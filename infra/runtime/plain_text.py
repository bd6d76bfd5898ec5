"""Text from outside, made safe to print: no markup, no terminal control, no reordering of letters.

Titles, names, ids and comments are whatever somebody typed. Whoever prints one goes through here.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping
from typing import Final

from rich import box
from rich.console import Console, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
WIDE: Final = 132
"""Columns where neither a terminal nor ``COLUMNS`` says how many there are."""
NARROWEST: Final = 40
BETWEEN: Final = 2
"""Blank columns between two columns of a table."""
_SPACES: Final = frozenset({"Zl", "Zp"})
_FORMATS_THAT_SHAPE_LETTERS: Final = frozenset(
    "\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"
    "\U000110bd\U000110cd"
)
"""Of Unicode's format characters (Cf), those that can be seen or that join letters."""


def visible(value: object) -> str:
    """What can be seen of a text, on one line.

    Line ends and tabs become a space, control characters and lone surrogates the replacement
    character; invisible format characters, those that turn the direction among them, go.
    """
    return "".join(map(_safe, str(value)))


def visible_lines(text: str) -> str:
    """The same for a text of several lines, which stay."""
    return "\n".join(visible(line) for line in text.replace("\r\n", "\n").split("\n"))


def _safe(letter: str) -> str:
    if letter.isascii() and letter.isprintable():
        return letter
    if letter in "\n\r\t":
        return " "
    category = unicodedata.category(letter)
    if category in _SPACES:
        return " "
    if category in ("Cc", "Cs"):
        return REPLACEMENT
    return "" if category == "Cf" and letter not in _FORMATS_THAT_SHAPE_LETTERS else letter


class PlainTable(Table):
    """A table whose title, headings and cells are plain text; what does not fit is folded."""

    def __init__(self, *headings: str, title: str | None = None) -> None:
        super().__init__(
            title=None if title is None else Text(visible(title)), title_justify="left",
            box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False,
        )  # fmt: skip
        for heading in headings:
            longest = max(map(len, heading.split()))
            self.add_column(heading, overflow="fold", min_width=longest)

    def fit(self, width: int, wanted: Mapping[str, int], rest: Mapping[str, int]) -> None:
        """Give each column the width that is ``wanted``; what is left goes to the ``rest``, in
        these shares."""
        fixed = {one: wanted[one] for one in self._names() if one not in rest}
        left = width - sum(fixed.values()) - BETWEEN * (len(self.columns) - 1)
        shares = sum(rest[one] for one in self._names() if one in rest)
        for name, column in zip(self._names(), self.columns, strict=True):
            share = left * rest.get(name, 0) // shares
            column.width = fixed.get(name) or max(share, column.min_width or 1)

    def _names(self) -> list[str]:
        return [str(column.header) for column in self.columns]

    def add_row(
        self,
        *cells: RenderableType | None,
        style: str | Style | None = None,
        end_section: bool = False,
    ) -> None:
        """Add a row; texts in it are made safe."""
        plain = [Text(visible(one)) if isinstance(one, str) else one for one in cells]
        super().add_row(*plain, style=style, end_section=end_section)


def console(*, stderr: bool = False) -> Console:
    """Where people read: as wide as the terminal or as ``COLUMNS`` says; no markup, no guesses
    about what to colour."""
    made = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    given = os.environ.get("COLUMNS", "")
    if not made.is_terminal and not given.isdecimal():
        made.width = WIDE
    made.width = max(made.width, NARROWEST)
    return made
