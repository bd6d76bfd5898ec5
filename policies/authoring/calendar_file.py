"""A calendar's change: read from a file, checked against the policies, told to every partition."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid5

import yaml
from pydantic import ValidationError

from infra.runtime.kafka import make_producer, topic_name
from infra.runtime.settings import KafkaSettings
from policies.calendar_changes import with_change
from policies.catalogue import Policies
from schemas import reported, topics
from schemas.codec import STRUCTURED_HEADERS, write
from schemas.envelope import NAMESPACE, Envelope

SOURCE: Final = "/escalation/calendar"


def read_calendar(file: Path, policies: Policies) -> reported.CalendarChanged:
    """The change in a file. Errors: ``OSError``; ``ValueError`` saying what is wrong with it."""
    try:
        data = yaml.safe_load(file.read_text("utf-8"))
        change = reported.CalendarChanged.model_validate(as_text(data))
    except yaml.YAMLError as error:
        raise ValueError(f"this is not YAML: {error}") from None
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise ValueError("\n".join(lines)) from None
    after = with_change(policies, change)
    if isinstance(after, str):
        names = ", ".join(sorted({one.calendar_name for one in policies}))
        raise ValueError(f"{after} (calendars in use: {names})")
    return change


def as_text(value: Any) -> Any:
    """YAML reads dates as dates; events carry them as text."""
    if isinstance(value, dict):
        return {key: as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_text(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


async def apply_calendar(kafka: KafkaSettings, change: reported.CalendarChanged) -> int:
    """Tell every partition; the number of partitions told. Telling it again changes nothing."""
    producer = make_producer(kafka)
    await producer.start()
    try:
        name = topic_name(kafka, topics.CASE_EVENTS.name)
        for number in range(topics.PARTITIONS):
            event = _event(change, number)
            await producer.send_and_wait(
                name, write(event), key=event.key, partition=number,
                headers=list(STRUCTURED_HEADERS),
            )  # fmt: skip
    finally:
        await producer.stop()
    return topics.PARTITIONS


def _event(change: reported.CalendarChanged, partition: int) -> Envelope[Any]:
    """The same change has the same id, whenever it is told."""
    return Envelope(
        id=str(uuid5(NAMESPACE, f"{change.calendar}\n{change.model_dump_json()}")),
        source=SOURCE,
        type=reported.type_of(reported.CalendarChanged),
        subject=f"clock/{partition}",
        time=datetime.now(UTC),
        data=change,
    )
