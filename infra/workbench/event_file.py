"""A file of CloudEvents, one JSON object a line: each line read as the decider will read it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from infra.workbench.event_hints import Hints
from schemas import decided, reported
from schemas.codec import STRUCTURED_HEADERS, Record, Skipped, Unreadable, read_reported
from schemas.envelope import Envelope

_BOM: Final = b"\xef\xbb\xbf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_HOW: Final = "write one object a line, as jq -c"


class NotLines(ValueError):
    """The file as a whole is not JSON Lines; the text says what it is and what to do."""


@dataclass
class Line:
    """One line and what was found: ``problem`` where no reader will take it, ``repeats`` the
    number of an earlier line with the same id and source, and what may be meant otherwise."""

    number: int
    text: bytes
    subject: str
    problem: str | None = None
    repeats: int | None = None
    warnings: list[str] = field(default_factory=list)


def read_lines(file: Path, hints: Hints) -> list[Line]:
    """Every line that holds something. Errors: ``OSError``, ``NotLines``."""
    content = file.read_bytes().removeprefix(_BOM)
    if content.startswith(_UTF_16):
        raise NotLines("the file is UTF-16: save it as UTF-8")
    _check_shape(content)
    lines = [
        _checked(number, text, hints)
        for number, text in enumerate(content.splitlines(), 1)
        if text.strip()
    ]
    _compare(lines)
    return lines


def _check_shape(content: bytes) -> None:
    """A list, or an object over several lines, would be wrong in each of its lines."""
    text = content.decode("utf-8", "replace").lstrip()
    if text.startswith("["):
        raise NotLines(f"the file is one JSON list: {_HOW} '.[]' does")
    first = text.partition("\n")[0]
    if not text.startswith("{") or first.rstrip().endswith("}"):
        return
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return
    if end > len(first):
        raise NotLines(f"an object of the file takes several lines: {_HOW} . does")


def _checked(number: int, text: bytes, hints: Hints) -> Line:
    event = _object(text)
    subject = event.get("subject")
    line = Line(number, text, subject if isinstance(subject, str) else "")
    key = line.subject.encode("utf-8", "surrogatepass")
    found = read_reported(Record(key, text, STRUCTURED_HEADERS), None)
    if isinstance(found, Unreadable):
        line.problem = f"{found.reason}: {found.text}"
    elif isinstance(found, Skipped):
        line.problem = _unknown_type(found.type)
    line.warnings = list(hints.about(event, found if isinstance(found, Envelope) else None))
    return line


def _object(text: bytes) -> dict[str, Any]:
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _unknown_type(type_: str) -> str:
    if type_ in decided.BY_TYPE:
        return f"{type_} is what the decider decides: nobody reports it, readers skip it here"
    near = get_close_matches(type_, reported.BY_TYPE, 1)
    hint = f"did you mean {near[0]}?" if near else "the types are in schemas/examples"
    return f"unknown type {type_}, readers will skip it: {hint}"


def _compare(lines: list[Line]) -> None:
    """What only shows between lines: an id used twice, a request before its case is opened."""
    first: dict[tuple[str, str], int] = {}
    opened: dict[str, int] = {}
    events = [(line, _object(line.text)) for line in lines if line.problem is None]
    for line, event in events:
        stands_at = first.setdefault((event["source"], event["id"]), line.number)
        line.repeats = stands_at if stands_at != line.number else None
        if event["type"] == reported.type_of(reported.Opened):
            opened.setdefault(line.subject, line.number)
    for line, event in events:
        asks = event["type"] == reported.type_of(reported.EscalationRequested)
        if asks and opened.get(line.subject, 0) > line.number:
            line.warnings.append(
                f"it comes before its case is opened (line {opened[line.subject]}): "
                "unless the case is known already, it will be rejected as case-unknown"
            )
