"""``escalation export`` writes the rows of the page."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from tests.projections.filling import connected
from tests.projections.review.asking import ask


async def as_json(dsn: str, folder: Path, *words: str) -> dict[str, Any]:
    file = folder / "rows.json"
    assert (await ask(dsn, "export", "json", "--to", str(file), *words)).exit_code == 0
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


async def test_it_writes_what_the_board_has(filled: str, tmp_path: Path) -> None:
    async with connected(filled) as reader:
        ids = {row["escalation_id"] for row in await reader.fetch(
            "SELECT escalation_id FROM review.open_escalations")}  # fmt: skip
    found = await as_json(filled, tmp_path)
    assert {row["escalation_id"] for row in found["rows"]} == ids != set()
    file = tmp_path / "rows.csv"
    assert (await ask(filled, "export", "csv", "--to", str(file))).exit_code == 0
    rows = list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"))))
    assert [row["escalation_id"] for row in rows] == [row["escalation_id"] for row in found["rows"]]
    assert (await as_json(filled, tmp_path, "--as-of", "2020-01-01T00:00:00Z"))["rows"] == []
    wrong = await ask(filled, "export", "csv", "--band", "nope")
    assert wrong.exit_code == 2 and "is not a band" in wrong.stderr
    nowhere = await ask(filled, "export", "csv", "--to", str(tmp_path / "no" / "where"))
    assert nowhere.exit_code == 1 and "cannot be written" in nowhere.stderr
