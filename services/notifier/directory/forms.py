"""What a request says beside its comments: the fields of the form, short enough to be mailed."""

from __future__ import annotations

import re
from html import unescape
from typing import Any, Final

from schemas import reported
from schemas.vocabulary import is_blank

LONGEST: Final = 4_000
"""Letters of a text that readers get; the record of the case has all of it."""
LINE: Final = 500
MOST: Final = 20
CHECKS: Final = (
    "problem_statement_correct", "impact_described", "workaround_impractical",
    "milestone_identified",
)  # fmt: skip
_TAG: Final = re.compile(r"<[^<>]*>")
_BREAK: Final = re.compile(r"(?i)<(?:br|/p|/div|/li|/tr)\b[^<>]*>")


def form_of(request: reported.EscalationRequested) -> dict[str, Any]:
    """The fields that were filled."""
    found: dict[str, Any] = {
        "reason": _short(request.reason),
        "subject": _short(request.subject),
        "description": _short(request.description, LONGEST),
        "business_impact": request.business_impact,
        "template": _short(request.template),
        "escalation_severity": request.escalation_severity,
        "milestone_date": None if request.milestone_date is None else str(request.milestone_date),
        "situations": [str(one)[:LINE] for one in (request.situations or ())[:MOST]],
        "unchecked": _unchecked(request.checklist),
        "working_hours": as_text(request.working_hours),
        "attachments": [one.name or one.uri for one in (request.attachments or ())[:MOST]],
        "on_behalf_of": None if request.on_behalf_of is None else request.on_behalf_of.id,
        "source": request.source,
        "case_ids": list(getattr(request, "case_ids", ()))[:MOST],
    }
    return {name: value for name, value in found.items() if value not in (None, [])}


def _unchecked(checklist: reported.Checklist | None) -> list[str]:
    if checklist is None:
        return []
    return [name for name in CHECKS if getattr(checklist, name) is not True]


def _short(text: str | None, longest: int = LINE) -> str | None:
    return None if text is None or is_blank(text) else text[:longest]


def as_text(value: object) -> str | None:
    """Working hours come as text or in any shape; a manager reads them as they are."""
    if isinstance(value, dict):
        value = ", ".join(f"{name} {held}" for name, held in value.items())
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return None if value is None or is_blank(str(value)) else str(value)[:LINE]


def words_of(comment: reported.CommentAdded) -> str:
    """A comment as it may be quoted in plain text."""
    body = comment.body
    if comment.format == "html":
        body = unescape(_TAG.sub("", _BREAK.sub("\n", body)))
    return body[:LONGEST]
