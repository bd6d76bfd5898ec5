"""What follows from how an attempt ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.notifier.delivery.retries import GIVE_UP_AFTER, UNKNOWN_AT_MOST, Retries

RETRIES = Retries(first=timedelta(seconds=1), longest=timedelta(minutes=5))
YOUNG = timedelta(0)


def test_waits_double_up_to_the_longest() -> None:
    waits = [RETRIES.wait(tries).total_seconds() for tries in (1, 2, 3, 9, 10, 1_000)]
    assert waits == [1, 2, 4, 256, 300, 300]


@pytest.mark.parametrize(("outcome", "age", "state"), [
    ("accepted", YOUNG, "sent"), ("refused", YOUNG, "failed"), ("unwritable", YOUNG, "failed"),
    ("deferred", GIVE_UP_AFTER + timedelta(seconds=1), "failed"),
])  # fmt: skip
def test_some_ends_are_final(outcome: str, age: timedelta, state: str) -> None:
    assert RETRIES.after(outcome, 1, age) == state


def test_an_outage_of_the_server_is_never_final() -> None:
    assert RETRIES.after("unreachable", 99, GIVE_UP_AFTER * 2) == timedelta(seconds=1)


def test_what_may_have_been_delivered_is_not_sent_for_ever() -> None:
    assert RETRIES.after("unknown", UNKNOWN_AT_MOST - 1, YOUNG) == timedelta(seconds=8)
    assert RETRIES.after("unknown", UNKNOWN_AT_MOST, YOUNG) == "failed"
