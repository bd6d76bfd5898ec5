"""Refusals, hints and values of a receipt in words: ``schemas/codes.py`` says what each means."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from schemas import codes
from schemas.vocabulary import parse_instant
from services.projections.review.times import instant

EXPIRED: Final = "text no longer kept"


def because(refusals: Iterable[str], once_only: bool = False) -> str:
    """Every reason of a refusal in one phrase. ``once_only``: the policy allows one escalation a
    case, for ever."""
    return "; ".join(_refusal(code, once_only) for code in refusals)


def _refusal(code: str, once_only: bool) -> str:
    if code == "already-escalated" and once_only:
        return codes.ONCE_ONLY.support
    meaning = codes.REFUSALS.get(code)
    return meaning.support if meaning else codes.in_words(code)


def hint(code: str) -> str:
    """A suggestion as a phrase."""
    meaning = codes.SUGGESTIONS.get(code)
    return meaning.support if meaning else codes.in_words(code)


def shown(value: Any, zone: tzinfo = UTC) -> str:
    """A value of a receipt for people: lists joined, instants without their fractions."""
    if isinstance(value, list):
        return ", ".join(shown(one, zone) for one in value)
    if value is None:
        return ""
    if isinstance(value, str) and (at := _instant(value)) is not None:
        return instant(at, zone)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _instant(value: str) -> datetime | None:
    try:
        return parse_instant(value)
    except ValueError:
        return None
