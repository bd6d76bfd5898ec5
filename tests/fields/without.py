"""A copy of the project in which one field is dropped on reading, and the tests run there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.fields.catalogue import ReportedField

ROOT: Final = Path(__file__).resolve().parent.parent.parent
COPIED: Final = ("schemas", "services", "infra", "policies", "tests", "docs")
PURE: Final = (
    "tests/escalation",
    "tests/policies",
    "tests/intake",
    "tests/notifier/planning",
    "tests/notifier/directory",
    "tests/projections",
    "tests/workbench",
)
SERVED: Final = ("tests/journeys", "tests/notifier")
OF_EVERY_FIELD: Final = ["tests/projections/review/test_every_field_is_told.py"]
"""They name no field, since they ask about all of them."""
NOT_ASKED: Final = {
    "test_any_policy.py", "test_any_record.py", "test_last_resort.py", "test_laws.py",
    "test_nothing_leaks.py", "test_record_bounds.py", "test_to_the_letter.py", "test_up.py",
}  # fmt: skip
"""They try any record or only whether things run: they assert nothing about one field."""
ONE_NOT_ASKED: Final = (
    "tests/workbench/test_event_files.py::test_of_any_type_a_field_that_its_model_lacks_is_named"
)
"""The same, of a file that asserts other things."""
PATIENCE: Final = 900.0

DROPS: Final = """
    @__import__("pydantic").model_validator(mode="before")
    @classmethod
    def _without_a_field(cls, data):
        if not isinstance(data, dict) or {name!r} not in data:
            return data
        return {{**{{k: v for k, v in data.items() if k != {name!r}}}, **{neutral!r}}}
"""


def failing_test(field: ReportedField, with_servers: bool) -> str | None:
    """A test that fails without the field; None where every test that names it passes."""
    with TemporaryDirectory(prefix="without-") as folder:
        copy = Path(folder)
        _copy(copy)
        _drop(copy, field)
        for files in _in_order(field.name, with_servers):
            if files and (found := _first_failure(copy, files)) is not None:
                return found
    return None


def _in_order(name: str, with_servers: bool) -> Iterator[list[str]]:
    """Test files, the quickest to answer first."""
    yield naming(name, PURE)
    yield OF_EVERY_FIELD
    if with_servers:
        yield naming(name, SERVED)


def naming(name: str, rooms: tuple[str, ...]) -> list[str]:
    """The test files of these rooms that name the field."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    return [
        str(file.relative_to(ROOT))
        for room in rooms
        for file in sorted((ROOT / room).rglob("test_*.py"))
        if file.name not in NOT_ASKED
        and (rooms is PURE or not str(file.relative_to(ROOT)).startswith(PURE))
        and word.search(file.read_text("utf-8"))
    ]


def _copy(copy: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__")
            )  # fmt: skip
    for file in ("pyproject.toml", "README.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / file, copy / file)


def _drop(copy: Path, field: ReportedField) -> None:
    file = copy / field.module
    text = file.read_text("utf-8")
    head = re.search(rf"^class {field.model.__name__}\(.*\):\n", text, re.M)
    assert head is not None, f"{field.module} has no class {field.model.__name__}"
    neutral = {} if field.neutral is None else {field.name: field.neutral}
    drops = DROPS.format(name=field.name, neutral=neutral)
    file.write_text(text[: head.end()] + drops + text[head.end() :], "utf-8")


def _first_failure(copy: Path, files: list[str]) -> str | None:
    command = [
        sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider",
        "--deselect", ONE_NOT_ASKED, *files
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=copy, capture_output=True, text=True, timeout=PATIENCE, check=False
    )  # fmt: skip
    if done.returncode == 0:
        return None
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.M)
    if failed is None:
        raise RuntimeError(f"the tests did not run: {done.stdout[-2_000:]}{done.stderr[-2_000:]}")
    return failed[1].partition("[")[0]
