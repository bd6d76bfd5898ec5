"""The daily review (003-18): what is escalated, for whom it waits, what changed and was refused."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from rich.console import Console

from infra.runtime.plain_text import PlainTable
from infra.runtime.settings import Settings
from services.escalation.core.policies import Policies, policies_in, shipped
from services.projections.review import as_of
from services.projections.review.queries import Row, reader
from services.projections.review.wording import REFUSALS, due, instant

CHANGES = (
    "accepted", "approval-requested", "declined", "acknowledged", "level-raised",
    "deadline-missed", "duty-replanned", "de-escalated", "monitoring-ended",
)  # fmt: skip
KEPT_AFTER_ALL = "kept-reported-late"
"""Not a decision of its own: a miss that a later report put right."""
OWING = {
    "support-manager": "the support manager", "handling-agent": "the handling agent",
    "team": "the team", "approvers": "an approver", "requester": "the requester",
}  # fmt: skip
TITLES = {
    "accepted": "newly escalated",
    "approval-requested": "put before an approver",
    "declined": "declined",
    "acknowledged": "acknowledged",
    "level-raised": "raised to a higher level",
    "deadline-missed": "missed a duty",
    KEPT_AFTER_ALL: "kept a duty, reported late",
    "duty-replanned": "duties planned anew",
    "de-escalated": "de-escalated",
    "monitoring-ended": "ended",
}


@dataclass(frozen=True)
class Review:
    """Everything the review shows, as of one moment."""

    moment: datetime
    since: datetime
    open: list[Row]
    changes: dict[str, list[Row]]
    rejections: list[Row]
    fresh: Row
    policies: Policies


async def gather(settings: Settings, moment: datetime | None, until: datetime) -> Review:
    """Read the review; ``moment`` None is now."""
    since = until - timedelta(days=1)
    async with reader(settings) as ask:
        found = await ask.decisions(list(CHANGES), since, until)
        kept = await ask.kept_after_all(since, until)
        rejections = await ask.rejections(since, until)
        fresh = await ask.freshness()
        rows = await ask.open_escalations() if moment is None else None
    if rows is None:
        rows = await as_of.open_escalations(settings, until)
    changes: dict[str, list[Row]] = {name: [] for name in TITLES}
    for row in found:
        changes[KEPT_AFTER_ALL if _missed(row) in kept else row["type"].split(".")[2]].append(row)
    return Review(until, since, rows, changes, rejections, fresh, _policies(settings))


def _policies(settings: Settings) -> Policies:
    """What is owed by whom. Files that cannot be used are for the services to refuse; the review
    then names owners alone."""
    own = settings.decider
    try:
        return policies_in(shipped(), own.default_policy, own.policies_folder)
    except ValueError:
        return Policies({}, own.default_policy)


def _missed(row: Row) -> tuple[str, str, datetime] | None:
    """Which duty was missed, where the row says that one was."""
    if not row["type"].endswith("deadline-missed.v1"):
        return None
    return row["subject"], json.loads(row["data"])["duty"], row["occurred_at"]


def as_dict(review: Review) -> dict[str, Any]:
    """For machines."""
    codes = Counter(code for row in review.rejections for code in row["codes"])
    return {
        "as_of": review.moment,
        "since": review.since,
        "open": review.open,
        "changes": {
            name: [
                {"case_id": row["case_id"], "subject": row["subject"], "at": row["occurred_at"]}
                for row in rows
            ]
            for name, rows in review.changes.items()
        },
        "rejected": {"requests": len(review.rejections), "by_code": dict(codes.most_common())},
        "data_as_of": review.fresh["updated_at"],
    }


def show(review: Review, console: Console) -> None:
    """For people: counts first, then each open escalation, then changes and refusals."""
    watched = [row for row in review.open if row["status"] == "monitored"]
    active = [row for row in review.open if row["status"] != "monitored"]
    overdue = [row for row in active if (at := row["next_due_at"]) and at < review.moment]
    console.rule(f"Daily escalation review, up to {instant(review.moment)}", align="left")
    fresh = review.fresh["updated_at"]
    console.print(
        f"{len(active)} escalated now, {len(overdue)} of them overdue; {len(watched)} calmed down "
        f"and still watched. "
        + (f"Data as of {instant(fresh)}." if fresh else "No event has been read so far."),
        highlight=False,
    )
    for policy, rows in groupby(active, key=lambda row: row["policy"]):
        console.print(_table(policy or "", list(rows), review))
    _show_changes(review, console)
    _show_rejections(review, console)


def _table(policy: str, rows: list[Row], review: Review) -> PlainTable:
    now = review.moment
    columns = ("case", "what", "sev", "status", "waits for", "turn", "next", "last update")
    table = PlainTable(*columns, title=f"Escalated under the policy {policy}")
    for row in rows:
        is_late = row["next_due_at"] is not None and row["next_due_at"] < now
        table.add_row(
            subject_of(row), _what(row), _severity(row), _status(row),
            _waits_for(row, review.policies), row["turn"] or "", _next(row, now),
            instant(row["last_update_at"]) or "none yet",
            style="bold red" if is_late else None,
        )  # fmt: skip
    return table


def subject_of(row: Row) -> str:
    """A case by its id, an account by what it is and its id."""
    return str(row["case_id"] or f"account/{row['account_id']}")


def _what(row: Row) -> str:
    """A case has a title; an account has cases."""
    if row["case_id"]:
        return row["title"] or ""
    cases = row["case_ids"]
    return f"{len(cases)} cases: {', '.join(cases)}" if cases else "no case linked yet"


def _severity(row: Row) -> str:
    """How bad the case is, and how the escalation is marked: in words beside any colour."""
    mark = row["escalation_severity"]
    shown = f"{mark} ({row['colour']})" if mark and row["colour"] else mark
    return ", ".join(filter(None, (row["severity"], shown)))


def _waits_for(row: Row, policies: Policies) -> str:
    """Who owes what is due next; where that is its owner, by name."""
    if row["status"] == "awaiting-approval":
        return "an approver"
    owner = str(row["owner_name"] or row["owner"] or "NOBODY YET")
    policy = policies.find(row["policy"], row["policy_version"])
    spec = None if policy is None else policy.specs.get(row["next_duty"])
    if policy is None or spec is None or spec.owed_by == policy.owner:
        return owner
    return f"{OWING[spec.owed_by]}; owner {owner}"


def _next(row: Row, now: datetime) -> str:
    stopped = "; a clock waits for the customer" if row["paused"] else ""
    return due(row["next_duty"], row["next_due_at"], now) + stopped


def _status(row: Row) -> str:
    level = "" if row["level"] in (None, "support") else f", {row['level'].replace('-', ' ')}"
    trend = f", {row['trend']}" if row["trend"] else ""
    return f"{row['status'].replace('-', ' ')}{level}{trend}"


def _show_changes(review: Review, console: Console) -> None:
    table = PlainTable("what", "how many", "cases", title="Changed in the 24 hours before")
    for name, rows in review.changes.items():
        if not rows:
            continue
        cases = sorted({row["subject"] for row in rows})
        more = f" and {len(cases) - 6} more" if len(cases) > 6 else ""
        table.add_row(TITLES[name], str(len(rows)), ", ".join(cases[:6]) + more)
    console.print(table)


def _show_rejections(review: Review, console: Console) -> None:
    codes = Counter(code for row in review.rejections for code in row["codes"])
    number = len(review.rejections)
    title = f"{number} requests rejected in the 24 hours before, by reason; some have several"
    table = PlainTable("because", "how many", title=title)
    for code, number in codes.most_common():
        table.add_row(f"{REFUSALS.get(code, code)} ({code})", str(number))
    console.print(table)


def end_of(date: str | None, moment: str | None) -> tuple[datetime | None, datetime]:
    """The moment asked for, and the end of the span shown. Errors: ``ValueError``."""
    now = datetime.now(UTC)
    if date is not None and moment is not None:
        raise ValueError("give a date or a moment, not both")
    if moment is not None:
        return _past(_moment(moment), now)
    if date is not None:
        begins = _day(date)
        if begins > now:
            raise ValueError(f"{date} is still to come; give a day up to today")
        ends = begins + timedelta(days=1)
        return (None, now) if ends > now else (ends, ends)
    return None, now


def _past(at: datetime, now: datetime) -> tuple[datetime, datetime]:
    if at > now:
        raise ValueError(f"{instant(at)} is still to come; give a moment up to now")
    return at, at


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is no moment; write one such as 2026-11-23T09:00:00Z") from None
    if at.tzinfo is None:
        raise ValueError("the moment needs an offset, such as 2026-11-23T09:00:00Z")
    return at


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"{text} is no day; write one such as 2026-11-23") from None


def dumps(value: Any) -> str:
    return json.dumps(value, indent=2, default=str)
