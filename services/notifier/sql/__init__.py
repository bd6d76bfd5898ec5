"""The notifier's SQL, by name. Each query of the file has a name and a sentence."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final


def named(text: str) -> dict[str, str]:
    """Split a file at its ``-- name:`` lines."""
    parts = re.split(r"^-- name: (\w+)$", text, flags=re.M)
    return {name: body.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True)}


QUERIES: Final = named((files(__name__) / "queries.sql").read_text("utf-8"))
