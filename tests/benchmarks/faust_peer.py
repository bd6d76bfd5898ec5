"""A peer: one Faust agent with a table, at least once, making the same decisions."""

from __future__ import annotations

import os
import sys
from typing import Any

import faust

from schemas.codec import Record
from tests.benchmarks.peers import decided, shipped_policies

BROKER, SOURCE, TARGET = os.environ["BENCH_BROKER"], os.environ["BENCH_IN"], os.environ["BENCH_OUT"]
app = faust.App(
    f"peer-{TARGET}", broker=f"kafka://{BROKER}", store="memory://", web_enabled=False,
    value_serializer="raw", key_serializer="raw", topic_partitions=12, table_standby_replicas=0,
    topic_disable_leader=True,
)  # fmt: skip
source = app.topic(SOURCE, value_type=bytes, key_type=bytes)
target = app.topic(TARGET, value_type=bytes, key_type=bytes)
table = app.Table("states", key_type=bytes, value_type=bytes, partitions=12)
policies = shipped_policies()


@app.agent(source)  # type: ignore[untyped-decorator]
async def decide(stream: Any) -> None:
    async for event in stream.events():
        message = event.message
        record = Record(event.key, event.value, (), message.partition)
        place = (message.partition, message.offset, int(message.timestamp * 1000))
        state, decisions = decided(policies, table.get(event.key), record, place)
        if state is not None:
            table[event.key] = state
        for decision in decisions:
            await target.send(key=event.key, value=decision, partition=message.partition)


if __name__ == "__main__":
    sys.argv = ["peer", "worker", "-l", "error"]
    app.main()
