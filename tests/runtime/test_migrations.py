"""Migrations are files in an order that nobody can mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.runtime.migrations import MigrationProblem, migrations_in


def test_two_files_of_one_number_are_refused(tmp_path: Path) -> None:
    for name in ("0001_first.sql", "0002_one.sql", "0002_other.sql"):
        (tmp_path / name).write_text("-- migrate:up\nSELECT 1;\n", "utf-8")
    with pytest.raises(MigrationProblem, match=r"0002_one\.sql and 0002_other\.sql"):
        migrations_in(tmp_path)
    (tmp_path / "0002_other.sql").rename(tmp_path / "0003_other.sql")
    assert [one.version for one in migrations_in(tmp_path)] == ["0001", "0002", "0003"]
