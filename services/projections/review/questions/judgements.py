"""Every decision on a request, and what became of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any, Final

from policies.catalogue import Policies
from services.projections.review.questions.past import data_of
from services.projections.review.questions.queries import Row

JUDGED: Final = ("accepted", "rejected", "approval-requested")
"""Decisions on a request."""
_ANSWERS: Final = ("accepted", "declined")


@dataclass(frozen=True)
class Telling:
    """What receipts are read with: names by id, what caused each decision, policies, a zone."""

    policies: Policies
    names: Mapping[str, str] = field(default_factory=dict)
    causes: Mapping[str, Row] = field(default_factory=dict)
    zone: tzinfo = UTC


def receipts(decisions: Iterable[Row], telling: Telling) -> list[dict[str, Any]]:
    """The decisions on requests, oldest first, each with what became of it since."""
    every = [row | {"data": data_of(row) or {}} for row in decisions]
    return [
        {"type": row["type"], "at": row["occurred_at"], **row["data"]}
        | {"became": [_step(one, telling) for one in _later(row, every[number + 1 :])]}
        for number, row in enumerate(every)
        if row["name"] in JUDGED
    ]


def _later(judged: Row, after: list[Row]) -> Iterator[Row]:
    """What became of a request. Of one that waited for approval the answer; the acceptance has
    the rest."""
    id_ = judged["data"].get("escalation_id")
    if id_ is None or judged["name"] == "rejected":
        return
    for row in after:
        if row["data"].get("escalation_id") != id_:
            continue
        waited = judged["name"] == "approval-requested"
        if not waited or row["name"] in (*_ANSWERS, "voided"):
            yield row
        if waited:
            return


def _step(row: Row, telling: Telling) -> dict[str, Any]:
    said, cause = row["data"], telling.causes.get(row["causation_id"] or "", {})
    reported = data_of(cause) if cause else None
    by = (reported or {}).get("by") or {}
    by_id = said.get("by_id") or (by.get("id") if row["name"] in _ANSWERS else None)
    return {
        "what": row["name"],
        "at": row["occurred_at"],
        "by_id": by_id,
        "by_name": by.get("name") or telling.names.get(by_id or ""),
        "by_roles": by.get("roles") or [],
        "reason": (reported or {}).get("reason") if row["name"] != "voided" else said["reason"],
        "text_expired": bool(cause.get("text_expired")),
        **{key: said[key] for key in ("why", "restores_right", "still_monitored") if key in said},
    }


def is_once_only(policies: Policies, decision: Mapping[str, Any]) -> bool:
    """Whether a decision on a request was made under a policy that allows one escalation a case."""
    ref = decision.get("receipt", {}).get("policy")
    policy = None if ref is None else policies.find(ref["name"], ref["version"])
    return policy is not None and policy.once_only
