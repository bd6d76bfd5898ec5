"""For any bytes and any mapping: events that the decider reads, or a parked record; no error."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import STRUCTURED_HEADERS, Record, read_reported
from schemas.envelope import Envelope
from schemas.topics import PARTITIONS
from services.intake.mapping import Mapping
from services.intake.prepare import prepared
from services.intake.record import Parked
from tests.intake.changes import SHIPPED, created, parked
from tests.intake.mutations import mappings, records


def check(value: bytes | None, mapping: Mapping) -> None:
    outcome = prepared(value, mapping)
    if isinstance(outcome, Parked):
        assert outcome.reason != "processing-failed", outcome
        outcome.text.encode()
        return
    for one in outcome:
        record = Record(one.key, one.value, STRUCTURED_HEADERS, one.partition)
        read = read_reported(record, PARTITIONS)
        assert isinstance(read, Envelope) and read.data == one.event.data
    assert len({(one.event.subject, one.event.id) for one in outcome}) == len(outcome)
    assert prepared(value, mapping) == outcome, "delivered again it is the same"


@settings(max_examples=400)
@given(records(), st.one_of(st.just(SHIPPED), mappings()))
def test_a_record_changed_anywhere_is_reported_or_parked(value: bytes, mapping: Mapping) -> None:
    check(value, mapping)


@given(st.one_of(st.none(), st.binary(max_size=200), st.text(max_size=50).map(str.encode)))
def test_any_bytes_are_reported_or_parked(value: bytes | None) -> None:
    check(value, SHIPPED)


def test_an_error_of_our_own_parks_the_record_and_says_where() -> None:
    class Broken(Mapping):
        @property
        def source(self) -> str:
            raise KeyError("secret")

    found = parked(created(), Broken.model_validate(SHIPPED.model_dump()))
    assert found.reason == "processing-failed"
    assert "KeyError at " in found.text and "secret" not in found.text
