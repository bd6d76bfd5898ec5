"""Lift an old event to the form that is read today, before its data is checked.

An upcaster takes the data of one retired type and returns today's type and data. It never
refuses: what it cannot lift, the schema of today's type will name.

Worked example: the pilot wrote ``support.case.comment-added.v0``, where a comment was
``public: true|false`` and its author's role stood in ``role``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Lifted = tuple[str, dict[str, Any]]


def _comment_added_v0(data: dict[str, Any]) -> Lifted:
    lifted = {name: value for name, value in data.items() if name not in ("public", "role")}
    lifted["visibility"] = "internal" if data.get("public") is False else "public"
    lifted["author_role"] = data.get("role")
    return "support.case.comment-added.v1", lifted


UPCASTERS: dict[str, Callable[[dict[str, Any]], Lifted]] = {
    "support.case.comment-added.v0": _comment_added_v0,
}


def lift(type_: str, data: object) -> tuple[str, object]:
    """Today's type and data for an event of any age."""
    if isinstance(data, dict) and (upcast := UPCASTERS.get(type_)) is not None:
        return upcast(data)
    return type_, data
