"""What we know of Faust and aiokafka and rest on. A change here is for a person to look at."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields

import aiokafka
import faust
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, codec
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.producer import sender
from aiokafka.record import memory_records
from faust.streams import Stream
from faust.transport.drivers import aiokafka as driver

from infra.runtime.kafka import TolerantConsumer, make_consumer
from infra.runtime.settings import load_settings
from infra.runtime.tolerant_records import ParsedRecord, TolerantRecords
from services.intake import app
from services.intake.app import build
from services.intake.mapping_file import load_mapping
from services.intake.transport import CommittedConsumer, CommittedTransport
from tests.runtime.test_tolerant_records import written


def test_these_are_the_versions_that_were_measured() -> None:
    assert (faust.__version__, aiokafka.__version__) == ("0.15.3", "0.14.0")


def test_aiokafkas_defaults_are_not_safe_so_ours_are_set() -> None:
    producer = inspect.signature(AIOKafkaProducer.__init__).parameters
    consumer = inspect.signature(AIOKafkaConsumer.__init__).parameters
    assert producer["enable_idempotence"].default is False
    assert producer["retry_backoff_ms"].default == 100
    assert consumer["enable_auto_commit"].default is True
    assert consumer["auto_offset_reset"].default == "latest"
    assert consumer["isolation_level"].default == "read_uncommitted"
    assert sender.BACKOFF_OVERRIDE == 0.02


async def test_aiokafka_parses_fetched_bytes_where_we_put_our_reader() -> None:
    fetched = inspect.getsource(fetcher.Fetcher._proc_fetch_request)
    assert "records = MemoryRecords(part_data[-1])" in fetched
    assert vars(fetcher)["MemoryRecords"] is TolerantRecords
    consumer = make_consumer(load_settings().kafka)
    try:
        assert isinstance(consumer, TolerantConsumer)
    finally:
        await consumer.stop()


def test_of_a_batch_aiokafka_asks_only_what_ours_answers() -> None:
    source = inspect.getsource(fetcher.PartitionRecords._unpack_records)
    asked = set(re.findall(r"next_batch\.(\w+)", source))
    assert asked == {
        "validate_crc", "producer_id", "base_offset", "is_control_batch", "is_transactional",
        "next_offset",
    }  # fmt: skip
    assert set(re.findall(r"records\.(\w+)", source)) == {"has_next", "next_batch"}
    record = inspect.getsource(fetcher.PartitionRecords._consumer_record)
    assert set(re.findall(r"record\.(\w+)", record)) == {one.name for one in fields(ParsedRecord)}


def test_a_header_that_is_no_utf_8_stops_aiokafka_as_it_is() -> None:
    """The day that it does not, ``tolerant_records`` is needed only for damage."""
    batch = written([(b"key", b"value", [(b"caf\xe9", b"")])])
    with pytest.raises((CorruptRecordException, UnicodeDecodeError)):
        list(memory_records.MemoryRecords(batch).next_batch())


def test_every_codec_that_a_broker_takes_can_be_read() -> None:
    assert all([codec.has_gzip(), codec.has_snappy(), codec.has_lz4(), codec.has_zstd()])


def test_faust_builds_its_consumer_where_we_override_it() -> None:
    source = inspect.getsource(driver.AIOKafkaConsumerThread._create_worker_consumer)
    assert 'isolation_level: str = "read_uncommitted"' in source
    assert "_new_consumer_thread" in vars(driver.Consumer)
    assert "fetcher.fetched_records(" in inspect.getsource(
        driver.AIOKafkaConsumerThread._fetch_records
    )
    assert "res_or_error.getall(" in inspect.getsource(fetcher.Fetcher.fetched_records)
    assert CommittedTransport.Consumer is CommittedConsumer
    assert "_isolation_level" in inspect.getsource(AIOKafkaConsumer.__init__)


def test_faust_acknowledges_what_is_taken_unless_it_is_told_not_to() -> None:
    def acks(method: object) -> bool:
        lines = inspect.getsource(method).splitlines()  # type: ignore[arg-type]
        return any(line.strip() == "await self.ack(event)" for line in lines)

    assert acks(Stream.take), "a batch that fails is lost: never ours"
    assert not acks(Stream.noack_take)
    assert "enable_acks=False" in inspect.getsource(Stream.noack)
    assert "stream.noack().noack_take(" in inspect.getsource(app)


def test_faust_makes_its_directories_where_we_keep_it_from_that() -> None:
    assert "mkdir" in inspect.getsource(faust.App._create_directories)


def test_fausts_own_producer_is_not_idempotent() -> None:
    source = inspect.getsource(driver.Producer)
    assert "enable_idempotence" not in source or "in_transaction" in source


def test_the_intake_app_is_the_trustworthy_subset() -> None:
    conf = build(load_settings(), load_mapping(None)).conf
    assert str(conf.store) == "memory:"
    assert conf.processing_guarantee.value == "at_least_once"
    assert not conf.web_enabled
    assert not conf.topic_allow_declare
    assert conf.table_standby_replicas == 0
