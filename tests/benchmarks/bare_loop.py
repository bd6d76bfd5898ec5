"""A peer: the bare transactional loop, one record out for each record in, nothing decided."""

from __future__ import annotations

import asyncio
import os

import uvloop
from aiokafka import TopicPartition

from infra.runtime.kafka import make_consumer, make_producer
from infra.runtime.settings import KafkaSettings

BROKER, SOURCE, TARGET = os.environ["BENCH_BROKER"], os.environ["BENCH_IN"], os.environ["BENCH_OUT"]
KAFKA = KafkaSettings(bootstrap_servers=BROKER)
GROUP = f"bare-{TARGET}"


async def copy(partition: int) -> None:
    place = TopicPartition(SOURCE, partition)
    consumer = make_consumer(KAFKA, fetch_max_wait_ms=50)
    producer = make_producer(
        KAFKA, transactional_id=f"{GROUP}-{partition}", retry_backoff_ms=5, linger_ms=0
    )
    await producer.start()
    await consumer.start()
    consumer.assign([place])
    await consumer.seek_to_beginning(place)
    while True:
        found = await consumer.getmany(place, timeout_ms=200, max_records=2000)
        if records := found.get(place):
            async with producer.transaction():
                for one in records:
                    await producer.send(TARGET, one.value, key=one.key, partition=partition)
                await producer.send_offsets_to_transaction({place: records[-1].offset + 1}, GROUP)


async def main() -> None:
    await asyncio.gather(*(copy(number) for number in range(12)))


if __name__ == "__main__":
    uvloop.run(main())
