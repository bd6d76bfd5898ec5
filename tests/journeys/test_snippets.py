"""The snippets of the guides run as they stand."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

from infra.runtime.kafka import topic_name
from schemas import topics
from tests.world import World

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


def snippet(name: str) -> dict[str, Any]:
    found = re.search(r"```python\n(.*?)```", (DOCS / name).read_text("utf-8"), re.S)
    assert found is not None
    scope: dict[str, Any] = {}
    exec(found[1], scope)
    return scope


async def test_what_the_guides_publish_is_read_and_what_is_decided_can_be_read(
    world: World,
) -> None:
    world.start("decider")
    where = world.kafka.bootstrap_servers
    await snippet("producing.md")["publish"](
        where, topic_name(world.kafka, topics.CASE_EVENTS.name)
    )
    await world.publish_raw([(b"CASE-1", _asked())])
    reading = snippet("consuming.md")["first_decision"](
        where, topic_name(world.kafka, topics.ESCALATION_EVENTS.name)
    )
    decision = await asyncio.wait_for(reading, 60)
    assert decision["type"] == "support.escalation.rejected.v1"
    assert decision["data"]["refusals"][0]["code"] == "too-early"


def _asked() -> bytes:
    return (
        b'{"specversion":"1.0","id":"4712","source":"/crm/acme","subject":"CASE-1",'
        b'"type":"support.case.escalation-requested.v1","time":"2026-11-23T10:00:00+01:00",'
        b'"data":{"request_id":"R-1","reason":"management-request","comments":"Please."}}'
    )
