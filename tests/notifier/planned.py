"""A planner on a real Postgres, fed without a broker."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from infra.runtime.dead_letters import dead_letter_headers
from schemas import topics
from schemas.codec import Reason, write
from services.notifier.delivery.outbox import Outbox
from services.notifier.delivery.told import told
from services.notifier.follower import LARGEST_BATCH
from services.notifier.planner import DecisionBatch, Planner, Waits
from services.notifier.planning.wording import Wording
from services.notifier.planning.wording import write as write_words
from services.notifier.reading import TopicPosition, UnreadableDecision, read_case, read_decision
from services.notifier.sql import SQL
from tests.mutations import NOW_MS
from tests.notifier.decisions import DIRECTORY
from tests.projections.consumed import consumed

WAITS = Waits(timedelta(days=36_500), timedelta(minutes=10), timedelta(minutes=15))
CASES = topics.CASE_EVENTS.name


@dataclass
class Letters:
    """The dead letters that would be written, by place."""

    found: dict[tuple[str, int, int], tuple[str, str]] = field(default_factory=dict)

    async def put(self, record: Any, reason: Reason, text: str) -> None:
        dead_letter_headers(
            topic=record.topic, partition=record.partition, offset=record.offset, stage="plan",
            reason=reason, text=text,
        )  # fmt: skip
        self.found[record.topic, record.partition, record.offset] = reason, text


@asynccontextmanager
async def planner_on(dsn: str, waits: Waits = WAITS) -> AsyncIterator[tuple[Planner, Letters]]:
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=2)
    letters = Letters()
    try:
        yield Planner(pool, DIRECTORY, waits, letters), letters  # type: ignore[arg-type]  # no Kafka
    finally:
        await pool.close()


async def take(planner: Planner, records: Iterable[Any]) -> int:
    """Plan these records of both topics as one batch, as the follower would."""
    batch = DecisionBatch()
    for record in list(records)[:LARGEST_BATCH]:
        place = TopicPosition(record.topic, record.partition)
        begins, _ = batch.moves.get(place, (record.offset, 0))
        batch.moves[place] = begins, record.offset + 1
        if record.topic != CASES:
            batch.decisions.append(read_decision(record))
            continue
        match read_case(record, topics.PARTITIONS):
            case str():
                pass
            case UnreadableDecision() as broken:
                batch.broken.append(broken)
            case said:
                batch.said.append(said)
    await _seat(planner.pool, batch.moves)
    return await planner.take(batch)


async def _seat(pool: Any, moves: dict[TopicPosition, tuple[int, int]]) -> None:
    spots = list(moves)
    names, numbers = [one.topic for one in spots], [one.partition for one in spots]
    await pool.fetch(SQL["offset_of"], names, numbers)
    for place, (begins, _) in moves.items():
        await pool.execute(SQL["rewind"], place.topic, place.partition, begins)


def records(*told: Any) -> list[Any]:
    """Events of both topics as records, each decision caused by the report before it."""
    at: Counter[str] = Counter()
    found, cause = [], 0
    for one in told:
        is_decision = one.type.startswith("support.escalation.")
        topic = topics.ESCALATION_EVENTS.name if is_decision else CASES
        number = topics.partition_of(one.key, topics.PARTITIONS)
        if is_decision:
            one = replace(one, source_partition=number, source_offset=cause)
        else:
            cause = at[topic]
        found.append(consumed(topic, (number, at[topic]), one.key, write(one), NOW_MS))
        at[topic] += 1
    return found


async def mail_of(planner: Planner, where: str = "true", now: datetime | None = None) -> Wording:
    """The words of the one planned message, as they would be sent now."""
    outbox = Outbox(planner.pool, "test", "mail")
    (row,) = await planner.pool.fetch(f"SELECT message_id FROM notifier.message WHERE {where}")
    await planner.pool.execute("UPDATE notifier.message SET lease_owner = 'test'")
    found = await outbox.begin(row["message_id"], slow=True)
    return write_words(told(found, now or datetime.now(UTC)))
