"""One record that cannot be applied holds up no other."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.runtime.isolation import isolate, what_failed


class Table:
    """All or nothing, like a transaction; ``bad`` are the records that it refuses."""

    def __init__(self, bad: set[int]) -> None:
        self.bad = bad
        self.applied: list[int] = []
        self.set_aside: list[int] = []
        self.tries = 0

    async def apply(self, records: Sequence[int]) -> None:
        self.tries += 1
        if self.bad & set(records):
            raise ValueError("refused")
        self.applied += records

    async def put_aside(self, record: int, error: Exception) -> None:
        assert str(error) == "refused"
        self.set_aside.append(record)


@given(st.integers(0, 300), st.sets(st.integers(0, 299), max_size=20))
async def test_exactly_the_bad_records_are_set_aside_and_order_is_kept(
    size: int, bad: set[int]
) -> None:
    table = Table(bad)
    await isolate(range(size), table.apply, table.put_aside)
    assert table.applied == [one for one in range(size) if one not in bad]
    assert table.set_aside == [one for one in range(size) if one in bad]


async def test_one_bad_record_among_thousands_costs_a_few_tries() -> None:
    table = Table({1_234})
    await isolate(range(5_000), table.apply, table.put_aside)
    assert table.set_aside == [1_234]
    assert table.tries <= 2 * 13 + 1


async def test_an_outage_is_no_fault_of_a_record() -> None:
    async def apply(records: Sequence[int]) -> None:
        raise ConnectionResetError

    table = Table(set())
    with pytest.raises(ConnectionResetError):
        await isolate(range(8), apply, table.put_aside)
    assert table.set_aside == []


async def test_a_record_that_cannot_be_set_aside_is_not_lost() -> None:
    async def put_aside(record: int, error: Exception) -> None:
        raise RuntimeError("the dead-letter topic does not answer")

    table = Table({3})
    with pytest.raises(RuntimeError):
        await isolate(range(8), table.apply, put_aside)
    assert table.applied == [0, 1, 2]


def test_what_failed_names_class_and_place_and_quotes_nothing() -> None:
    try:
        int("Anna Smith, +44 20 7946 0000")
    except ValueError as error:
        said = what_failed(error)
    assert said.startswith("ValueError at tests/runtime/test_isolation.py:")
    assert said.endswith("in test_what_failed_names_class_and_place_and_quotes_nothing")
    assert "Anna" not in said
    assert what_failed(KeyError("x")) == "KeyError"
