"""``escalation send`` and ``validate``: JSON Lines of CloudEvents, checked before they are sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.runtime.kafka import make_producer, topic_name
from infra.runtime.settings import KafkaSettings
from schemas import topics
from schemas.codec import (
    STRUCTURED_HEADERS,
    Headers,
    Record,
    Skipped,
    Unreadable,
    read_reported,
)


@dataclass(frozen=True)
class Line:
    """One line of a file and what is wrong with it; ``problem`` None where nothing is."""

    number: int
    text: bytes
    subject: str
    problem: str | None


def read_lines(file: Path) -> Iterator[Line]:
    """Every line that holds something. Errors: ``OSError`` where there is no such file."""
    for number, text in enumerate(file.read_bytes().splitlines(), 1):
        if text.strip():
            yield _checked(number, text)


def _checked(number: int, text: bytes) -> Line:
    subject = _subject(text)
    record = Record(subject.encode(), text, STRUCTURED_HEADERS)
    match read_reported(record, None):
        case Unreadable(reason=reason, text=why):
            return Line(number, text, subject, f"{reason}: {why}")
        case Skipped(type=type_):
            return Line(number, text, subject, f"unknown type {type_}: readers will skip it")
        case _:
            return Line(number, text, subject, None)


def _subject(text: bytes) -> str:
    try:
        subject = json.loads(text)["subject"]
    except (ValueError, TypeError, KeyError):
        return ""
    return subject if isinstance(subject, str) else ""


@dataclass(frozen=True)
class Outgoing:
    """A record to publish; ``partition`` None leaves it to the key."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers = STRUCTURED_HEADERS
    partition: int | None = None


def to_case_topic(subject: str, value: bytes) -> Outgoing:
    return Outgoing(topics.CASE_EVENTS.name, subject.encode(), value)


async def publish(kafka: KafkaSettings, records: Iterator[Outgoing]) -> int:
    """Send records and wait until the broker has them all; how many."""
    producer: Any = make_producer(kafka, linger_ms=5)
    await producer.start()
    try:
        sent = [
            await producer.send(
                topic_name(kafka, one.topic),
                one.value,
                key=one.key,
                partition=one.partition,
                headers=list(one.headers),
            )
            for one in records
        ]
        for waiting in sent:
            await waiting
        return len(sent)
    finally:
        await producer.stop()
