"""The form of a mail: a template's lines become plain text and HTML that say the same.

A template writes paragraphs, bullets (``* ``), rows and quotes, with blank lines between, and below
``--`` what the mail refers to. What was reported comes in by ``flat``, ``row`` or ``quote`` alone,
so it can never begin a line, a bullet or a tag of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from textwrap import fill
from typing import Final, Literal

from schemas.vocabulary import REPLY_MARKER
from services.notifier.directory.mailbox import seen

WIDTH: Final = 88
LABEL: Final = 14
LONGEST: Final = 4_000
_URL: Final = re.compile(r"https?://[^\s<>\"'{}|\\^`]{1,2000}")
_ROW: Final = "\t"
_INSTANT: Final = re.compile(
    r"[A-Z][a-z]+day, \d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d \([^()]{1,60}\)"
)
_JOIN: Final = "\x1f"


class Formatted(str):
    """Lines that are laid out already: they go into a mail as they are."""

    __slots__ = ()


@dataclass
class Block:
    """Lines of one kind that stand together."""

    kind: Literal["paragraph", "bullets", "rows", "quote", "reference"]
    lines: list[str] = field(default_factory=list)


def flat(text: object) -> str:
    """Reported text within a line: nothing hidden, no line ends."""
    return re.sub(r"[\s\u2028\u2029]", " ", seen(str(text)))[:LONGEST]


def row(label: str, value: object) -> Formatted:
    """A fact with its label, or nothing where there is none."""
    shown = " ".join(flat(value or "").split())
    return Formatted(f"{_ROW}{label}{_ROW}{shown}\n" if shown else "")


def quote(text: object) -> Formatted:
    """Somebody's own words, each line marked as quoted."""
    lines = seen(str(text or "").replace("\r\n", "\n").replace("\r", "\n"))[:LONGEST].strip()
    return Formatted("".join(f"> {line.rstrip()}\n" for line in lines.splitlines()))


def link(text: str | None) -> str | None:
    """The address of a page, or None where it is none that a browser may be sent to."""
    found = text and _URL.fullmatch(text.strip())
    return found[0] if found else None


def blocks(body: str) -> list[Block]:
    """The parts of a rendered template; blank lines part paragraphs, and nothing else."""
    found: list[Block] = []
    parted, below = True, False
    for line in body.split("\n"):
        below = below or line == "--"
        if line == "--":
            continue
        if not line.strip(" "):
            parted = True
            continue
        kind, text = _read(line, below)
        joins = bool(found) and found[-1].kind == kind and (kind != "paragraph" or not parted)
        if not joins:
            found.append(Block(kind))
        found[-1].lines.append(text)
        parted = False
    return found


def _read(
    line: str, below: bool
) -> tuple[Literal["paragraph", "bullets", "rows", "quote", "reference"], str]:
    if below:
        return "reference", line.strip()
    if line.startswith(_ROW):
        return "rows", line[1:]
    if line.startswith("* "):
        return "bullets", line[2:]
    if line.startswith("> "):
        return "quote", line[2:]
    return "paragraph", line.strip()


# --- plain text -------------------------------------------------------------------------------


def as_text(greeting: str, parts: list[Block]) -> str:
    """The mail in plain text. It begins with the marker below which nothing of a reply counts."""
    written = [REPLY_MARKER, greeting, *("\n".join(_lines(part)) for part in parts)]
    return "\n\n".join(written) + "\n"


def _lines(part: Block) -> Iterator[str]:
    match part.kind:
        case "paragraph":
            yield _filled(" ".join(part.lines))
        case "bullets":
            for line in part.lines:
                yield _filled(line, "* ", "  ")
        case "rows":
            for line in part.lines:
                label, _, value = line.partition(_ROW)
                yield _filled(value, f"{label + ':':<{LABEL}} ", " " * (LABEL + 1))
        case "quote":
            yield from (f"> {line}".rstrip() for line in part.lines)
        case "reference":
            yield "--"
            yield from map(_filled, part.lines)


def _filled(text: str, first: str = "", others: str = "") -> str:
    """Lines of a readable length; an instant is not broken in the middle."""
    whole = _INSTANT.sub(lambda found: found[0].replace(" ", _JOIN), text)
    lines = fill(
        whole, WIDTH, initial_indent=first, subsequent_indent=others, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    return lines.replace(_JOIN, " ")


# --- HTML -------------------------------------------------------------------------------------

_BODY: Final = (
    "font-family: sans-serif; font-size: 15px; line-height: 1.5; color: #1a1a1a; max-width: 40em"
)
_SMALL: Final = "color: #595959; font-size: 13px"
_CELL: Final = "padding-right: 1em; vertical-align: top"
_QUOTE: Final = "white-space: pre-wrap; border-left: 3px solid #c0c0c0; margin: 0; padding: 0 1em"


def as_html(title: str, greeting: str, parts: list[Block]) -> str:
    """The same in HTML."""
    written = "\n".join(_element(part) for part in parts)
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{escape(title)}'
        f'</title></head>\n<body style="{_BODY}">\n<p style="{_SMALL}">{escape(REPLY_MARKER)}</p>\n'
        f"<p>{escape(greeting)}</p>\n{written}\n</body>\n</html>\n"
    )


def _element(part: Block) -> str:
    lines = [escape(line) for line in part.lines]
    match part.kind:
        case "paragraph":
            return f"<p>{' '.join(lines)}</p>"
        case "bullets":
            items = "\n".join(f"<li>{line}</li>" for line in lines)
            return f"<ul>\n{items}\n</ul>"
        case "rows":
            cells = "\n".join(_cells(line) for line in part.lines)
            return f"<table>\n{cells}\n</table>"
        case "quote":
            return f'<blockquote style="{_QUOTE}">{chr(10).join(lines)}</blockquote>'
        case "reference":
            return f'<p style="{_SMALL}">{"<br>".join(lines)}</p>'


def _cells(line: str) -> str:
    label, _, value = line.partition(_ROW)
    shown = escape(value)
    if label == "Link":
        shown = f'<a href="{shown}">{shown}</a>'
    return f'<tr><th align="left" style="{_CELL}">{escape(label)}</th><td>{shown}</td></tr>'
