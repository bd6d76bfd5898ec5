"""What an event is about: a case, an account, a person, a form without a case, a team's review, or
a partition's clock. The subject is also the key of the event's record.

The only place that knows how one is written.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal, NamedTuple

Kind = Literal["case", "account", "person", "request", "review", "clock"]
PREFIXED: Final[tuple[Kind, ...]] = ("account", "person", "request", "review", "clock")
"""Kinds that are written ``kind/id``; a case is its id alone."""


class Subject(NamedTuple):
    """``id`` is what follows the prefix; of a case all of it."""

    kind: Kind
    id: str

    def __str__(self) -> str:
        return self.id if self.kind == "case" else f"{self.kind}/{self.id}"

    @property
    def case_id(self) -> str | None:
        """None for whatever is no case."""
        return self.id if self.kind == "case" else None

    @property
    def account_id(self) -> str | None:
        """None for whatever is no account."""
        return self.id if self.kind == "account" else None


@lru_cache(maxsize=65_536)
def subject_of(text: str) -> Subject:
    """Read a subject. Without a known prefix it is a case; the codec checks its id."""
    kind, slash, rest = text.partition("/")
    if slash and kind in PREFIXED:
        return Subject(kind, rest)
    return Subject("case", text)
