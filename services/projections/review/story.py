"""One case told to people: its timeline, and why each request was decided as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich.console import Console

from infra.runtime.plain_text import PlainTable, visible
from services.projections.review.queries import Row
from services.projections.review.sentences import sentence
from services.projections.review.wording import (
    MARKS,
    SUGGESTIONS,
    because,
    instant,
    shown,
)

JUDGED = {
    "support.escalation.accepted.v1": "ACCEPTED",
    "support.escalation.rejected.v1": "REJECTED",
    "support.escalation.approval-requested.v1": "PUT BEFORE AN APPROVER",
}


def receipts(timeline: list[Row]) -> list[dict[str, Any]]:
    """The decisions on requests, oldest first."""
    return [
        {"type": row["type"], "at": row["occurred_at"], **json.loads(row["data"])}
        for row in timeline
        if row["type"] in JUDGED and row["data"]
    ]


def show_receipt(decision: dict[str, Any], subject: str, console: Console) -> None:
    """A receipt in sentences that a customer may read, one for every rule that was asked."""
    receipt = decision["receipt"]
    console.rule(visible(f"{subject}: request {decision['request_id']}"), align="left")
    policy = f"{receipt['policy']['name']} version {receipt['policy']['version']}"
    for line in (
        f"{JUDGED[decision['type']]} on {instant(decision['at'])} under the policy {policy}.",
        *_why(decision),
    ):
        console.print(visible(line))
    console.print(_rules(receipt["rules"]))


def _why(decision: dict[str, Any]) -> Iterator[str]:
    if codes := [refusal["code"] for refusal in decision.get("refusals", ())]:
        yield f"Why not: {because(codes)}."
    if codes and decision["eligible_at"]:
        begins = "It is" if codes == ["too-early"] else "By the waiting time alone it is"
        yield f"{begins} allowed from {shown(decision['eligible_at'])}."
    if triage := decision["receipt"]["facts"].get("triage"):
        goes = "goes first" if triage["prioritised"] else "takes its turn"
        yield f"Its triage score is {triage['score']} of {triage['threshold']} needed: it {goes}."
    for one in decision.get("duties", ()):
        yield f"Next: {one['duty'].replace('-', ' ')}, by {shown(one['due_at'])}."
    if approvers := decision.get("approvers"):
        yield f"Waits for {' or '.join(approvers)}, until {shown(decision['due_at'])}."
    for suggestion in decision["suggestions"]:
        yield f"Hint: {SUGGESTIONS.get(suggestion, suggestion)}."


def _rules(rules: list[dict[str, Any]]) -> PlainTable:
    table = PlainTable("met", "in words", "statement")
    for rule in rules:
        table.add_row(
            MARKS[rule["outcome"]], sentence(rule), rule["statement"] or "",
            style="bold red" if rule["outcome"] == "not-met" else None,
        )  # fmt: skip
    return table


def show_timeline(case_id: str, timeline: list[Row], console: Console) -> None:
    """Every event in order; what was decided stands indented below what caused it."""
    table = PlainTable("happened", "event", "what", title=f"Timeline of {case_id}")
    missed: set[tuple[str, str]] = set()
    for row in timeline:
        name = row["type"].split(".")[2]
        decided = row["type"].startswith("support.escalation.")
        arrow = "  └▶ decided: " if decided else ""
        data = json.loads(row["data"]) if row["data"] else {}
        if name == "deadline-missed":
            missed.add((data["duty"], data["due_at"]))
        table.add_row(instant(row["occurred_at"]), f"{arrow}{name}", _gist(data, missed))
    console.print(table)


def _gist(data: dict[str, Any], missed: set[tuple[str, str]]) -> str:
    if refusals := data.get("refusals"):
        return because([refusal["code"] for refusal in refusals])
    parts = [
        f"{name}: {data[name]}"
        for name in ("severity", "tier", "reason", "duty", "due_at", "to", "trend", "mode", "why")
        if isinstance(data.get(name), str)
    ]
    if body := data.get("body"):
        author = data.get("author_role", "")
        parts.append(f"{author}: {body[:60]}{'…' if len(body) > 60 else ''}")
    done = [f"{one['duty']} {_kept(one, missed)}" for one in data.get("fulfilled") or ()]
    return "; ".join(parts + done)


def _kept(done: dict[str, Any], missed: set[tuple[str, str]]) -> str:
    """A duty may be kept and yet have been missed: its report came late."""
    if not done["kept"]:
        return "done late"
    return "kept, reported late" if (done["duty"], done["due_at"]) in missed else "kept"
