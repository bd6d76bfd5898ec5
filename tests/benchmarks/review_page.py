"""How fast the review page answers with very many escalations behind it."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import httpx2

from infra.runtime.registry import PROGRAMS
from infra.workbench.parts import free_port
from services.projections.review.web.people import PERSONAS
from services.projections.review.web.sessions import make_link
from tests.benchmarks import measure

ESCALATIONS: Final = 100_000
OPEN: Final = 2_000
EVENTS: Final = 1_000_000
TIMES: Final = 40
_EVENT: Final = (
    "event_id", "source", "subject", "type", "occurred_at", "recorded_at", "topic",
    "kafka_partition", "kafka_offset", "source_offset", "data",
)  # fmt: skip


async def fill(dsn: str) -> None:
    """Rows as the projections write them: decided, of one policy, two thousand of them open."""
    connection = await asyncpg.connect(dsn)
    now = datetime.now(UTC)
    await _copy(connection, "cases", ("case_id", "account_id", "title", "severity", "tier", "team",
                                      "opened_at", "closed", "recorded_at"),
                ((f"C{n}", f"account-{n % 500}", f"Orders stay open {n}", f"S{n % 4 + 1}", "gold",
                  f"team-{n % 5}", now, n >= OPEN, now) for n in range(ESCALATIONS)))  # fmt: skip
    await _copy(connection, "escalations",
                ("escalation_id", "subject", "account_id", "team", "status", "level",
                 "requested_at", "accepted_at", "duties", "next_duty", "next_due_at", "policy",
                 "policy_version"), (_escalation(n, now) for n in range(ESCALATIONS)))  # fmt: skip
    await _copy(connection, "events", _EVENT, (_event(n, now) for n in range(EVENTS)))
    await connection.execute("ANALYZE")
    await connection.close()


async def _copy(connection: Any, table: str, columns: tuple[str, ...], rows: Any) -> None:
    await connection.copy_records_to_table(
        table, schema_name="projections", columns=columns, records=rows
    )


def _escalation(n: int, now: datetime) -> tuple[Any, ...]:
    due = now + timedelta(minutes=n % 6_000 - 1_000)
    duty = {"duty": "next-update", "due_at": due.isoformat(), "clock": "elapsed"}
    is_open = n < OPEN
    return (
        f"e{n}", f"C{n}", f"account-{n % 500}", f"team-{n % 5}",
        "acknowledged" if is_open else "ended", "support", now, now,
        json.dumps([duty] if is_open else []), "next-update" if is_open else None,
        due if is_open else None, "engineer-led", 1,
    )  # fmt: skip


def _event(n: int, now: datetime) -> tuple[Any, ...]:
    """Every tenth is an acceptance, most of which end soon; many comments are about one case."""
    at = now - timedelta(seconds=EVENTS - n)
    if n % 10 == 0:
        number = n // 10
        data: dict[str, Any] = {
            "escalation_id": f"e{number}", "requested_at": at.isoformat(), "duties": [],
            "level": "support", "policy": {"name": "engineer-led", "version": 1},
            "request_id": f"r{number}", "suggestions": [],
            "receipt": {"policy": {"name": "engineer-led", "version": 1}, "at": at.isoformat(),
                        "facts": {}, "rules": [], "eligible_at": None},
        }  # fmt: skip
        kind, subject, topic = "support.escalation.accepted.v1", f"C{number}", "decided"
    elif n % 10 == 5 and n // 10 >= OPEN:
        number = n // 10
        data = {"escalation_id": f"e{number}", "why": "closed"}
        kind, subject, topic = "support.escalation.monitoring-ended.v1", f"C{number}", "decided"
    else:
        subject = "C0" if n < 550 else f"C{n % ESCALATIONS}"
        data = {"author": {"id": "a"}, "author_role": "customer", "body": "Is there any news?"}
        kind, topic = "support.case.comment-added.v1", "reported"
    return (f"i{n}", "/bench", subject, kind, at, at, topic, n % 12, n, n, json.dumps(data))


async def measured(dsn: str, env: dict[str, str]) -> dict[str, float]:
    """Milliseconds at the 95th percentile, and bytes over the wire of the first view."""
    connection = await asyncpg.connect(dsn)
    secret = await make_link(connection, PERSONAS["manager"])
    await connection.close()
    port = free_port()
    more = {"ESCALATION_POSTGRES__DSN": dsn, "ESCALATION_BOARD__PORT": str(port)}
    command = [sys.executable, "-m", PROGRAMS["board"].package]
    site = f"http://127.0.0.1:{port}"
    async with (
        measure.running(command, env | more),
        httpx2.AsyncClient(base_url=site, headers={"origin": site}, timeout=60) as client,
    ):
        await _until_up(client)
        await client.post(f"/signin/{secret}")
        then = (datetime.now(UTC) - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
        found = {
            "board": await _p95(lambda: client.get("/board")),
            "review": await _p95(lambda: client.get("/review/all"), 10),
            "case of 500 events": await _p95(lambda: client.get("/cases/C0")),
            "board of a past moment": await _p95(lambda: client.get(f"/board?as_of={then}"), 5),
            "freshness": await _p95(lambda: client.get("/freshness")),
            "csv of 2,000 rows": await _p95(lambda: client.get("/board.csv"), 5),
            "xlsx of 2,000 rows": await _p95(lambda: client.get("/board.xlsx"), 5),
        }
        page = (await client.get("/review/all")).content
    return found | {"first view, gzip bytes": float(len(gzip.compress(page)))}


async def _until_up(client: httpx2.AsyncClient) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if (await client.get("/status")).status_code == 200:
                return
        except httpx2.HTTPError:
            await asyncio.sleep(0.2)
    raise TimeoutError("the page does not answer")


async def _p95(ask: Callable[[], Awaitable[Any]], times: int = TIMES) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        answer = await ask()
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text[:300]
    return measure.quantile(took, 0.95)
