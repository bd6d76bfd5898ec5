"""Every topic, typed: what it holds, who writes it, how long it lives, and where a key belongs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

PARTITIONS: Final = 12
DAY_MS: Final = 24 * 60 * 60 * 1000
DEAD_LETTER_BYTES: Final = 2 * 1024 * 1024
LARGEST_EVENT_BYTES: Final = 256 * 1024


@dataclass(frozen=True)
class Topic:
    """One row of the catalogue. ``partitions`` never changes once the topic exists."""

    name: str
    holds: str
    written_by: str
    partitions: int = PARTITIONS
    configs: dict[str, str] = field(default_factory=dict)


_FOREVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}

CASE_EVENTS = Topic(
    "support.case.events.v1",
    "what is reported about cases",
    "CRMs, intake, the review page; the decider (account links and the clock only)",
    configs={
        "cleanup.policy": "delete",
        "retention.ms": str(400 * DAY_MS),
        "message.timestamp.type": "LogAppendTime",
    },
)
ESCALATION_EVENTS = Topic(
    "support.escalation.events.v1", "what was decided: the event store", "decider",
    configs=_FOREVER,
)  # fmt: skip
ESCALATION_STATE = Topic(
    "support.escalation.state.v1", "the state of each case as last decided", "decider",
    configs={
        "cleanup.policy": "compact",
        "min.cleanable.dirty.ratio": "0.2",
        "segment.bytes": str(64 * 1024 * 1024),
    },
)  # fmt: skip
POLICIES = Topic(
    "support.escalation.policies.v1", "policy versions", "escalation policy publish",
    partitions=1, configs=_FOREVER,
)  # fmt: skip

CONSUMERS: Final = ("decider", "intake", "notifier", "projections")


def dead_letters(consumer: str) -> Topic:
    """Where a consumer puts what it cannot read, byte for byte."""
    return Topic(
        f"support.dlq.{consumer}.v1",
        f"records that the {consumer} could not read",
        consumer,
        configs={
            "cleanup.policy": "delete",
            "retention.ms": str(30 * DAY_MS),
            "max.message.bytes": str(DEAD_LETTER_BYTES),
        },
    )


SALESFORCE: Final = "crm.salesforce.case-changes"
"""The vendor's topic: its connector writes it and may size it as it likes."""

TOPICS: Final = (
    CASE_EVENTS,
    ESCALATION_EVENTS,
    ESCALATION_STATE,
    POLICIES,
    *(dead_letters(consumer) for consumer in CONSUMERS),
)

DECIDER_GROUP: Final = "escalation-decider"
INTAKE_GROUP: Final = "escalation-intake"
NOTIFIER_GROUP: Final = "escalation-notifier"
PROJECTIONS_GROUP: Final = "escalation-projections"

_MASK = 0xFFFFFFFF
_MULTIPLIER = 0x5BD1E995


def murmur2(key: bytes) -> int:
    """Murmur2 as Java's producer computes it (32 bits, seed 0x9747b28c)."""
    length = len(key)
    h = 0x9747B28C ^ length
    whole = length & ~3
    for at in range(0, whole, 4):
        k = (int.from_bytes(key[at : at + 4], "little") * _MULTIPLIER) & _MASK
        k = ((k ^ (k >> 24)) * _MULTIPLIER) & _MASK
        h = ((h * _MULTIPLIER) & _MASK) ^ k
    if rest := key[whole:]:
        h = ((h ^ int.from_bytes(rest, "little")) * _MULTIPLIER) & _MASK
    h = ((h ^ (h >> 13)) * _MULTIPLIER) & _MASK
    return h ^ (h >> 15)


def partition_of(key: bytes, partitions: int) -> int:
    """The partition where Java's default partitioner puts a key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
