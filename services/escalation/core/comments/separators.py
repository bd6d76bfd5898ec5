"""Where a mail program begins to quote: the first line of a text that introduces it.

Three kinds are known, each in many languages: a rule such as "--- Original Message ---", a block
of From, Sent and To lines, and a line such as "On Monday, Pat wrote:". The words are in
``mail_words.py``. Each line is looked at once, so the time is linear in the length.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from services.escalation.core.comments import mail_words
from services.escalation.core.comments.mail_words import listed

_LONGEST: Final = 1_000
"""Characters beyond which a line introduces nothing."""
_WRAPPED: Final = 3
"""Lines over which an introduction may be wrapped."""
_ORNAMENT: Final = "#-=_*~+|<> \u2010\u2011\u2012\u2013\u2014\u2015\u2500\u2501"


def folded_text(text: str) -> str:
    """NFKC and case folding; the dotted capital I is an i."""
    return unicodedata.normalize("NFKC", text).replace("\u0130", "i").casefold()


def end_of_own(lines: list[str]) -> int:
    """The number of the first line that introduces what is quoted; all of them where none does.

    The lines are folded.
    """
    block = _Block(lines)
    for number, line in enumerate(lines):
        if len(line) > _LONGEST:
            continue
        is_ruled = line.lstrip()[:1] in _RULES
        if ":" not in line and not is_ruled:
            continue
        if (is_ruled or line.rstrip().endswith(":")) and _is_rule(line):
            return number
        for start in (block.take(number), _introduction(lines, number)):
            if start is not None:
                return start
    return len(lines)


def _folded(words: str) -> frozenset[str]:
    return frozenset(folded_text(word) for word in listed(words))


def _any(words: str) -> str:
    return "(?:" + "|".join(re.escape(folded_text(word)) for word in listed(words)) + ")"


# --- rules -----------------------------------------------------------------------------------

_RULES: Final = tuple(_ORNAMENT.replace(" ", ""))
_RULED: Final = _folded(mail_words.ORIGINAL) | _folded(mail_words.REPLY_ABOVE)
_FORWARDED: Final = tuple(_folded("forwarded by |forwarded message from |original message from "))


def _is_rule(line: str) -> bool:
    words = _bare(line)
    return words in _RULED or words.startswith(_FORWARDED)


def _bare(line: str) -> str:
    return " ".join(line.strip(_ORNAMENT + "\t").rstrip(" :").split())


# --- From, Sent, To --------------------------------------------------------------------------

_KINDS: Final = {
    name: kind
    for kind, words in (
        ("subject", mail_words.SUBJECT), ("to", mail_words.TO), ("sent", mail_words.SENT),
        ("from", mail_words.FROM),
    )
    for name in _folded(words)
}  # fmt: skip


class _Block:
    """Header lines as they come: two kinds of them, one being From, begin a quotation."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._start = self._last = -1
        self._kinds: set[str] = set()

    def take(self, number: int) -> int | None:
        """Look at one more line with a colon; where the quotation begins, once that is known."""
        name = self._lines[number].partition(":")[0]
        kind = _KINDS.get(" ".join(name.strip(_ORNAMENT + "\t").split()))
        if kind is None:
            return None
        if self._last < 0 or self._is_interrupted(number):
            self._start, self._kinds = number, set()
        self._last = number
        self._kinds.add(kind)
        if "from" not in self._kinds:
            return None
        return self._start if len(self._kinds) > 1 or self._follows_rule() else None

    def _is_interrupted(self, number: int) -> bool:
        """Addresses may have been too many for their line; other words end a block."""
        between = self._lines[self._last + 1 : number]
        return any("@" not in line and not line.isspace() for line in between if line)

    def _follows_rule(self) -> bool:
        before = next((one for one in _above(self._lines, self._start, 2) if one.strip()), "")
        return len(before) >= 5 and not before.strip(_ORNAMENT)


def _above(lines: list[str], number: int, how_many: int) -> list[str]:
    """The lines above one, the nearest first."""
    return lines[max(0, number - how_many) : number][::-1]


# --- On Monday, Pat wrote: -------------------------------------------------------------------

_BEGINS: Final = re.compile(
    rf"{_any(mail_words.INTRODUCTIONS)}(?:[\s,]|(?=\d))"
    r"|\d{1,4} ?[-./\u5e74]|\d{1,2} [^\W\d_]|[^\W\d_]{2,12}[.,]{1,2} ?\d{1,2}\b"
)
_TIME: Final = re.compile(r"\d ?[:.h\u6642\u70b9\u65f6] ?\d\d|\d{4}")
_ADDRESS_ENDS: Final = (">", ")", "]")
_WROTE: Final = tuple(_folded(mail_words.WROTE))
_ENDS: Final = (*_WROTE, *_ADDRESS_ENDS)
_WROTE_INSIDE: Final = re.compile(rf"\b{_any(mail_words.WROTE_INSIDE)}\b")
_WHEN: Final = re.compile(r" ?\([^()]*\)$")
"""Some programs put the time in parentheses at the end."""


def _introduction(lines: list[str], number: int) -> int | None:
    """Where the introduction begins that ends with this line; None where it ends none."""
    last = lines[number].strip(_ORNAMENT + "\t")
    said = last.rstrip(" :")
    if said == last and lines[number].strip()[-2:].strip(_ORNAMENT):
        return None  # neither a colon nor a rule at its end
    if not (said.endswith(_ENDS) or _WROTE_INSIDE.search(said)):
        return None
    alone = number if _introduces(said) else None
    if alone is not None and _BEGINS.match(said):
        return alone
    for length, line in enumerate(_above(lines, number, _WRAPPED - 1), 1):
        if not line.strip() or len(line) > _LONGEST:
            break
        said = f"{line.strip(_ORNAMENT)} {said}"
        if _BEGINS.match(said) and _introduces(said):
            return number - length
    return alone


def _introduces(said: str) -> bool:
    begins = _BEGINS.match(said) is not None
    is_dated = _TIME.search(said) is not None
    if _WHEN.sub("", said).endswith(_WROTE):
        return begins or is_dated or "@" in said
    if said.endswith(_ADDRESS_ENDS) and "@" in said.rpartition(" ")[2]:
        return is_dated
    return is_dated and _WROTE_INSIDE.search(said) is not None
