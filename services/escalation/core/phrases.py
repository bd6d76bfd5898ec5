"""Is this comment a request? The phrase of 001-11, and the near misses of 001-13.

Quoted lines go first, then NFKC, case folding and white space: in that order.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import groupby, pairwise

from services.escalation.core.policy import PhraseSpec

_HYPHENS = "-\u2010"


def normalised(body: str) -> str:
    """The comment's own words: no quoted lines, one form of each letter, single spaces."""
    own = "\n".join(line for line in body.splitlines() if not line.lstrip().startswith(">"))
    return " ".join(unicodedata.normalize("NFKC", own).casefold().split())


def holds_phrase(text: str, words: str) -> bool:
    """Whether the phrase stands in normalised text as whole words."""
    return any(_is_whole(text, start, len(words)) for start in _places(text, words))


def is_bare(text: str, words: str) -> bool:
    """Whether nothing but the phrase is left: no other letter or digit."""
    rest = text
    for start in reversed([at for at in _places(text, words) if _is_whole(text, at, len(words))]):
        rest = rest[:start] + rest[start + len(words) :]
    return not any(_is_letter_or_digit(letter) for letter in rest)


def is_near_miss(text: str, phrase: PhraseSpec) -> bool:
    """Whether two neighbouring words are almost the phrase, which itself stands nowhere."""
    if holds_phrase(text, phrase.words):
        return False
    return any(
        abs(len(pair) - len(phrase.words)) <= phrase.near_miss_distance
        and distance(pair, phrase.words) <= phrase.near_miss_distance
        for pair in _pairs(text)
    )


def distance(one: str, other: str) -> int:
    """Levenshtein: the least number of letters to add, drop or change."""
    before = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, wanted in enumerate(other, 1):
            change = before[column - 1] + (letter != wanted)
            current.append(min(change, before[column] + 1, current[-1] + 1))
        before = current
    return before[-1]


def _pairs(text: str) -> list[str]:
    runs = list(_runs_of_letters(text))
    return [
        f"{text[start:end]} {text[next_start:next_end]}"
        for (start, end), (next_start, next_end) in pairwise(runs)
        if text[end:next_start].isspace()
    ]


def _runs_of_letters(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for are_letters, run in groupby(text, key=str.isalpha):
        length = len(list(run))
        if are_letters:
            yield at, at + length
        at += length


def _places(text: str, words: str) -> list[int]:
    found, at = [], text.find(words)
    while at >= 0:
        found.append(at)
        at = text.find(words, at + 1)
    return found


def _is_whole(text: str, start: int, length: int) -> bool:
    before, after = text[max(0, start - 1) : start], text[start + length : start + length + 1]
    return not any(
        _is_letter_or_digit(edge) or edge in _HYPHENS for edge in (before, after) if edge
    )


def _is_letter_or_digit(letter: str) -> bool:
    return letter.isalpha() or letter.isdigit()
