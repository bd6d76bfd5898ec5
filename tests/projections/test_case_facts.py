"""What the case topic says about a case; folded as the decider folds it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

from schemas import reported
from services.projections.projector.folding import CHANGES_THE_CASE
from services.projections.projector.reading import Read, read
from services.projections.read_models.case_facts import CaseRow, project
from tests.benchmarks.peers import shipped_policies
from tests.mutations import valid
from tests.projections.consumed import CASES, DECISIONS, consumed, examples
from tests.stories import event as reported_event

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
OPEN = CaseRow("CASE-1", severity="S3", tier="gold", opened_at=NOW, agent_id="a", team="t")


def test_every_event_that_changes_the_row_is_folded() -> None:
    """A type that the core folds one day and this service leaves out would be seen here."""
    stamp = int(NOW.timestamp() * 1000)
    told = [
        *(consumed(CASES, (0, 0), one.key, one.value, stamp) for one in valid()),
        *(one for one in examples(stamp) if one.topic == CASES),
    ]
    found = [one for record in told if isinstance(one := read(record, DECISIONS), Read)]
    seen, folded = set(), set()
    for one in found:
        seen.add(type(one.event.data))
        for before in (OPEN, dataclasses.replace(OPEN, closed=True), CaseRow("CASE-1")):
            after = project(before, one.event, NOW, shipped_policies())
            if dataclasses.replace(after, recorded_at=before.recorded_at) != before:
                folded.add(type(one.event.data))
    assert folded <= set(CHANGES_THE_CASE)
    assert len(folded) >= 5 and len(seen) >= len(reported.FACTS) - 6


def test_a_title_comes_from_the_first_opening_that_has_one_and_is_as_old_as_that() -> None:
    first, second = (
        reported.Opened.model_validate(
            {"account_id": "north", "severity": "S1", "tier": "gold", "title": title}
        )
        for title in ("Printer", "Another")
    )
    later = datetime(2026, 12, 1, tzinfo=UTC)
    event = reported_event(first, NOW, subject="CASE-1")
    row = project(CaseRow("CASE-1"), event, NOW, shipped_policies())
    row = project(row, dataclasses.replace(event, data=second), later, shipped_policies())
    assert (row.title, row.title_at, row.recorded_at) == ("Printer", NOW, later)
