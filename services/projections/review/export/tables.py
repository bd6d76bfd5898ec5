"""Rows as CSV, XLSX and JSON: the very rows that the page shows, in columns that never change."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import xlsxwriter

BOARD_COLUMNS: Final = (
    "escalation_id", "case_id", "account_id", "title", "band", "score", "status", "severity",
    "escalation_severity", "tier", "team", "level", "reason", "owner", "next_duty", "next_due_at",
    "overdue", "missed_times", "missed_since", "paused", "turn", "last_update_at", "trend",
    "requested_at", "accepted_at", "acknowledged_at", "de_escalated_at", "policy", "policy_version",
)  # fmt: skip
_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")
"""With these a spreadsheet takes a text for a formula, blanks before it or not."""
Row = dict[str, Any]


def as_csv(rows: Iterable[Row], columns: Sequence[str]) -> bytes:
    """UTF-8 with a byte order mark and CRLF, as spreadsheets expect."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_harmless(row.get(name)) for name in columns] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def as_json(rows: Iterable[Row], columns: Sequence[str], at: datetime) -> bytes:
    """One object with the instant and the rows."""
    found = [{name: row.get(name) for name in columns} for row in rows]
    return json.dumps({"as_of": at, "rows": found}, default=_written, indent=1).encode()


def as_xlsx(rows: Iterable[Row], columns: Sequence[str], at: datetime) -> bytes:
    """One sheet, whose name says as of when; text stays text."""
    found = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(found, options) as book:
        sheet = book.add_worksheet(at.strftime("as of %Y-%m-%d %H%MZ"))
        for number, name in enumerate(columns):
            sheet.write_string(0, number, name)
        for line, row in enumerate(rows, 1):
            for number, name in enumerate(columns):
                _write(sheet, line, number, row.get(name))
        sheet.freeze_panes(1, 0)
    return found.getvalue()


def _write(sheet: Any, line: int, column: int, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(line, column, value)
    else:
        sheet.write_string(line, column, _written(value))


def _harmless(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = _written(value)
    return f"'{text}" if text.lstrip().startswith(_BEGINS) or text.startswith(_BEGINS) else text


def _written(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
