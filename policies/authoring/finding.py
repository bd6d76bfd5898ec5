"""What lint says about an entry."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """What is wrong with which entry, and what to do about it."""

    entry: str
    problem: str
    remedy: str
