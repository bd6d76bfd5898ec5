"""Dead letters in the form that Kafka's tools understand: the record byte for byte, and why.

Each one is seen: a warning in the log with its place and reason, and a counter.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Final

from prometheus_client import Counter

from infra.runtime.logs import get_logger
from schemas.codec import Reason

LARGEST: Final = 2 * 1024 * 1024
OVERHEAD: Final = 1024
PREFIX: Final = "__connect.errors."
Headers = list[tuple[str, bytes | None]]

DEAD_LETTERS: Final = Counter(
    "escalation_dead_letters", "Records set aside in a dead-letter topic", ["consumer", "reason"]
)
log = get_logger(__name__)


def dead_letter_headers(
    *, topic: str, partition: int, offset: int, stage: str, reason: str, text: str
) -> Headers:
    """Where the record came from and the first reason why it cannot be used."""
    named = {
        "topic": topic,
        "partition": str(partition),
        "offset": str(offset),
        "stage": stage,
        "class.name": "escalation",
        "exception.class.name": reason,
        "exception.message": text[:500],
    }
    return [(f"{PREFIX}{name}", value.encode("utf-8", "replace")) for name, value in named.items()]


def dead_letter_value(
    value: bytes | None, original: Headers, ours: Headers
) -> tuple[bytes | None, Headers]:
    """The record as it was with its own headers and ours; too large, only what identifies it."""
    headers = original + ours
    size = len(value or b"") + sum(len(name) + len(held or b"") for name, held in headers)
    if size + OVERHEAD <= LARGEST:
        return value, headers
    digest = {"sha256": sha256(value or b"").hexdigest(), "size": len(value or b"")}
    return json.dumps(digest).encode(), ours


def report_dead_letter(
    consumer: str, *, topic: str, partition: int, offset: int, reason: Reason, **more: str | int
) -> None:
    """Log and count a record that ``consumer`` has set aside, once it stands in its topic.

    ``more`` is for what helps to find the cause and is nobody's data, such as ``failed``, the
    class and place of an error (see ``what_failed``).
    """
    DEAD_LETTERS.labels(consumer=consumer, reason=reason).inc()
    log.warning(
        "dead-letter", consumer=consumer, topic=topic, partition=partition, offset=offset,
        reason=reason, **more,
    )  # fmt: skip
