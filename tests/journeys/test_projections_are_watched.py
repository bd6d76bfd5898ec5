"""What operators see of the projections: readiness, lag, dead letters, tables that went away."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from aiokafka import TopicPartition

from infra.runtime.kafka import make_consumer, topic_name
from infra.workbench.demo_day import day
from infra.workbench.migrating import migrate_all
from infra.workbench.parts import free_port
from schemas import topics
from tests.journeys.test_projections import caught_up
from tests.world import World, answered, until

FOREIGN = (b"foreign", b"\xff\x00 nobody's JSON")
DROP = "DROP SCHEMA projections, review CASCADE"


async def test_operators_see_how_the_projections_do(world: World) -> None:
    events = [(subject.encode(), value) for subject, value in day(17, 150, datetime.now(UTC))]
    world.start("decider")
    port = free_port()
    world.more["ESCALATION_HEALTH__PORT"] = str(port)
    world.start("projections")
    await world.publish_raw([*events, *events[:40]])  # repeats are allowed
    await world.publish_raw([FOREIGN], topic=topics.ESCALATION_EVENTS.name)
    await world.until_decided()
    await until(lambda: caught_up(world))
    await until(lambda: _is_ready(port))

    _, metrics = await answered(port, "/metrics")
    assert _sample(metrics, 'escalation_projections_lag_records{topic="case"}') == 0
    assert _sample(metrics, "escalation_projections_watermark_age_seconds") == 0
    assert _sample(metrics, "escalation_projections_newest_event_age_seconds") < 600
    assert _sample(metrics, 'escalation_projections_batches_total{outcome="applied"}') > 0
    counted = 'escalation_dead_letters_total{consumer="projections",reason="not-json"}'
    assert _sample(metrics, counted) == 1
    (letter,) = await world.records(topics.dead_letters("projections").name)
    assert (letter.key, letter.value) == FOREIGN
    await until(lambda: _hints_are_at_the_end(world))

    rows = await _every_row(world)
    assert sum(rows.values()) > len(events) // 2
    await world.query(DROP)
    await until(lambda: _says(port, "read-models"))
    await migrate_all(world.dsn)
    await until(lambda: _is_ready(port))
    await until(lambda: _equals(world, rows))
    await world.query(DROP)
    await migrate_all(world.dsn)  # before anybody has noticed
    await until(lambda: _equals(world, rows))
    assert world.processes["projections"].poll() is None, "without a restart"
    logged = _log(world)
    told = Counter(line["event"] for line in logged if line["level"] != "info")
    assert 1 <= told["read-models-away"] <= 2, "one warning for one state"
    assert told["dead-letter"] == 3, "it is foreign for whoever reads the topic again"
    assert not set(told) - {"read-models-away", "dead-letter", "offsets-read-again"}, told


async def test_a_repeat_is_no_error_in_the_log_of_postgres(world: World) -> None:
    events = [(subject.encode(), value) for subject, value in day(19, 20, datetime.now(UTC))]
    world.start("projections")
    await world.publish_raw([*events, *events])
    await until(lambda: caught_up(world))
    await world.publish_raw(events)
    await until(lambda: caught_up(world))
    for log in world.servers.data.glob("logs/postgres*.log"):
        assert "events_pkey" not in log.read_text("utf-8", "replace")


async def _is_ready(port: int) -> bool:
    return await answered(port, "/readyz") == (200, "yes\n")


async def _says(port: int, condition: str) -> bool:
    _, said = await answered(port, "/readyz")
    return said.startswith("no:") and condition in said


def _sample(metrics: str, name: str) -> float:
    found = [line for line in metrics.splitlines() if line.startswith(f"{name} ")]
    assert found, f"{name} is missing"
    return float(found[0].rpartition(" ")[2])


async def _hints_are_at_the_end(world: World) -> bool:
    """Whether a tool that watches the group's lag sees none."""
    consumer = make_consumer(world.kafka, group_id=topics.PROJECTIONS_GROUP)
    await consumer.start()
    try:
        places = [
            TopicPartition(topic_name(world.kafka, topic.name), number)
            for topic in (topics.CASE_EVENTS, topics.ESCALATION_EVENTS)
            for number in range(topics.PARTITIONS)
        ]
        ends = await consumer.end_offsets(places)
        return all([(await consumer.committed(tp) or 0) >= ends[tp] for tp in places])
    finally:
        await consumer.stop()


async def _every_row(world: World) -> dict[str, int]:
    tables = ("events", "cases", "people", "escalations", "rights", "rejections", "policies")
    counts = [f"(SELECT count(*) FROM projections.{one}) AS {one}" for one in tables]
    (row,) = await world.query(f"SELECT {', '.join(counts)}")
    return dict(row)


async def _equals(world: World, rows: dict[str, int]) -> bool:
    return await _every_row(world) == rows


def _log(world: World) -> list[dict[str, Any]]:
    lines = (world.logs / "projections.log").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]
