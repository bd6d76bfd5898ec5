"""What happened since the last review, by kind. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from policies.catalogue import Policies
from services.projections.review.questions.judgements import is_once_only
from services.projections.review.questions.past import data_of
from services.projections.review.questions.queries import Kept, Row

KEPT_AFTER_ALL: Final = "kept-reported-late"
"""Not a decision of its own: a miss that a later report put right."""
MISSED: Final = "deadline-missed"
KINDS: Final = {
    "accepted": "newly escalated",
    "approval-requested": "put before an approver",
    "declined": "declined",
    "acknowledged": "acknowledged",
    "level-raised": "raised to a higher level",
    MISSED: "missed a duty",
    KEPT_AFTER_ALL: "kept a duty, reported late",
    "duty-replanned": "duty planned anew",
    "de-escalated": "de-escalated",
    "monitoring-held": "held until an improvement is named",
    "monitoring-ended": "ended",
    "voided": "voided",
    "refused": "something reported was refused",
}
"""Kinds of change in the order in which they are shown, and their words."""
OF_DUTIES: Final = frozenset({MISSED, KEPT_AFTER_ALL, "duty-replanned"})
"""Counted in duties; everything else in escalations or reports."""


@dataclass(frozen=True)
class DailyChange:
    """One decision of a kind: about what, and when it happened."""

    kind: str
    subject: str
    at: datetime
    duty: str | None = None

    def as_dict(self) -> dict[str, Any]:
        case = None if "/" in self.subject else self.subject
        found = {"case_id": case, "subject": self.subject, "at": self.at}
        return found | ({"duty": self.duty} if self.duty else {})


def changes_in(decisions: Iterable[Row], kept: Kept) -> dict[str, list[DailyChange]]:
    """The decisions of a stretch of time by kind, every kind named. A miss that turned out to be
    ``kept`` is none."""
    found: dict[str, list[DailyChange]] = {kind: [] for kind in KINDS}
    for row in decisions:
        if row["name"] not in KINDS:
            continue
        duty = (data_of(row) or {}).get("duty") if row["name"] in OF_DUTIES else None
        one = DailyChange(row["name"], row["subject"], row["occurred_at"], duty)
        if one.kind == MISSED and (one.subject, str(duty), one.at) in kept:
            one = DailyChange(KEPT_AFTER_ALL, one.subject, one.at, duty)
        found[one.kind].append(one)
    return found


def refusal(rejected: Row, policies: Policies) -> Row:
    """A rejected request as it is listed: which, when, every reason, from when by time alone."""
    said = data_of(rejected) or {}
    eligible_at = said.get("eligible_at")
    policy = said.get("receipt", {}).get("policy", {})
    return {
        "subject": rejected["subject"],
        "case_id": None if "/" in rejected["subject"] else rejected["subject"],
        "request_id": said.get("request_id"),
        "at": rejected["occurred_at"],
        "codes": [one["code"] for one in said.get("refusals", ())],
        "once_only": is_once_only(policies, said),
        "eligible_at": datetime.fromisoformat(eligible_at) if eligible_at else None,
        "policy": policy.get("name"),
        "policy_version": policy.get("version"),
    }
