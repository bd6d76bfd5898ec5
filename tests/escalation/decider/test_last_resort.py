"""Whatever a record holds and whatever the core raises on it: everything else is decided."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.catalogue import Policies, collect
from schemas import reported
from schemas.codec import Reported, write
from services.escalation.decider import states
from services.escalation.decider.batch import DecidedBatch, Incoming, RecordOutcome
from services.escalation.decider.partition import Partition
from tests.mutations import NOW_MS, Wild, mutated, valid
from tests.spec import POLICIES
from tests.stories import DAY, HOUR, NOON, did, event, opened, requested

FIRST = "time-gated"


# --- any bytes, headers, keys and timestamps -------------------------------------------------


def neighbour(number: int) -> list[Wild]:
    """A case of its own that is escalated."""
    at = datetime.fromtimestamp(NOW_MS / 1000, NOON.tzinfo)
    told = [opened(at - 9 * DAY), requested(at, f"r-{number}")]
    for one in told:
        one.subject = f"neighbour-{number}"
    return [Wild(one.key, write(one)) for one in told]


def replayed(records: list[Wild], cut: int) -> tuple[list[DecidedBatch], Partition]:
    """All of it through one partition in batches of ``cut``, restarted after each."""
    partition, batches = Partition(0, 1, POLICIES), list[DecidedBatch]()
    kept: dict[bytes, bytes] = {}
    for offset, one in enumerate(records):
        partition.take(Incoming(offset, one.timestamp, one.key, one.value, one.headers))
        if offset % cut == cut - 1:
            batches.append(partition.flush())
            kept |= dict(batches[-1].states)
            partition = restarted(kept)
    batches.append(partition.flush())
    return batches, partition


def restarted(kept: dict[bytes, bytes], policies: Policies = POLICIES) -> Partition:
    partition = Partition(0, 1, policies)
    for key, stored in kept.items():
        partition.restore(key, stored)
    partition.restored()
    return partition


@settings(max_examples=120, deadline=None)
@given(st.lists(mutated(), min_size=1, max_size=6), st.integers(0, 40), st.integers(1, 12))
def test_no_record_stops_a_partition_and_its_neighbours_are_decided(
    wild: list[Wild], at: int, cut: int
) -> None:
    history = list(valid())
    records = [*history[:at], *neighbour(1), *wild, *neighbour(2), *history[at:]]
    batches, _ = replayed(records, len(records))
    (whole, _) = batches
    assert sum(whole.outcomes.values()) == len(records), "each record has its outcome"
    assert whole.outcomes.get(RecordOutcome.DEAD_LETTER, 0) == len(whole.dead_letters)
    accepted = {key for key, value in whole.decisions if b"escalation.accepted" in value}
    assert {b"neighbour-1", b"neighbour-2"} <= accepted
    for key, stored in whole.states:
        if not key.startswith(b"clock/"):
            assert states.dump(states.load(stored)) == stored, "a state comes back as it was"
    in_parts, _ = replayed(records, cut)
    assert [one for part in in_parts for one in part.decisions] == whole.decisions
    letters = [(one.offset, why.reason) for part in in_parts for one, why in part.dead_letters]
    assert letters == [(one.offset, why.reason) for one, why in whole.dead_letters]


@pytest.mark.parametrize("stamp", [10**20, -1, -(10**18), 2**63 - 1, NOW_MS * 1000])
def test_a_timestamp_that_is_none_is_a_dead_letter_and_moves_no_clock(stamp: int) -> None:
    opened_, asked = neighbour(1)
    batches, partition = replayed(
        [opened_, Wild(asked.key, asked.value, timestamp=stamp), asked], 99
    )
    (letter,) = batches[-1].dead_letters
    assert (letter[0].offset, letter[1].reason) == (1, "schema-invalid")
    assert "LogAppendTime" in letter[1].text
    assert len(batches[-1].decisions) == 1, "the same request, stamped by a broker, is decided"
    assert partition.progress.clock.timestamp() * 1000 == NOW_MS


# --- what the core raises on -----------------------------------------------------------------


def broken(name: str, version: int, policies: Policies) -> Policies:
    """Policies of which one version makes the core raise, as no file that is read can be."""
    found = [
        one.model_copy(update={"specs": None})
        if (one.policy, one.version) == (name, version)
        else one
        for one in policies
    ]
    return collect(found, policies.default)


def with_another() -> Policies:
    """A second version of a policy, in force for a week."""
    second = POLICIES.versions[FIRST][0].model_copy(
        update={"version": 2, "effective_from": NOON - 7 * DAY}
    )
    return POLICIES.with_versions([second])


def escalated(policies: Policies) -> dict[bytes, bytes]:
    """The states after a case was escalated under the second version."""
    partition = Partition(0, 1, policies)
    for offset, one in enumerate((opened(NOON - 2 * DAY), requested(NOON))):
        partition.take(incoming(offset, one))
    batch = partition.flush()
    (decision,) = batch.decisions
    assert json.loads(decision[1])["data"]["receipt"]["policy"]["version"] == 2
    return dict(batch.states)


def incoming(offset: int, one: Reported, at: datetime | None = None) -> Incoming:
    stamp = int((at or one.time).timestamp() * 1000)
    return Incoming(offset, stamp, one.key, write(one))


def tick(at: datetime) -> Reported:
    return event(reported.TimePassed(), at, subject="clock/0")


def other(one: Reported) -> Reported:
    one.subject = "other"
    return one


def acknowledged(at: datetime) -> Reported:
    return did(reported.EscalationAcknowledged, at)


def test_a_policy_version_that_is_gone_stops_nothing() -> None:
    partition = restarted(escalated(with_another()), POLICIES)
    partition.take(incoming(2, acknowledged(NOON + HOUR)))
    partition.take(incoming(3, tick(NOON + 2 * DAY)))
    batch = partition.flush()
    assert batch.dead_letters == [] and batch.dropped == []
    types = [json.loads(value)["type"].split(".")[2] for _, value in batch.decisions]
    assert types == ["acknowledged", "deadline-missed"], "by the nearest version that is known"


def test_a_policy_on_which_the_core_raises_stops_nothing() -> None:
    kept = escalated(with_another())
    case = kept[b"case-1"]
    partition = restarted(kept, broken(FIRST, 2, with_another()))
    others = [other(opened(NOON - 9 * DAY)), other(requested(NOON + HOUR, "request-2"))]
    for offset, one in enumerate([acknowledged(NOON + HOUR), *others], 2):
        partition.take(incoming(offset, one))
    batch = partition.flush()
    ((record, why),) = batch.dead_letters
    assert (record.offset, why.reason) == (2, "processing-failed")
    assert "services/escalation/core/" in why.text, "what failed, and where"
    assert partition.cases.stored[b"case-1"] == case, "its case is as it was"
    assert [json.loads(value)["subject"] for _, value in batch.decisions] == ["other"]


def test_a_deadline_that_cannot_be_decided_is_dropped_until_its_case_changes() -> None:
    kept = escalated(with_another())
    partition = restarted(kept, broken(FIRST, 2, with_another()))
    for offset, day in enumerate((2, 3, 4), 2):
        partition.take(incoming(offset, tick(NOON + day * DAY)))
    batch = partition.flush()
    ((subject, offset),) = [(one.subject, one.offset) for one in batch.dropped]
    assert (subject, offset, batch.decisions, batch.dead_letters) == ("case-1", 2, [], [])
    assert partition.next_fire() is None, "nobody writes ticks for it"

    back = restarted(kept | dict(batch.states), with_another())
    back.take(incoming(5, tick(NOON + 5 * DAY)))
    assert back.flush().decisions == []
    back.take(incoming(6, acknowledged(NOON + 5 * DAY)))
    back.take(incoming(7, tick(NOON + 5 * DAY + HOUR)))
    types = [json.loads(value)["type"].split(".")[2] for _, value in back.flush().decisions]
    assert "deadline-missed" in types, "the version is there again, and the case has moved"


def test_a_restart_drops_the_same_deadlines_as_a_process_that_went_on() -> None:
    kept, own = escalated(with_another()), broken(FIRST, 2, with_another())
    events = [tick(NOON + 2 * DAY), acknowledged(NOON + 3 * DAY), tick(NOON + 4 * DAY)]
    live, parts = restarted(kept, own), list[DecidedBatch]()
    at_once = restarted(kept, own)
    for offset, one in enumerate(events, 2):
        at_once.take(incoming(offset, one))
        live.take(incoming(offset, one))
        parts.append(live.flush())
        kept |= dict(parts[-1].states)
        live = restarted(kept, own)
    whole = at_once.flush()
    assert [one for part in parts for one in part.dropped] == whole.dropped
    assert [why for part in parts for _, why in part.dead_letters] == [
        why for _, why in whole.dead_letters
    ]
    assert dict(whole.states) == {key: kept[key] for key, _ in whole.states}


def test_a_calendar_moves_every_case_but_the_one_that_cannot_be_planned() -> None:
    policies = with_desk()
    partition = Partition(0, 1, policies)
    form: dict[str, Any] = {
        "subject": "x", "description": "x", "business_impact": "major",
    }  # fmt: skip
    for number, (name, at) in enumerate((("old", NOON - 30 * DAY), ("new", NOON))):
        told = (
            opened(at - DAY, program="resolutions-desk"),
            requested(at, name, case_number=name, **form),
        )
        for offset, one in enumerate(told):
            one.subject = name
            partition.take(incoming(2 * number + offset, one, NOON))
    kept = dict(partition.flush().states)
    versions = {json.loads(kept[key])["case"]["escalation"]["version"] for key in (b"old", b"new")}
    assert versions == {1, 2}
    left = restarted(kept, broken("resolutions-desk", 2, policies))
    change = reported.CalendarChanged.model_validate(
        {"calendar": "resolutions-desk", "version": 2, "dates": ["2030-01-08"]}
    )
    left.take(incoming(9, event(change, NOON + HOUR, subject="clock/0")))
    batch = left.flush()
    assert batch.outcomes == {RecordOutcome.DECIDED: 1}
    ((_, why),) = batch.dead_letters
    assert why.reason == "processing-failed" and "1 cases" in why.text and "new" in why.text
    assert left.cases.stored[b"new"] == kept[b"new"]
    assert left.cases.stored[b"old"] != kept[b"old"], "whose duties have moved"


def with_desk() -> Policies:
    second = POLICIES.versions["resolutions-desk"][0].model_copy(
        update={"version": 2, "effective_from": NOON - timedelta(days=7)}
    )
    return POLICIES.with_versions([second])
