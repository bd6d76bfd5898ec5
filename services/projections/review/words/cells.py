"""The words in the cells of the review. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final

from schemas.codes import in_words
from schemas.lifecycle import RUNNING
from services.projections.review.questions.queries import Row
from services.projections.review.questions.standing import SILENT_AFTER
from services.projections.review.times import instant, span
from services.projections.review.words.wording import EXPIRED

KIND: Final = {"promise": "promised", "expectation": "only expected"}
"""Whether customers may rely on a duty."""
IMPROVEMENT: Final = {
    "now": "held until an improvement is named or waived",
    "before the end": "watched; an improvement is owed before it ends",
}
AUDIENCES: Final = {
    "requester": "who asked", "author": "who wrote the comment",
    "support-manager": "the support manager", "handling-agent": "the handling agent",
    "team": "the team",
}  # fmt: skip
MAILS: Final = {
    "accepted": "the request was accepted",
    "rejected": "the request was not accepted",
    "approval-requested": "the request waits for approval",
    "approval-wanted": "an approval is wanted",
    "declined": "the request was declined",
    "handover": "an escalation to look after",
    "deadline-missed": "a duty was missed",
    "level-raised": "the escalation was raised",
    "suggestion-made": "a hint",
}


def what(row: Row) -> str:
    """A case has a title; an account has cases."""
    if row["case_id"]:
        return row["title"] or (EXPIRED if row["text_expired"] else "")
    cases = row["case_ids"]
    return f"{len(cases)} cases: {', '.join(cases)}" if cases else "no case linked yet"


def severity(row: Row) -> str:
    """How bad the case is, and how the escalation is marked: in words beside any colour."""
    mark = row["escalation_severity"]
    marked = f"{mark} ({row['colour']})" if mark and row["colour"] else mark
    return ", ".join(filter(None, (row["severity"], marked)))


def status(row: Row) -> str:
    """The status, the level it was raised to, and how it develops."""
    level = "" if row["level"] in (None, "support") else f", {in_words(row['level'])}"
    trend = f", {row['trend']}" if row["trend"] else ""
    return f"{in_words(row['status'])}{level}{trend}"


def next_words(row: Row, now: datetime, zone: tzinfo) -> str:
    """What is owed next and how late it is, in words: colour is never alone."""
    parts = [_missed(row, zone), _due(row, now)]
    if row["paused"]:
        parts.append("a clock waits for the customer")
    if row["status"] == "monitored":
        parts.append(IMPROVEMENT.get(row["improvement"] or "", "watched until it ends"))
    return "; ".join(filter(None, parts)) or "no duty is open"


def _missed(row: Row, zone: tzinfo) -> str:
    if not row["missed_since"]:
        return ""
    often = "once" if row["missed_times"] == 1 else f"{row['missed_times']} times"
    return f"OVERDUE: missed {often} since {instant(row['missed_since'], zone)}"


def _due(row: Row, now: datetime) -> str:
    duty, at = row["next_duty"], row["next_due_at"]
    if duty is None or at is None:
        return ""
    kind = f", {KIND[row['owed_as']]}" if row["owed_as"] else ""
    how = f"due in {span(at - now)}" if at >= now else f"OVERDUE by {span(now - at)}"
    return f"{in_words(duty)} {how}{kind}"


def last_update(row: Row, now: datetime) -> str:
    """How long ago somebody turned to the customer, or how long nobody has."""
    quiet = now - row["quiet_since"]
    if row["status"] in RUNNING and quiet >= SILENT_AFTER:
        return f"silent for {span(quiet)}"
    return f"{span(quiet)} ago" if row["heard_at"] else "none yet"


def told_to(audience: str) -> str:
    """Whom a message was meant for."""
    kind, colon, role = audience.partition(":")
    return (
        f"role {role}" if colon and kind == "role" else AUDIENCES.get(audience, in_words(audience))
    )


def kind_of(template: str) -> str:
    """What a message tells."""
    return MAILS.get(template, in_words(template))
