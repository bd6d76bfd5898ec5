"""Statements are found by name, whole, and no name is given twice."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infra.runtime.sql_files import statements
from services.notifier.sql import SQL as NOTIFIER
from services.projections.review.questions.queries import QUESTIONS
from services.projections.sql import SQL as PROJECTIONS


def test_every_statement_is_there_and_none_holds_another() -> None:
    for named in (NOTIFIER, PROJECTIONS, QUESTIONS):
        assert named
        assert all(text and "-- name:" not in text for text in named.values())


def test_a_name_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "twice").mkdir()
    (tmp_path / "twice" / "__init__.py").touch()
    (tmp_path / "twice" / "all.sql").write_text("-- name: a\nSELECT 1\n-- name: a\nSELECT 2\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(ValueError, match=r"all\.sql of twice names a statement twice"):
        statements("twice", "all.sql")
