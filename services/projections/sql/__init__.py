"""Every statement of this service by name: ``SQL["take_events"]``, from ``statements.sql``."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

_NAME: Final = re.compile(r"^-- (\w+) --$", re.M)


def parse(text: str) -> dict[str, str]:
    """Split a file of named statements."""
    parts = _NAME.split(text)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))


SQL: Final = parse((files(__package__) / "statements.sql").read_text("utf-8"))
