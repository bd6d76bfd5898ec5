"""Each rule's answer as a sentence that a customer may read: ``schemas/codes.py`` has them."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Any

from schemas import codes
from services.projections.review.words.wording import shown


def sentence(rule: dict[str, Any], once_only: bool = False, zone: tzinfo = UTC) -> str:
    """The answer of one rule of a receipt."""
    meaning = codes.RULES.get(rule["rule"])
    name = codes.in_words(rule["rule"])
    if meaning is None:
        return name
    if rule["outcome"] == "not-applicable":
        return f"{name.capitalize()}: this could not be asked here."
    said = meaning.met if rule["outcome"] == "met" else meaning.not_met
    if once_only and rule["rule"] == "case-is-not-escalated-yet" and rule["outcome"] == "not-met":
        said = codes.ONLY_ONCE
    return said.format(expected=shown(rule["expected"], zone), actual=shown(rule["actual"], zone))
