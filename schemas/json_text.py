"""JSON from outside, read so that everybody behind can write it again.

Bounds: at most ``DEEPEST`` levels, no U+0000, no lone surrogate, no number beyond a double.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate
from math import isinf
from typing import Any, Final

from pydantic_core import from_json, to_json

from schemas.unreadable import Unfit

DEEPEST: Final = 100
"""Levels of arrays and objects; the outermost one is the first."""

UNSOUND: Final = "a string holds U+0000 or a lone surrogate, or a number is too large to be kept"

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_STEPS: Final = [0] * 256
for _open, _close in (b"[]", b"{}"):
    _STEPS[_open], _STEPS[_close] = 1, -1


def parse(text: bytes) -> tuple[Any, bool]:
    """The value, and whether it is sound: each string and number can be written again.

    Errors: ``Unfit`` as ``schema-invalid`` where it nests too deeply, whatever else is wrong
    with it; as ``not-json`` where it is not JSON.
    """
    if text.count(b"[") + text.count(b"{") > DEEPEST and _depth(text) > DEEPEST:
        raise Unfit("schema-invalid", f"JSON nests at most {DEEPEST} levels; this is deeper")
    try:
        value = from_json(text, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        return _parse_unsound(text), False
    return value, _is_sound(value)


def _depth(text: bytes) -> int:
    return max(accumulate(map(_STEPS.__getitem__, _STRING.sub(b"", text))), default=0)


def _parse_unsound(text: bytes) -> Any:
    """What the fast reader refuses: no JSON, a lone surrogate, or a number without end."""
    if text.startswith(b"\xef\xbb\xbf"):
        raise Unfit("not-json", "it begins with a byte order mark (U+FEFF): leave it out")
    try:
        # As floats, so that thousands of digits are read at all. Nobody sees the numbers.
        return json.loads(text.decode("utf-8"), parse_constant=_refuse, parse_int=float)
    except (ValueError, RecursionError) as error:
        raise Unfit("not-json", str(error)[:200]) from None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _is_sound(value: object) -> bool:
    written = to_json(value)
    may_hold_nul = b"\\" in written and b"\\u0000" in written  # one byte is found at once
    if not may_hold_nul and b"Infinity" not in written:
        return True
    return all(map(_is_sound_part, _parts(value)))  # both may be meant as plain letters


def _is_sound_part(part: object) -> bool:
    if isinstance(part, str):
        return "\x00" not in part
    return not (isinstance(part, float) and isinf(part))


def _parts(value: object) -> list[object]:
    """Every string and number inside, names of fields too."""
    found, pending = [], [value]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            pending += part.keys()
            pending += part.values()
        elif isinstance(part, list):
            pending += part
        else:
            found.append(part)
    return found
