"""What others rely on, read from the topics as they would: keys, places, envelopes, headers.

One day is played through the decider; each promise is then looked for in every record.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from infra.workbench.demo_day import bad_records, day
from infra.workbench.workbench import Endpoints
from schemas import topics
from tests.world import new_world

SCHEMAS = Path(__file__).parents[2] / "schemas" / "json"
UUID5 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
Played = dict[str, list[Any]]


@pytest.fixture(scope="module")
async def played(servers: Endpoints, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The records of every topic after a day with bad records in it."""
    world = await new_world(servers, tmp_path_factory.mktemp("contracts"))
    told = [(subject.encode(), value) for subject, value in day(11, 300, datetime.now(UTC))]
    await world.publish_raw([*told, *bad_records(), *told[:50]])
    world.start("decider")
    await world.until_decided()
    names = {
        "cases": topics.CASE_EVENTS.name,
        "decisions": topics.ESCALATION_EVENTS.name,
        "states": topics.ESCALATION_STATE.name,
        "letters": topics.dead_letters("decider").name,
    }
    found = {short: await world.records(name) for short, name in names.items()}
    await world.end()
    assert len(found["decisions"]) > 200
    return found


async def test_a_decision_lies_in_the_partition_of_its_cause_under_the_same_key(
    played: Played,
) -> None:
    causes = {(one.partition, one.offset): one for one in played["cases"]}
    for one in played["decisions"]:
        event = json.loads(one.value)
        cause = causes[int(event["sourcepartition"]), int(event["sourceoffset"])]
        assert one.partition == cause.partition == topics.partition_of(one.key, topics.PARTITIONS)
        assert one.key.decode() == event["subject"]
        if "causationid" in event:
            assert one.key == cause.key and event["causationid"] == json.loads(cause.value)["id"]


async def test_source_offsets_are_padded_text_and_never_step_back(played: Played) -> None:
    last: dict[int, str] = {}
    for one in played["decisions"]:
        offset = json.loads(one.value)["sourceoffset"]
        assert re.fullmatch(r"\d{20}", offset)
        assert last.get(one.partition, "") <= offset
        last[one.partition] = offset


async def test_decisions_are_structured_cloudevents_of_ours(played: Played) -> None:
    for one in played["decisions"]:
        event = json.loads(one.value)
        headers = dict(one.headers)
        assert headers["content-type"] == b"application/cloudevents+json; charset=UTF-8"
        assert not any(name.startswith("ce_") for name in headers)
        assert event["specversion"] == "1.0" and event["source"] == "/escalation/decider"
        assert UUID5.fullmatch(event["id"]) and event["datacontenttype"] == "application/json"
        assert datetime.fromisoformat(event["time"]).tzinfo is not None


async def test_each_decision_is_there_once_and_fits_its_schema(played: Played) -> None:
    ids = [json.loads(one.value)["id"] for one in played["decisions"]]
    assert len(set(ids)) == len(ids)
    schemas: dict[str, Any] = {}
    for one in played["decisions"][:400]:
        event = json.loads(one.value)
        name = event["type"]
        if name not in schemas:
            schemas[name] = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
        jsonschema.validate(event["data"], schemas[name])


async def test_states_lie_beside_their_cases_and_hold_no_names(played: Played) -> None:
    for one in played["states"]:
        if not one.key.startswith(b"clock/"):
            assert one.partition == topics.partition_of(one.key, topics.PARTITIONS)
    kept = b"".join(one.value for one in played["states"] + played["decisions"])
    spoken = [json.loads(one.value)["data"] for one in played["cases"] if _is_opening(one)]
    assert spoken
    for opened in spoken:
        for person in (opened.get("opened_by"), opened.get("support_manager")):
            assert person is None or person.get("email", "@").encode() not in kept
        assert str(opened.get("title", "no such words")).encode() not in kept


async def test_what_could_not_be_read_is_kept_byte_for_byte_with_its_cause(played: Played) -> None:
    sent = {value for _, value in bad_records()}
    assert {one.value for one in played["letters"]} == sent
    for one in played["letters"]:
        headers = dict(one.headers)
        for name in ("topic", "partition", "offset", "exception.class.name", "exception.message"):
            assert headers[f"__connect.errors.{name}"]


def _is_opening(record: Any) -> bool:
    try:
        return str(json.loads(record.value)["type"]) == "support.case.opened.v1"
    except (ValueError, KeyError, TypeError):
        return False
