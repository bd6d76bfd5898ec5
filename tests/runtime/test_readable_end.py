"""A readable end that stands still is noticed; one that is merely busy is not."""

from __future__ import annotations

from aiokafka import TopicPartition

from infra.runtime.readable_end import PATIENCE, PartitionEnds, ReadableEnds
from tests.runtime.test_health import Clock

PLACE = TopicPartition("topic", 3)


def looks() -> tuple[Clock, ReadableEnds]:
    clock = Clock()
    return clock, ReadableEnds(clock)


def test_an_end_behind_which_records_wait_stands_still_until_it_moves() -> None:
    clock, ends = looks()
    assert ends.look({PLACE: PartitionEnds(10, 12)}) == []
    clock.now += PATIENCE - 1
    assert ends.look({PLACE: PartitionEnds(10, 15)}) == []
    clock.now += 2
    (found,) = ends.look({PLACE: PartitionEnds(10, 20)})
    assert (found.readable, found.waiting, found.seconds) == (10, 10, PATIENCE + 1)
    assert "topic-3" in str(found) and "kafka-transactions.sh" in str(found)
    clock.now += 1
    assert ends.look({PLACE: PartitionEnds(20, 20)}) == []
    clock.now += PATIENCE
    assert ends.look({PLACE: PartitionEnds(20, 21)}) == [], "it has only just been written"


def test_transactions_that_follow_one_another_are_no_standstill() -> None:
    clock, ends = looks()
    for at in range(100):
        clock.now += PATIENCE - 1
        assert ends.look({PLACE: PartitionEnds(10 + at, 20 + at)}) == []
