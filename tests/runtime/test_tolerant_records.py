"""What the broker takes is read, and what nobody can read holds up nothing behind it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.util import calc_crc32c
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.runtime.tolerant_records import TRIES, TolerantRecords, TolerantResult, Unparsed

HEADER = _DefaultRecordBatchBuilderPy.HEADER_STRUCT
CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}


class RawName(str):
    """A header name that goes out as these bytes."""

    def __new__(cls, raw: bytes) -> RawName:
        found = super().__new__(cls, raw.decode("latin-1"))
        found.raw = raw
        return found

    raw: bytes

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return self.raw


Row = tuple[bytes | None, bytes | None, list[tuple[bytes, bytes | None]]]


def written(rows: Sequence[Row], first: int = 0, codec: str = "none", **producer: int) -> bytes:
    """A batch as a broker has it, its first record at offset ``first``."""
    builder = _DefaultRecordBatchBuilderPy(
        2, CODECS[codec], producer.get("transactional", 0), producer.get("id", -1), 0, 0, 1 << 24
    )
    for number, (key, value, headers) in enumerate(rows):
        named = [(RawName(name), held) for name, held in headers]
        builder.append(number, 1_000 + number, key, value, named)
    return placed(bytes(builder.build()), first)


def placed(batch: bytes, first: int) -> bytes:
    return first.to_bytes(8, "big") + batch[8:]


def summed(batch: bytes) -> bytes:
    """The batch with the checksum of what stands in it now."""
    crc = calc_crc32c(batch[21:])
    return batch[:17] + int(crc).to_bytes(4, "big") + batch[21:]


def read(data: bytes, aborted: Sequence[tuple[int, int]] = ()) -> list[Any]:
    """What a read-committed consumer gets of this, fetched at offset 0."""
    place, records = TopicPartition("topic", 3), TolerantRecords(data)
    found = PartitionRecords(place, records, list(aborted), 0, None, None, True, READ_COMMITTED)
    return list(found)


def rows_of(found: list[Any]) -> list[Row]:
    return [
        (one.key, one.value, [(name.encode(), held) for name, held in one.headers]) for one in found
    ]


optional = st.none() | st.binary(max_size=40)
names = st.binary(max_size=6)
rows = st.lists(
    st.tuples(optional, optional, st.lists(st.tuples(names, optional), max_size=3)),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(rows, min_size=1, max_size=3), st.sampled_from(sorted(CODECS)))
def test_whatever_headers_are_called_each_record_is_read_in_its_place(
    batches: list[list[Row]], codec: str
) -> None:
    data, first = b"", 0
    for one in batches:
        data += written(one, first, codec)
        first += len(one)
    found = read(data)
    assert [one.offset for one in found] == list(range(first))
    expected = [row for one in batches for row in one]
    for row, (key, value, headers) in zip(rows_of(found), expected, strict=True):
        escaped = [
            (name.decode("utf-8", "backslashreplace").encode(), held) for name, held in headers
        ]
        assert row == (key, value, escaped)


def test_a_name_that_is_no_utf_8_has_escapes() -> None:
    (found,) = read(written([(b"k", b"v", [(b"caf\xe9", b"1"), (b"\xc3\xa9", None)])]))
    assert list(found.headers) == [("caf\\xe9", b"1"), ("é", None)]
    assert found.timestamp == 1_000


@settings(deadline=None)
@given(rows, st.data(), st.sampled_from(["none", "gzip", "zstd"]))
def test_a_batch_with_wrong_bytes_in_it_holds_up_nothing_behind_it(
    damaged: list[Row], data: st.DataObject, codec: str
) -> None:
    batch = bytearray(written(damaged, 0, codec))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(HEADER.size, len(batch) - 1))
        batch[at] = data.draw(st.integers(0, 255))
    behind = written([(b"k", b"behind", [])], len(damaged))
    found = read(summed(bytes(batch)) + behind)
    assert found[-1].value == b"behind" and found[-1].offset == len(damaged)
    unparsed = [one.offset for one in found if isinstance(one.value, Unparsed)]
    assert unparsed == sorted(set(unparsed)) and all(at < len(damaged) for at in unparsed)


def test_what_cannot_be_read_at_all_says_where_it_stood() -> None:
    batch = written([(b"k", b"v" * 100, []), (b"k", b"w", [])], 0, "gzip")
    broken = summed(batch[: HEADER.size] + b"\x00" * (len(batch) - HEADER.size))
    (found,) = read(broken)
    assert isinstance(found.value, Unparsed)
    told = json.loads(found.value)
    assert (told["first_offset"], told["last_offset"], told["size"]) == (0, 1, len(batch))
    assert len(told["sha256"]) == 64 and "BadGzipFile" in found.value.why


def test_one_record_that_cannot_be_read_stands_alone() -> None:
    batch = bytearray(written([(b"k", b"one", []), (b"k", b"two", []), (b"k", b"three", [])]))
    at = batch.index(b"two") - 1
    batch[at] = 0x7E  # the value ends far behind its record
    found = read(summed(bytes(batch)))
    assert [one.value for one in found if not isinstance(one.value, Unparsed)] == [b"one", b"three"]
    assert [one.offset for one in found] == [0, 1, 2]


def test_a_wrong_checksum_is_damage_only_when_it_is_so_again_and_again() -> None:
    batch = written([(b"k", b"another", [])]).replace(b"another", b"altered")
    for _ in range(TRIES - 1):
        with pytest.raises(CorruptRecordException):
            read(batch)
    (found,) = read(batch)
    assert isinstance(found.value, Unparsed) and "checksum" in found.value.why


async def test_damage_of_one_partition_loses_nothing_of_the_others() -> None:
    """aiokafka collects from all partitions; an error on the way would lose what it has so far."""
    place = TopicPartition("topic", 0)
    subscriptions = SubscriptionState()
    subscriptions.assign_from_user([place])
    assignment = subscriptions.subscription.assignment
    assignment.state_value(place).seek(0)
    data = bytearray(written([(b"key", b"value", [])]))
    data[-1] ^= 1
    for _ in range(TRIES - 1):
        result = _fetched(place, assignment, bytes(data))
        assert result.getall() == [] and not result.has_more(), "it is fetched again"
        assert assignment.state_value(place).position == 0
    (found,) = _fetched(place, assignment, bytes(data)).getall()
    assert isinstance(found.value, Unparsed)
    assert assignment.state_value(place).position == 1


def _fetched(place: TopicPartition, assignment: Any, data: bytes) -> Any:
    records = PartitionRecords(
        place, TolerantRecords(data), [], 0, None, None, True, READ_COMMITTED
    )
    return TolerantResult(place, assignment=assignment, partition_records=records, backoff=0)


def test_what_was_aborted_stays_unread() -> None:
    bad: list[tuple[bytes, bytes | None]] = [(b"caf\xe9", b"")]
    aborted = written([(b"k", b"aborted", bad)], 0, id=7, transactional=1)
    committed = written([(b"k", b"committed", bad)], 1, id=8, transactional=1)
    found = read(aborted + committed, [(7, 0)])
    assert [one.value for one in found] == [b"committed"]
