"""Time zones from the installed ``tzdata`` package, never from the host.

A replay on another machine must decide the same, so the rules of every zone are those of a
pinned package. The host's own files are not asked, whatever their version.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

_NAME: Final = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name such as ``Europe/Berlin``. Errors: ``ValueError`` for any other."""
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"{name} is not a time zone; write one such as Europe/Berlin")
    file = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    try:
        with file.open("rb") as data:
            return ZoneInfo.from_file(data, key=name)
    except (OSError, ValueError):
        raise ValueError(f"{name} is not a time zone; write one such as Europe/Berlin") from None
