"""What the page for CRM developers shows is what happens."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

from schemas import codec
from services.intake.mapping_file import parse_mapping
from tests.intake.changes import created, names, updated
from tests.intake.test_golden import becomes

PAGE = (Path(__file__).parents[2] / "docs" / "salesforce.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)


def test_the_record_becomes_the_event_that_is_shown() -> None:
    record, event = map(json.loads, blocks("json"))
    assert becomes(record) == [event]


def test_the_mapping_file_works() -> None:
    (text,) = blocks("yaml")
    mapping = parse_mapping(text, "docs/salesforce.md")
    record: dict[str, Any] = created(Severity__c="1 - Down", Tier__c="Premier")
    assert names(record, mapping) == ["opened"]
    assert names(updated("Status", Status="Reopened"), mapping) == ["reopened"]


def test_every_reason_that_is_named_exists_and_none_of_the_intakes_is_left_out() -> None:
    table = PAGE[PAGE.index("| reason | when |") :].split("\n\n")[0]
    told = set(re.findall(r"^\| `([a-z-]+)`", table, re.M))
    of_the_case_topic_alone = {"key-mismatch", "partition-mismatch", "naive-time"}
    assert told == set(get_args(codec.Reason)) - of_the_case_topic_alone
