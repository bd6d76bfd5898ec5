"""Read on behind records that aiokafka cannot parse.

A header's name need not be UTF-8 for the broker, nor for librdkafka; for aiokafka it must, and it
raises for the whole batch, again and again. Here such a batch is parsed once more: names that are
no UTF-8 get escapes (``\\xff``) and everything else is as it was. What still cannot be read comes
as one ``Unparsed`` value with its place, so that a consumer sets it aside and goes on behind it.

aiokafka decides which batches a read-committed consumer sees; this only reads what is in them.
``tests/canaries`` pins what this rests on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException, UnsupportedCodecError
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import decode_varint

from infra.runtime.logs import get_logger

LENGTH_AT: Final = 8
MAGIC_AT: Final = 16
OVERHEAD: Final = 12
"""Bytes of a batch before those that its length counts."""
TRIES: Final = 3
"""How often a batch with a wrong checksum is fetched before it counts as damaged where it is kept,
not on its way."""
ENVIRONMENT: Final = (UnsupportedCodecError, MemoryError)
"""What says nothing about a batch, but about this machine."""

log = get_logger(__name__)


class Unparsed(bytes):
    """Stands for what cannot be parsed: JSON with the SHA-256, the size and the offsets of it."""

    why: str

    @classmethod
    def of(cls, raw: bytes, first: int, last: int, why: str) -> Unparsed:
        """``raw`` is the batch or the record that stood at these offsets."""
        digest = {"sha256": sha256(raw).hexdigest(), "size": len(raw)}
        found = cls(json.dumps(digest | {"first_offset": first, "last_offset": last}).encode())
        found.why = why
        return found


@dataclass(frozen=True, slots=True)
class ParsedRecord:
    """A record as aiokafka's fetcher takes it from a batch."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    checksum: None = None


class TolerantRecords:
    """In place of aiokafka's ``MemoryRecords``: the batches of a fetched partition."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0
        self._memory = MemoryRecords(data)

    def has_next(self) -> bool:
        return bool(self._memory.has_next())

    def size_in_bytes(self) -> int:
        return int(self._memory.size_in_bytes())

    def next_batch(self) -> Any:
        """The next batch. Marks of transactions, and batches in the form before Kafka 0.11, which
        have no headers, are left to aiokafka."""
        batch = self._memory.next_batch()
        begin = self._at
        length = int.from_bytes(self._data[begin + LENGTH_AT : begin + OVERHEAD], "big")
        self._at = begin + OVERHEAD + length
        if batch.is_control_batch or self._data[begin + MAGIC_AT] < 2:
            return batch
        return _Batch(batch, self._data, begin, self._at)


class _Batch:
    """A batch that goes on where aiokafka's parser stops."""

    def __init__(self, batch: Any, data: bytes, begin: int, end: int) -> None:
        self._batch, self._data, self._begin, self._end = batch, data, begin, end
        self._is_damaged = False
        self.is_control_batch = False
        self.base_offset: int = batch.base_offset
        self.next_offset: int = batch.next_offset
        self.producer_id: int | None = batch.producer_id
        self.is_transactional: bool = batch.is_transactional

    @property
    def _raw(self) -> bytes:
        return bytes(self._data[self._begin : self._end])

    def validate_crc(self) -> bool:
        """Whether the bytes are those that were written, or damaged for good."""
        if self._batch.validate_crc():
            return True
        self._is_damaged = _failures.add(self._raw) >= TRIES
        return self._is_damaged

    def __iter__(self) -> Iterator[Any]:
        if self._is_damaged:
            yield self._unparsed(self.base_offset, self._raw, "its checksum is wrong")
            return
        number = 0
        records = self._by_aiokafka()
        while True:
            try:
                record = next(records, None)
            except ENVIRONMENT:
                raise
            except Exception as error:
                yield from self._again(number, type(error).__name__)
                return
            if record is None:
                return
            number += 1
            yield record

    def _by_aiokafka(self) -> Iterator[Any]:
        yield from self._batch  # uncompressing it, which may fail, begins here

    def _again(self, already: int, why: str) -> Iterator[ParsedRecord]:
        """The records behind those that were read already."""
        try:
            batch = _uncompressed(self._raw)
        except ENVIRONMENT:
            raise
        except Exception as error:
            why = f"{why}; uncompressing it: {type(error).__name__}"
            yield self._unparsed(self.base_offset, self._raw, why)
            return
        last = self.base_offset - 1
        for number, record in enumerate(_records(batch)):
            if isinstance(record, bytes):
                record = self._unparsed(last + 1, record, why)
            elif not last < record.offset < self.next_offset:
                record = self._unparsed(last + 1, self._raw, "a record with another's offset")
            last = record.offset
            if number >= already:
                yield record

    def _unparsed(self, offset: int, raw: bytes, why: str) -> ParsedRecord:
        offset = min(offset, self.next_offset - 1)
        value = Unparsed.of(raw, offset, self.next_offset - 1, why)
        stamp = self._batch
        return ParsedRecord(offset, stamp.max_timestamp, stamp.timestamp_type, None, value, [])


def _uncompressed(raw: bytes) -> Any:
    batch = _DefaultRecordBatchPy(raw)
    batch._maybe_uncompress()
    return batch


def _records(batch: Any) -> Iterator[ParsedRecord | bytes]:
    """Each record, or the bytes of one that cannot be read; of all the rest once a length is
    wrong."""
    data, at = bytes(batch._buffer), batch._pos
    for _ in range(batch._num_records):
        begin = at
        try:
            length, at = decode_varint(data, at)
        except (ValueError, IndexError):
            length = -1
        if length < 0 or at + length > len(data):
            yield data[begin:]
            return
        body, at = data[at : at + length], at + length
        try:
            yield _parsed(batch, body)
        except (ValueError, IndexError, CorruptRecordException):
            yield body


def _parsed(batch: Any, body: bytes) -> ParsedRecord:
    _, at = decode_varint(body, 0)  # attributes, of which there are none yet
    later, at = decode_varint(body, at)
    further, at = decode_varint(body, at)
    key, at = _field(body, at)
    value, at = _field(body, at)
    number, at = decode_varint(body, at)
    headers = []
    for _ in range(number):
        name, at = _field(body, at)
        held, at = _field(body, at)
        headers.append(((name or b"").decode("utf-8", "backslashreplace"), held))
    if at != len(body):
        raise CorruptRecordException("a record is not as long as it says")
    is_appended = batch.timestamp_type == batch.LOG_APPEND_TIME
    stamp = batch.max_timestamp if is_appended else batch.first_timestamp + later
    offset = batch.base_offset + further
    return ParsedRecord(offset, stamp, batch.timestamp_type, key, value, headers)


def _field(body: bytes, at: int) -> tuple[bytes | None, int]:
    """Bytes with their length before them; None where that is below zero."""
    length, at = decode_varint(body, at)
    if length < 0:
        return None, at
    if at + length > len(body):
        raise IndexError("a field ends behind its record")
    return body[at : at + length], at + length


class _Failures:
    """How often batches had a wrong checksum; very few ever do."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def add(self, raw: bytes) -> int:
        digest = sha256(raw).hexdigest()
        self._seen[digest] = self._seen.get(digest, 0) + 1
        return self._seen[digest]


_failures: Final = _Failures()


class TolerantResult(fetcher.FetchResult):  # type: ignore[misc]  # aiokafka has no types
    """In place of aiokafka's ``FetchResult``: what was fetched of one partition.

    aiokafka raises for a batch with a wrong checksum, in the middle of collecting from several
    partitions, and what it had collected from the others is lost: their positions have moved on.
    Here that partition alone gives nothing, and is fetched again at its position.
    """

    def getall(self, max_records: int | None = None) -> list[Any]:
        try:
            found: list[Any] = super().getall(max_records)
            return found
        except CorruptRecordException as error:
            log.warning("batch-damaged", why=str(error)[:200])
            self._partition_records = None
            return []


def install() -> None:
    """Let every consumer of this process read tolerantly, Faust's too."""
    fetcher.MemoryRecords = TolerantRecords
    fetcher.FetchResult = TolerantResult
