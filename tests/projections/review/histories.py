"""Histories as Kafka holds them: reported events with the stamps of their records, and what a
decider decides about them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from schemas import topics
from schemas.codec import Reported, write
from tests.projections.consumed import CASES, DECISIONS, Consumed, consumed, decisions_on


@dataclass(frozen=True)
class Told:
    """An event, and when the broker took its record."""

    event: Reported
    stamped: datetime


def records(told: Iterable[Told]) -> list[Consumed]:
    """The case topic's records in order, then the decisions about them."""
    at: Counter[int] = Counter()
    found: list[Consumed] = []
    for one in told:
        key = one.event.key
        number = topics.partition_of(key, topics.PARTITIONS)
        stamp = int(one.stamped.timestamp() * 1000)
        found.append(consumed(CASES, (number, at[number]), key, write(one.event), stamp))
        at[number] += 1
    return [*found, *decisions_on(found)]


def first(every: list[Consumed], stamped_until: int) -> list[Consumed]:
    """The part that was there when the broker's clock stood at a stamp: records up to it, and
    decisions about those."""
    stamps = {(one.partition, one.offset): one.timestamp for one in every if one.topic == CASES}
    kept = []
    for one in every:
        stamp = one.timestamp
        if one.topic == DECISIONS:
            source = int(json.loads(one.value)["sourceoffset"])
            stamp = stamps[one.partition, source]
        if stamp <= stamped_until:
            kept.append(one)
    return kept
