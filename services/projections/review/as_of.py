"""The board as it stood at a past moment: the same fold over the events up to then."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

import asyncpg

from infra.runtime.settings import Settings
from schemas import decided
from schemas.envelope import Envelope
from services.projections.read_models.escalation_status import EscalationRow, project
from services.projections.review.queries import Row

_DECIDED = (
    "SELECT event_id, source, type, subject, occurred_at, data FROM projections.events "
    "WHERE type LIKE 'support.escalation.%' AND occurred_at <= $1 "
    "ORDER BY kafka_partition, kafka_offset"
)
_OPEN = ("awaiting-approval", "escalated", "acknowledged", "monitored")


async def open_escalations(settings: Settings, moment: datetime) -> list[Row]:
    """The open escalations as of ``moment``, as we know it now."""
    connection = await asyncpg.connect(settings.postgres.dsn)
    try:
        rows: dict[str, EscalationRow] = {}
        for record in await connection.fetch(_DECIDED, moment):
            _fold(rows, record)
        titles = await connection.fetch(
            "SELECT case_id, title, severity, tier FROM projections.cases WHERE case_id = ANY($1)",
            [row.subject for row in rows.values()],
        )
        people = await connection.fetch("SELECT person_id, name FROM projections.people")
    finally:
        await connection.close()
    named = {row["case_id"]: dict(row) for row in titles}
    names = {row["person_id"]: row["name"] for row in people}
    return [
        asdict(row)
        | {"case_id": None if "/" in row.subject else row.subject, "turn": None}
        | {"owner": row.owner_id, "owner_name": names.get(row.owner_id)}
        | named.get(row.subject, {"title": None, "severity": None, "tier": None})
        for row in sorted(rows.values(), key=lambda one: (one.policy or "", one.subject))
        if row.status in _OPEN
    ]


def _fold(rows: dict[str, EscalationRow], record: Any) -> None:
    model = decided.BY_TYPE.get(record["type"])
    data = json.loads(record["data"])
    id_ = data.get("escalation_id")
    begins = record["type"].endswith((".accepted.v1", ".approval-requested.v1"))
    if model is None or id_ is None or (id_ not in rows and not begins):
        return
    event = Envelope(
        record["event_id"], record["source"], record["type"], record["subject"],
        record["occurred_at"], model.model_validate(data),
    )  # fmt: skip
    rows[id_] = project(rows.get(id_) or EscalationRow(id_, record["subject"]), event)
