"""Dead letters in the form that Kafka's tools understand: the record byte for byte, and why."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Final

LARGEST: Final = 2 * 1024 * 1024
OVERHEAD: Final = 1024
PREFIX: Final = "__connect.errors."
Headers = list[tuple[str, bytes | None]]


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
    return [(f"{PREFIX}{name}", value.encode()) for name, value in named.items()]


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
