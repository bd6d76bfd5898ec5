"""Every word and number of a decision is as committed: ``make generate`` shows what changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.generated.decisions import PATH, decisions
from tests.generated.examples import examples
from tests.spec import POLICIES

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("policy", POLICIES.versions)
def test_every_situation_is_decided_to_the_letter(policy: str) -> None:
    committed = json.loads((ROOT / PATH).read_text("utf-8"))[policy]
    assert json.loads(decisions()[PATH])[policy] == committed


def test_every_example_is_as_committed() -> None:
    for path, text in examples().items():
        assert (ROOT / path).read_text("utf-8") == text
