"""Whatever a record holds, reading it raises nothing, and what is let through can be written again
by everybody behind: into JSON, into Postgres, into an index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from math import isinf
from typing import Any

from hypothesis import given, settings
from pydantic import BaseModel
from pydantic_core import to_json

from schemas import reported
from schemas.attributes import subject_kind
from schemas.codec import Record, Skipped, Unreadable, read_decided, read_reported
from schemas.envelope import Envelope
from services.escalation.decider.batch import Incoming
from services.escalation.decider.partition import Partition
from tests.mutations import Wild, mutated, valid
from tests.spec import POLICIES

LARGEST = 2**63 - 1
FREE_JSON = ("working_hours", "expected", "actual")
"""Fields that hold any JSON, which is only ever kept as text."""


@lru_cache
def valid_decisions() -> tuple[Wild, ...]:
    """What is decided on a history of every reported type."""
    partition = Partition(0, 1, POLICIES)
    for offset, one in enumerate(valid()):
        partition.take(Incoming(offset, one.timestamp, one.key, one.value, one.headers))
    return tuple(Wild(key, value) for key, value in partition.flush().decisions)


def record_of(one: Wild) -> Record:
    return Record(one.key, one.value, one.headers)


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_a_reported_record_is_read_skipped_or_refused_and_what_is_read_is_writable(
    one: Wild,
) -> None:
    found = read_reported(record_of(one), None)
    assert_told_or_writable(found)
    if isinstance(found, Envelope):
        assert found.source_offset is None, "of a report it means nothing"
        assert found.key == one.key


@settings(max_examples=400, deadline=None)
@given(mutated(valid_decisions()))
def test_a_decided_record_is_read_skipped_or_refused_and_what_is_read_is_writable(
    one: Wild,
) -> None:
    assert_told_or_writable(read_decided(record_of(one)))


def test_the_records_that_are_mutated_are_readable_and_of_every_type() -> None:
    read = [read_reported(record_of(one), None) for one in valid()]
    assert {one.type for one in read if isinstance(one, Envelope)} == set(reported.BY_TYPE)
    judged = [read_decided(record_of(one)) for one in valid_decisions()]
    assert all(isinstance(one, Envelope) for one in judged)
    assert len({one.type for one in judged if isinstance(one, Envelope)}) > 10


def assert_told_or_writable(found: Envelope[Any] | Skipped | Unreadable) -> None:
    if isinstance(found, Unreadable):
        assert found.text.isprintable(), "it goes into a header and a log"
        assert found.text.encode()
    elif isinstance(found, Envelope):
        assert_writable(found)


def assert_writable(event: Envelope[Any]) -> None:
    ids = (event.id, event.correlation_id, event.causation_id, event.traceparent)
    assert all(one is None or len(one.encode()) <= 256 for one in ids)
    assert event.id
    assert 1 <= len(event.source.encode()) <= 512
    assert len(event.key) <= 192
    assert subject_kind(event.subject) is not None
    attributes = [one for one in (*ids, event.source, event.subject) if one is not None]
    assert not any(hides_something(one) for one in attributes)
    for number in (event.source_partition, event.source_offset):
        assert number is None or 0 <= number <= LARGEST
    assert all(map(is_kept, parts(event.as_read)))
    assert json.loads(to_json(event.as_read)) == event.as_read
    assert depth(event.as_read) <= 100
    assert_ids_fit(event.data)


def assert_ids_fit(model: BaseModel) -> None:
    """In the model every number fits a bigint and every id an index."""
    for part in parts(model.model_dump(), FREE_JSON):
        assert not isinstance(part, int) or -LARGEST <= part <= LARGEST
    for name, value in fields(model):
        if name in ("id", "case_ids") or name.endswith("_id"):
            assert value is None or len(str(value).encode()) <= 256


def fields(model: BaseModel) -> Iterator[tuple[str, Any]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, BaseModel):
                yield from fields(one)
            else:
                yield name, one


def hides_something(text: str) -> bool:
    return any(
        ord(one) < 32 or 0x7F <= ord(one) < 0xA0 or 0xD800 <= ord(one) < 0xE000 for one in text
    )


def is_kept(part: Any) -> bool:
    if isinstance(part, str):
        return "\x00" not in part and not any(0xD800 <= ord(one) < 0xE000 for one in part)
    return not (isinstance(part, float) and isinf(part))


def parts(value: Any, left_out: tuple[str, ...] = ()) -> Iterator[Any]:
    """Every name and every value in it, but for the fields that are left out."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name not in left_out:
                yield name
                yield from parts(one, left_out)
    elif isinstance(value, list):
        for one in value:
            yield from parts(one, left_out)
    else:
        yield value


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0
