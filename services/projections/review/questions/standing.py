"""One open escalation as a manager looks at it: who owes what, how late, since when nobody spoke.

Pure. Rows of ``review.escalation_status``, of now or of a past moment, go in; the same rows with
further keys come out, for tables and machines alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from policies.catalogue import Policies
from policies.entries import DutySpec
from policies.model import Policy
from schemas.lifecycle import RUNNING
from services.projections.review.questions.queries import Row

SILENT_AFTER: Final = timedelta(hours=24)
"""How long nobody turned to a customer until the escalation counts as silent."""
_BY_MARK: Final = {"high": "S1", "medium": "S2", "low": "S3"}
_LAST: Final = "S9"


@dataclass(frozen=True)
class Around:
    """What a row of the board is read with: cases by id, names by id, policies, and the moment."""

    cases: Mapping[str, Row]
    names: Mapping[str, str]
    policies: Policies
    now: datetime


def enriched(row: Row, around: Around) -> Row:
    """The row, and: subject, team, owner_name, who owes what is due next and of which kind, since
    when it is overdue, when somebody last turned to the customer, how often a duty was missed."""
    case = around.cases.get(row["case_id"] or "", {})
    known = {name: case.get(name) for name in ("title", "severity", "tier", "team")}
    row = known | {"missed_times": 0, "missed_since": None} | row
    row["account_id"] = row["account_id"] or case.get("account_id")
    row["team"] = row["team"] or case.get("team")
    policy = around.policies.find(row["policy"], row["policy_version"])
    spec = None if policy is None else policy.specs.get(row["next_duty"])
    if policy is None or spec is None:
        who, person = _named(row["owner"], around.names, "nobody yet"), row["owner"]
    else:
        who, person = _owes(row, case, Owed(policy, spec), around.names)
    missed_since = row["missed_since"]
    return row | {
        "subject": subject_of(row),
        "owner_name": around.names.get(row["owner"] or ""),
        "owed_by": who,
        "owed_by_id": person,
        "owed_as": None if spec is None else spec.kind,
        "missed_times": row["missed_times"] or 0,
        "overdue_since": (missed_since or row["next_due_at"]) if row["overdue"] else None,
        "heard_at": row["last_update_at"],
        "quiet_since": row["last_update_at"] or row["accepted_at"] or row["requested_at"],
        "text_expired": bool(case.get("text_expired")),
    }


def subject_of(row: Row) -> str:
    """A case by its id, an account by what it is and its id."""
    return str(row["case_id"] or f"account/{row['account_id']}")


def is_silent(row: Row, now: datetime) -> bool:
    """Whether nobody turned to the customer of a running escalation for a day or longer."""
    is_running = row["status"] in RUNNING
    return is_running and row["quiet_since"] <= now - SILENT_AFTER


def urgency(row: Row) -> tuple[str, datetime, str]:
    """Overdue rows, the worst first: by severity, then by how long."""
    return severity_rank(row), row["overdue_since"], row["subject"]


def severity_rank(row: Row) -> str:
    """Of a case its severity; of an account the severity of its escalation."""
    return str(row["severity"] or _BY_MARK.get(row["escalation_severity"] or "", _LAST))


def improvements_owed(
    marks: Iterable[Row], rows: Iterable[Row], policies: Policies
) -> dict[str, str]:
    """By escalation id: ``now`` where the end waits for an improvement or a waiver, ``before the
    end`` where one will be owed then (002-19)."""
    held: dict[str, bool] = {}
    improved: set[str] = set()
    latest: dict[str, str] = {}
    for mark in sorted(marks, key=lambda one: (one["subject"], one["case_seq"], one["decided"])):
        if mark["name"] == "reopened":
            held[latest.get(mark["subject"], "")] = False
        elif mark["name"] == "monitoring-held":
            latest[mark["subject"]] = mark["escalation_id"]
            held[mark["escalation_id"]] = True
        else:
            improved.add(mark["escalation_id"])
    owed = {}
    for row in rows:
        id_ = row["escalation_id"]
        policy = policies.find(row["policy"], row["policy_version"])
        if held.get(id_):
            owed[id_] = "now"
        elif policy is not None and policy.improvement_is_owed and id_ not in improved:
            owed[id_] = "before the end"
    return owed


@dataclass(frozen=True)
class Owed:
    """What is due next, under its policy."""

    policy: Policy
    spec: DutySpec


def _owes(row: Row, case: Row, owed: Owed, names: Mapping[str, str]) -> tuple[str, str | None]:
    """Who owes what is due next, in words and by id."""
    policy = owed.policy
    match owed.spec.owed_by:
        case "approvers":
            return f"role {' or '.join(policy.roles.approve)}", None
        case "team":
            return f"team {row['team']}" if row["team"] else "the team, and none is named", None
        case "requester":
            return "the requester", None
        case role:
            id_ = case.get("manager_id" if role == "support-manager" else "agent_id")
            if id_ is None and role == policy.owner:
                id_ = row["owner"]
            words = role.replace("-", " ")
            return _named(id_, names, f"nobody: no {words} on the case"), id_


def _named(id_: str | None, names: Mapping[str, str], nobody: str) -> str:
    return nobody if id_ is None else names.get(id_, id_)
