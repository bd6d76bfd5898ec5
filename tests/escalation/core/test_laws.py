"""Laws that hold for every history, not only for the ones we thought of."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.workbench.demo_day import day
from policies.entries import PhraseSpec
from schemas.codec import Record, read_reported
from schemas.envelope import Envelope
from services.escalation.core.comments import phrases
from services.escalation.decider.batch import Incoming
from services.escalation.decider.partition import Partition
from services.escalation.decider.states import dump, load
from tests.spec import POLICIES

ENDS = datetime(2026, 11, 23, 18, tzinfo=UTC)
STAMP = int(ENDS.timestamp() * 1000)


def records(seed: int, cases: int) -> list[Incoming]:
    """A day, stamped a second apart, with a quiet week at the end so that deadlines pass."""
    found = [
        Incoming(offset, STAMP + offset * 1000, subject.encode(), value)
        for offset, (subject, value) in enumerate(day(seed, cases, ENDS))
    ]
    last = Incoming(len(found), STAMP + 8 * 86_400_000, b"clock/0", _tick())
    return [*found, last]


def _tick() -> bytes:
    event = {
        "specversion": "1.0", "id": "tick", "source": "/tests", "subject": "clock/0",
        "type": "support.case.time-passed.v1", "time": "2026-12-01T00:00:00Z", "data": {},
    }  # fmt: skip
    return json.dumps(event).encode()


def decided(found: list[Incoming], batch: int = 10_000) -> list[tuple[bytes, bytes]]:
    partition = Partition(0, 1, POLICIES)
    decisions = []
    for start in range(0, len(found), batch):
        for one in found[start : start + batch]:
            partition.take(one)
        decisions += partition.flush().decisions
    return decisions


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 50))
def test_batches_do_not_matter_and_a_replay_is_equal_byte_for_byte(seed: int, batch: int) -> None:
    found = records(seed, 12)
    assert decided(found) == decided(found, batch)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.data())
def test_redelivery_adds_nothing_and_changes_nothing(seed: int, data: st.DataObject) -> None:
    found = records(seed, 12)
    again = data.draw(st.lists(st.sampled_from(found[:-1]), max_size=20))
    at = found[-1].timestamp
    repeated = [
        Incoming(len(found) + number, at, one.key, one.value) for number, one in enumerate(again)
    ]
    assert decided(found + repeated) == decided(found)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.data())
def test_a_restore_at_any_point_goes_on_as_if_nothing_had_happened(
    seed: int, data: st.DataObject
) -> None:
    found = records(seed, 12)
    cut = data.draw(st.integers(0, len(found)))
    first, second = Partition(0, 1, POLICIES), Partition(0, 1, POLICIES)
    for one in found[:cut]:
        first.take(one)
    before = first.flush()
    for key, stored in before.states:
        second.restore(key, stored)
    second.restored()
    for one in found[cut:]:
        second.take(one)
    assert before.decisions + second.flush().decisions == decided(found)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_cases_do_not_see_one_another(seed: int) -> None:
    found = records(seed, 8)
    alone: list[tuple[bytes, bytes]] = []
    for key in {one.key for one in found[:-1]}:
        alone += decided([one for one in found if one.key in (key, b"clock/0")])
    assert sorted(map(_meaning, alone)) == sorted(map(_meaning, decided(found)))


def _meaning(decision: tuple[bytes, bytes]) -> str:
    event: dict[str, Any] = json.loads(decision[1])
    return json.dumps({"id": event["id"], "data": event["data"]}, sort_keys=True)


@given(st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_states_read_back_as_they_were_written(seed: int) -> None:
    partition = Partition(0, 1, POLICIES)
    for one in records(seed, 6):
        partition.take(one)
    for key, stored in partition.flush().states:
        if not key.startswith(b"clock/"):
            assert dump(load(stored)) == stored


def test_the_demos_events_are_all_readable() -> None:
    for one in records(1, 50):
        assert isinstance(read_reported(Record(one.key, one.value), None), Envelope)


# --- the phrase ----------------------------------------------------------------------------


@given(st.text(), st.text())
def test_a_phrase_is_found_wherever_it_stands_alone(before: str, after: str) -> None:
    text = phrases.normalised(f"{before}\nescalation request\n{after}")
    assert phrases.holds_phrase(text, "escalation request")


@given(st.text(max_size=300))
def test_a_hit_is_never_a_near_miss(body: str) -> None:
    text = phrases.normalised(body)
    hit, near = (
        phrases.holds_phrase(text, "escalation request"),
        phrases.is_near_miss(text, PhraseSpec()),
    )
    assert not (hit and near)
