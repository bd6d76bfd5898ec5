"""What ``make fields`` has shown of each field, and whether that is still so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from tests.fields.catalogue import fields

FOLDER: Final = Path(__file__).resolve().parent
SHOWN: Final = FOLDER / "shown.yaml"
"""Field to a test that fails without it; written by ``make fields``."""
PASSED_ON: Final = FOLDER / "passed_on.yaml"
"""Field to the reason why nothing observable depends on it; written by people."""


def shown() -> dict[str, str]:
    return dict(yaml.safe_load(SHOWN.read_text("utf-8")) or {}) if SHOWN.exists() else {}


def passed_on() -> dict[str, str]:
    return dict(yaml.safe_load(PASSED_ON.read_text("utf-8")) or {})


def write_shown(found: dict[str, str]) -> None:
    head = "# Field: a test that fails when it is dropped on reading. `make fields` writes this.\n"
    SHOWN.write_text(head + yaml.safe_dump(found, sort_keys=False, width=200), "utf-8")


def problems() -> Iterator[str]:
    """Where the two lists do not say of each field, once, what depends on it."""
    known = {field.key for field in fields()}
    proven, listed = shown(), passed_on()
    for key in sorted(known - proven.keys() - listed.keys()):
        yield f"{key}: nothing is known to depend on this field: run make fields"
    for key in sorted((proven.keys() | listed.keys()) - known):
        yield f"{key}: there is no such field: run make fields, or edit {PASSED_ON.name}"
    for key in sorted(proven.keys() & listed.keys()):
        yield f"{key}: {proven[key]} fails without it, so take it from {PASSED_ON.name}"
    for key, test in proven.items():
        file, _, name = test.partition("::")
        path = FOLDER.parent.parent / file
        if not path.exists() or name.rpartition("::")[2] not in path.read_text("utf-8"):
            yield f"{key}: {test} is gone: run make fields {key}"
    for key, reason in listed.items():
        if not str(reason).strip():
            yield f"{key}: say in {PASSED_ON.name} why nothing depends on it"
