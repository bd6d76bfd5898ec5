"""Everything that a daily review shows, read once, as of now or of a past moment (003-18)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from infra.runtime.settings import Settings
from policies.catalogue import Policies
from services.projections.review.questions import past
from services.projections.review.questions.changes import (
    KINDS,
    MISSED,
    DailyChange,
    changes_in,
    refusal,
)
from services.projections.review.questions.periods import Period
from services.projections.review.questions.queries import (
    ALWAYS,
    IMPROVING,
    ReviewQueries,
    Row,
    Until,
    reader,
)
from services.projections.review.questions.standing import (
    Around,
    enriched,
    improvements_owed,
    is_silent,
    severity_rank,
    urgency,
)

SHOWN: Final = (*KINDS, "rejected")
SOON: Final = timedelta(hours=24)
UNASSIGNED: Final = "unassigned"
"""What a case without a team counts to."""
PEOPLE: Final = ("primary-contact-assigned", "escalation-requested", "account-escalation-requested")
"""Reported events that name people, beside those about the case itself."""


@dataclass(frozen=True)
class ReviewScope:
    """What is asked for: which stretch of time, and whose cases; ``team`` None is everybody's."""

    period: Period
    team: str | None = None


@dataclass(frozen=True)
class Board:
    """What the review shows. ``rows`` are the open escalations."""

    scope: ReviewScope
    rows: list[Row]
    changes: dict[str, list[DailyChange]]
    rejections: list[Row]
    not_told: list[Row]
    data_as_of: datetime | None

    @property
    def now(self) -> datetime:
        """The moment as of which everything is told."""
        return self.scope.period.until

    @property
    def overdue(self) -> list[Row]:
        """What burns, the worst first."""
        return sorted((row for row in self.rows if row["overdue"]), key=urgency)

    @property
    def running(self) -> list[Row]:
        """What is neither overdue nor only watched, what is due first on top."""
        rows = [row for row in self.rows if not row["overdue"] and row["status"] != "monitored"]
        return sorted(rows, key=lambda row: (row["next_due_at"] or ALWAYS, severity_rank(row),
                                             row["quiet_since"], row["subject"]))  # fmt: skip

    @property
    def watched(self) -> list[Row]:
        """What calmed down, where an improvement is owed now first."""
        rows = [row for row in self.rows if not row["overdue"] and row["status"] == "monitored"]
        return sorted(rows, key=lambda row: (row["improvement"] != "now", row["subject"]))

    @property
    def counts(self) -> dict[str, int]:
        """What the headline says, each counted in escalations."""
        by_status = Counter(row["status"] for row in self.rows)
        soon = [row for row in self.running if (at := row["next_due_at"]) and at < self.now + SOON]
        return {
            "escalated": by_status["escalated"],
            "acknowledged": by_status["acknowledged"],
            "awaiting_approval": by_status["awaiting-approval"],
            "monitored": by_status["monitored"],
            "overdue": len(self.overdue),
            "due_within_24_hours": len(soon),
            "silent": sum(is_silent(row, self.now) for row in self.rows),
            "improvement_owed": sum(row["improvement"] == "now" for row in self.rows),
        }

    def by_person(self) -> list[dict[str, Any]]:
        """Who owes what next: one entry each, whoever is behind most first."""
        owing: dict[str, list[Row]] = {}
        for row in (*self.overdue, *self.running):
            if row["next_duty"] is not None or row["overdue"]:
                owing.setdefault(row["owed_by"], []).append(row)
        found = [_of_one(who, rows, self.now) for who, rows in owing.items()]
        return sorted(found, key=lambda one: (-one["overdue"], -one["due_within_24_hours"],
                                              one["who"]))  # fmt: skip


def _of_one(who: str, rows: list[Row], now: datetime) -> dict[str, Any]:
    due = [row["next_due_at"] for row in rows if not row["overdue"] and row["next_due_at"]]
    return {
        "who": who,
        "person_id": rows[0]["owed_by_id"],
        "overdue": sum(row["overdue"] for row in rows),
        "due_within_24_hours": sum(at < now + SOON for at in due),
        "later": sum(at >= now + SOON for at in due),
        "cases": [row["subject"] for row in rows],
    }


async def gather(settings: Settings, scope: ReviewScope, policies: Policies) -> Board:
    """Read the board. Errors: ``CannotRead``."""
    period, until = scope.period, scope.period.bound
    async with reader(settings) as ask:
        rows, marks = await (_rows_then if period.is_past else _rows_now)(ask, until)
        decided = await ask.decisions_between(period.since, until, SHOWN)
        missed = {one["subject"] for one in decided if one["name"] == MISSED}
        kept = await ask.kept(missed, until) if missed else frozenset()
        not_told = await ask.not_told(period.since, until)
        subjects = {
            *(row["case_id"] for row in rows if row["case_id"]),
            *(one["subject"] for one in (*decided, *not_told) if "/" not in one["subject"]),
        }
        owners = {row["owner"] for row in rows}
        around = await _around(ask, Named(subjects, owners), until, policies)
        fresh = await ask.freshness()
    owed = improvements_owed(marks, rows, policies)
    shown = [
        enriched(row, around) | {"improvement": owed.get(row["escalation_id"])} for row in rows
    ]
    mine = _Mine(scope.team, around.cases)
    decided = [one for one in decided if mine.holds(one)]
    return Board(
        scope,
        [row for row in shown if scope.team in (None, row["team"] or UNASSIGNED)],
        changes_in(decided, kept),
        [refusal(one, policies) for one in decided if one["name"] == "rejected"],
        [one for one in not_told if mine.holds(one)],
        fresh,
    )


@dataclass(frozen=True)
class _Mine:
    """Which events are of the team that is asked for."""

    team: str | None
    cases: Any

    def holds(self, event: Row) -> bool:
        if self.team is None:
            return True
        said = past.data_of(event) if "data" in event else None
        case = self.cases.get(event["subject"]) or {}
        team = case.get("team") or (said or {}).get("team") or UNASSIGNED
        return bool(team == self.team)


async def _rows_now(ask: ReviewQueries, _: Until) -> tuple[list[Row], list[Row]]:
    rows = await ask.open_escalations()
    watched = [row["case_id"] for row in rows if row["case_id"] and row["status"] == "monitored"]
    return rows, await ask.improvements(watched)


async def _rows_then(ask: ReviewQueries, until: Until) -> tuple[list[Row], list[Row]]:
    decisions = await ask.decisions(until)
    rows = past.open_rows(decisions, until.moment)
    subjects = {row["case_id"] for row in rows if row["case_id"]}
    reopened = await ask.facts(subjects, ["reopened"], until)
    marks = [
        one | {"escalation_id": (past.data_of(one) or {}).get("escalation_id")}
        for one in (*decisions, *reopened)
        if one["name"] in (*IMPROVING, "reopened")
    ]
    words = {one["subject"]: past.turn(one) for one in await ask.last_words(subjects, until)}
    return [row | {"turn": words.get(row["case_id"])} for row in rows], marks


@dataclass(frozen=True)
class Named:
    """Cases and people that rows name by id."""

    subjects: set[str]
    owners: set[str]


async def _around(ask: ReviewQueries, named: Named, until: Until, policies: Policies) -> Around:
    """What is known of these cases and people; of a past moment what was known then."""
    subjects, owners = named.subjects, named.owners
    if until.is_past:
        facts = await ask.facts(subjects, (*past.CASE_FACTS, *PEOPLE), until)
        cases, names = past.case_rows(facts, policies), past.names(facts)
    else:
        cases = {row["case_id"]: row for row in await ask.cases(subjects)}
        untitled = [id_ for id_, row in cases.items() if row["title"] is None]
        facts = await ask.facts(untitled, ["opened"], until)
        ids = {row[key] for row in cases.values() for key in ("agent_id", "manager_id")}
        names = await ask.names({*ids, *owners} - {None})
    for one in facts:
        if one["text_expired"]:
            cases.setdefault(one["subject"], {})["text_expired"] = True
    return Around(cases, names, policies, until.moment)
