"""Is this comment a request? The phrase of 001-11, and the near misses of 001-13.

``quoting.py`` says first what of the comment its author wrote.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import Final

from policies.entries import PhraseSpec
from schemas.vocabulary import Format
from services.escalation.core.comments.quoting import own_words
from services.escalation.core.comments.separators import folded_text

_MINUS: Final = "\u2212"
_LETTERS: Final = re.compile(r"[^\W\d_]+")


def normalised(body: str, form: Format | None = None) -> str:
    """The author's own words, one form of each letter, any run of white space one space."""
    return " ".join(own_words(body, form).split())


@lru_cache(maxsize=64)
def _wanted(words: str) -> str:
    return " ".join(folded_text(words).split())


def holds_phrase(text: str, words: str) -> bool:
    """Whether the phrase stands in normalised text as whole words."""
    return bool(_places(text, words))


def is_bare(text: str, words: str) -> bool:
    """Whether nothing but the phrase is left: no other letter or digit."""
    length = len(_wanted(words))
    starts = [0, *(start + length for start in _places(text, words))]
    ends = [*_places(text, words), len(text)]
    rest = (text[start:end] for start, end in zip(starts, ends, strict=True))
    return not any(_is_letter_or_digit(letter) for part in rest for letter in part)


def is_near_miss(text: str, phrase: PhraseSpec) -> bool:
    """Whether two neighbouring words are almost the phrase, which itself stands nowhere."""
    if holds_phrase(text, phrase.words):
        return False
    wanted, most = _wanted(phrase.words), phrase.near_miss_distance
    near = {pair for pair in _pairs(text) if abs(len(pair) - len(wanted)) <= most}
    return any(is_within(pair, wanted, most) for pair in near)


def is_within(one: str, other: str, most: int) -> bool:
    """Whether at most so many letters must be added, dropped or changed (Levenshtein).

    Only the band is computed in which the distance can still be that small.
    """
    if abs(len(one) - len(other)) > most:
        return False
    far = most + 1
    before = [min(column, far) for column in range(len(other) + 1)]
    for row, letter in enumerate(one, 1):
        current = [far] * len(before)
        current[0] = min(row, far)
        for column in range(max(1, row - most), min(len(other), row + most) + 1):
            change = before[column - 1] + (letter != other[column - 1])
            current[column] = min(change, before[column] + 1, current[column - 1] + 1)
        if min(current) > most:
            return False  # it can only grow
        before = current
    return before[-1] <= most


def _pairs(text: str) -> list[str]:
    runs = [run.span() for run in _LETTERS.finditer(text)]
    return [
        text[start:next_end]
        for (start, end), (next_start, next_end) in pairwise(runs)
        if next_start == end + 1 and text[end] == " "
    ]


def _places(text: str, words: str) -> list[int]:
    """Where the phrase stands as whole words."""
    wanted = _wanted(words)
    if not wanted:
        return []
    return [
        found.start()
        for found in re.finditer(re.escape(wanted), text)
        if not _joins(text[found.start() - 1 : found.start()])
        and not _joins(text[found.end() : found.end() + 1])
    ]


def _joins(edge: str) -> bool:
    """Whether this character makes a longer word of the phrase beside it."""
    if not edge:
        return False
    return _is_letter_or_digit(edge) or edge == _MINUS or unicodedata.category(edge) == "Pd"


def _is_letter_or_digit(letter: str) -> bool:
    return letter.isalpha() or letter.isdigit()
