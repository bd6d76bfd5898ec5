"""SQL in files: ``-- name: take_events`` begins a statement, which is asked for by that name."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

_NAME: Final = re.compile(r"^-- name: (\w+)$", re.M)


def statements(package: str, file: str) -> dict[str, str]:
    """The statements of a package's file by name; what stands before the first is about the file.

    Errors: ``ValueError`` where two have one name.
    """
    parts = _NAME.split((files(package) / file).read_text("utf-8"))
    found = dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))
    if len(found) < len(parts) // 2:
        raise ValueError(f"{file} of {package} names a statement twice")
    return found
