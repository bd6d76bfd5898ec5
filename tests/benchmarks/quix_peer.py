"""A peer: Quix Streams, exactly once, making the same decisions. Runs in an environment of its
own (it needs an older pydantic)."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from quixstreams import Application

from schemas.codec import Record
from tests.benchmarks.peers import decided, shipped_policies

BROKER, SOURCE, TARGET = os.environ["BENCH_BROKER"], os.environ["BENCH_IN"], os.environ["BENCH_OUT"]
policies = shipped_policies()
app = Application(
    broker_address=BROKER, consumer_group=f"peer-{TARGET}", processing_guarantee="exactly-once",
    auto_offset_reset="earliest", state_dir=tempfile.mkdtemp(),
    commit_every=2000, commit_interval=1.0, loglevel="ERROR",
)  # fmt: skip
stream = app.dataframe(app.topic(SOURCE, value_deserializer="bytes", key_deserializer="bytes"))


def decide(value: bytes, key: bytes, timestamp: int, _headers: Any, state: Any) -> list[bytes]:
    record = Record(key, value, (), 0)
    after, decisions = decided(policies, state.get_bytes("case"), record, (0, 0, timestamp))
    if after is not None:
        state.set_bytes("case", after)
    return decisions


stream = stream.apply(decide, stateful=True, expand=True, metadata=True)
stream = stream.to_topic(app.topic(TARGET, value_serializer="bytes", key_serializer="bytes"))

if __name__ == "__main__":
    app.run()
