"""Who moves is alive, and so is who has nothing to do; work that nobody moves is a standstill."""

from __future__ import annotations

from infra.runtime.health import Progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_partition() -> tuple[Clock, Progress]:
    clock = Clock()
    progress = Progress(clock)
    progress.moved("p", 10)
    return clock, progress


def test_records_that_arrive_after_a_long_silence_are_no_standstill() -> None:
    clock, progress = a_partition()
    for _ in range(10):
        clock.now += 60
        assert progress.stuck({"p": 10}, 60) == []
    clock.now += 59
    assert progress.stuck({"p": 11}, 60) == [], "it has only just arrived"
    progress.moved("p", 11)
    clock.now += 61
    assert progress.stuck({"p": 12}, 60) == [], "another record, at another place"


def test_a_record_that_waits_unread_is_a_standstill() -> None:
    clock, progress = a_partition()
    assert progress.stuck({"p": 11}, 60) == []
    clock.now += 60
    assert progress.stuck({"p": 11}, 60) == []
    clock.now += 1
    assert progress.stuck({"p": 12}, 60) == ["p"]
    progress.forget()
    assert progress.stuck({"p": 12}, 60) == []


def test_what_was_read_meanwhile_starts_the_wait_anew() -> None:
    clock, progress = a_partition()
    assert progress.stuck({"p": 12}, 60) == []
    clock.now += 59
    progress.moved("p", 11)
    assert progress.stuck({"p": 12}, 60) == []
    clock.now += 59
    assert progress.stuck({"p": 12}, 60) == []
