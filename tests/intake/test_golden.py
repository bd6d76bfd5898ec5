"""Whole records as Salesforce sends them, and exactly what becomes of each.

After a change that is meant: ``python -m tests.intake.test_golden``, and read the diff.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.intake.prepare import prepared
from services.intake.record import Parked
from tests.intake.changes import SHIPPED

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))


def becomes(record: Any) -> Any:
    found = prepared(json.dumps(record).encode(), SHIPPED)
    if isinstance(found, Parked):
        return {"parked": found.reason, "text": found.text}
    return [_without_nulls(json.loads(one.value)) for one in found]


def _without_nulls(held: Any) -> Any:
    if not isinstance(held, dict):
        return held
    return {name: _without_nulls(value) for name, value in held.items() if value is not None}


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_a_record_becomes_exactly_this(file: Path) -> None:
    example = json.loads(file.read_text("utf-8"))
    assert becomes(example["record"]) == example["becomes"]


def test_there_is_an_example_of_every_entity_and_event_of_the_shipped_mapping() -> None:
    examples = [json.loads(file.read_text("utf-8")) for file in GOLDEN]
    types = {one["type"] for example in examples if isinstance(example["becomes"], list)
             for one in example["becomes"]}  # fmt: skip
    names = ("opened", "severity-changed", "assigned", "closed", "reopened", "comment-added",
             "escalation-requested")  # fmt: skip
    assert types == {f"support.case.{name}.v1" for name in names}


def write() -> None:
    for file in GOLDEN:
        example = json.loads(file.read_text("utf-8"))
        example["becomes"] = becomes(example["record"])
        text = json.dumps(example, indent=2, ensure_ascii=False)
        file.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    write()
