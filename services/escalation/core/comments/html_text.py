"""HTML as a reader sees it: text with its line breaks, without what is quoted in it.

A scanner of our own: every step goes forward, so that the time is linear in the length whatever
the input. The standard library's parser and the C parsers that were measured take seconds or
minutes for 256 KiB of unfinished tags or of deep nesting.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

_TAG: Final = re.compile(r"</?([A-Za-z][^\s/>]*+)")
_REST_OF_TAG: Final = re.compile(
    r"""(?: [^>="'] | =\s*+"[^"]*+"? | =\s*+'[^']*+'? | [="'] )*+ >""", re.VERBOSE
)
_LONG_REFERENCE: Final = re.compile(r"&#[xX]?[0-9A-Fa-f]{8,}+;?")
_QUOTED: Final = "blockquote"
_UNREAD: Final = frozenset(
    ("script", "style", "title", "template", "textarea", "iframe", "noembed", "noframes", "xmp")
)
"""What stands between such a tag and its end is no text of the page."""
_LINES: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
"""Tags before and after which a line ends."""
_GAPS: Final = frozenset(
    ["button", "img", "input", "select", "td", "th", "video", "audio", "object"]
)


def text_of(page: str) -> str:
    """The text of a page. What stands in a ``blockquote`` is left out, scripts and styles too."""
    kept: list[str] = []
    depth = 0
    for text, tag in _pieces(page):
        if text and not depth:
            kept.append(html.unescape(_LONG_REFERENCE.sub("\ufffd", text)))
        if tag == _QUOTED:
            depth += 1
        elif tag == f"/{_QUOTED}":
            depth = max(0, depth - 1)
        kept.append(_break(tag.removeprefix("/")))
    return "".join(kept)


def _break(name: str) -> str:
    if name in _LINES:
        return "\n"
    return " " if name in _GAPS else ""


def _pieces(page: str) -> Iterator[tuple[str, str]]:
    """Text and the tag after it, such as ``b`` or ``/b``; an empty one where there is none."""
    at = written = 0
    while (at := page.find("<", at)) >= 0:
        name, end = _markup(page, at)
        if end == at:  # a less-than sign like any other
            at += 1
            continue
        yield page[written:at], name
        if end < 0:
            return
        at = written = end
    yield page[written:], ""


def _markup(page: str, at: int) -> tuple[str, int]:
    """The tag that begins here and where it ends: here if it is none, -1 if it never does."""
    if page.startswith("<!--", at):
        return "", _after(page, "-->", at + 2)
    if page.startswith(("<!", "<?"), at):
        return "", _after(page, ">", at)
    if (tag := _TAG.match(page, at)) is None:
        return "", at
    rest = _REST_OF_TAG.match(page, tag.end())
    if rest is None:
        return "", -1
    name = tag[1].lower()
    if page[at + 1] == "/":
        return f"/{name}", rest.end()
    if name in _UNREAD:
        return name, _after_unread(page, name, rest.end())
    return name, rest.end()


def _after(page: str, mark: str, at: int) -> int:
    found = page.find(mark, at)
    return -1 if found < 0 else found + len(mark)


def _after_unread(page: str, name: str, at: int) -> int:
    end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(page, at)
    return -1 if end is None else _after(page, ">", end.end())
