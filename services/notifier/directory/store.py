"""Store what the case topic says of people, and look it up for decisions.

What is kept, and how it is folded, is pure and in ``core/people.py``; the SQL is in ``sql/``.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from schemas import decided
from schemas.codec import Decided
from services.notifier.directory.people import Learnt
from services.notifier.planning.audience import Known
from services.notifier.planning.comments import MOST_A_DAY, commented
from services.notifier.planning.escalations import EscalationState
from services.notifier.sql import SQL


def as_json(rows: Iterable[Any]) -> str:
    """Rows as one JSON parameter: one round trip for a batch."""
    return json.dumps([asdict(row) for row in rows], default=_text, ensure_ascii=False)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


async def remember(connection: Any, learnt: Learnt) -> None:
    """Store what a batch of the case topic said."""
    if learnt.people:
        await connection.execute(SQL["upsert_people"], as_json(learnt.people.values()))
    if learnt.asked:
        await connection.execute(SQL["upsert_requesters"], as_json(learnt.asked.values()))
    if learnt.cases:
        await connection.execute(SQL["upsert_case_owner"], as_json(learnt.cases.values()))
    if learnt.words:
        await connection.execute(SQL["upsert_statements"], as_json(learnt.words))


async def known_of(connection: Any, events: Sequence[Decided]) -> list[Known]:
    """What the cases say about each of these decisions, in their order; three look-ups in all."""
    subjects = sorted({event.subject for event in events})
    asked = sorted({(event.subject, _ref(event)) for event in events if _ref(event)})
    people = await connection.fetch(SQL["people_of"], subjects)
    askers = await connection.fetch(
        SQL["requesters_of"], [subject for subject, _ in asked], [ref for _, ref in asked]
    )
    files = await connection.fetch(SQL["case_owners_of"], subjects)
    return _joined(events, people, askers, files)


async def comments_while_watched(connection: Any, since: dict[str, int]) -> list[Decided]:
    """Comments of customers on these subjects, from these offsets on, whose escalation is only
    watched by then."""
    rows = await connection.fetch(
        SQL["comments_while_watched"], list(since), list(since.values()), MOST_A_DAY
    )
    return [
        commented(
            EscalationState.model_validate_json(row["state"]), row["ref"], row["person_id"],
            row["said_at"], row["source_offset"],
        )
        for row in rows
    ]  # fmt: skip


def _joined(events: Sequence[Decided], people: Any, askers: Any, looked_after: Any) -> list[Known]:
    emails: dict[str, dict[str, str]] = defaultdict(dict)
    for row in people:
        emails[row["subject"]][row["person_id"]] = row["email"]
    asked: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in askers:
        asked[row["subject"], row["ref"]].append(row)
    files = {row["subject"]: row for row in looked_after}
    return [
        Known(
            emails=emails.get(event.subject, {}),
            **_asked_by(event, asked.get((event.subject, _ref(event)), [])),
            **_looked_after(files.get(event.subject)),
        )
        for event in events
    ]


def _looked_after(file: Any) -> dict[str, Any]:
    if file is None:
        return {}
    return {name: file[name] for name in ("support_manager_id", "agent_id", "team")}


def _ref(event: Decided) -> str:
    """Under which name somebody asked: the request's id, or the comment's."""
    if isinstance(event.data, decided.SuggestionMade):
        return event.data.comment_id
    return event.data.request_id or ""


def _asked_by(event: Decided, rows: list[Any]) -> dict[str, Any]:
    """Of several under one name, who wrote the record that caused the decision; else the first
    request; else the first comment."""
    best = min(
        rows,
        key=lambda row: (
            row["source_offset"] != event.source_offset,
            row["kind"] != "request",
            row["source_offset"],
        ),
        default=None,
    )
    if best is None:
        return {}
    return {
        "asker_id": best["person_id"],
        "behalf_id": best["behalf_id"],
        "situations": tuple(best["situations"]),
    }
