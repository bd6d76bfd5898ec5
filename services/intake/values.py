"""Values of a vendor's fields, read as what they are and never as what they are not.

A field of another kind than its meaning needs parks the record, naming the field and the kind.
"""

from __future__ import annotations

import re
from typing import Any, Final

from services.intake.record import RECORD_ID, VendorChange, plain, unmapped

_UNSOUND = re.compile("[\x00\ud800-\udfff]")
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_KINDS: Final = {list: "a list", dict: "an object", bool: "true or false"}


def held(change: VendorChange, field: str | None) -> Any:
    """What a field holds, without tags; None where it is absent or no field is named."""
    return plain(change.fields.get(field)) if field else None


def code(change: VendorChange, field: str | None) -> str | None:
    """An id or a listed value, without blanks around it; None where absent or blank."""
    text = (_text(change, field) or "").strip()
    if _UNFIT.search(text):
        raise unmapped(f"{field} holds a control character or half a character")
    return text or None


def record_id(change: VendorChange, field: str | None) -> str | None:
    """The id of another record; None where absent or blank."""
    found = code(change, field)
    if found is not None and RECORD_ID.fullmatch(found) is None:
        raise unmapped(f"{field} is no record id")
    return found


def prose(change: VendorChange, field: str | None) -> str | None:
    """Words of people: what cannot be written, such as half an emoji, becomes U+FFFD."""
    text = _text(change, field)
    return None if text is None else _UNSOUND.sub("\ufffd", text)


def _text(change: VendorChange, field: str | None) -> str | None:
    value = held(change, field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise unmapped(f"{field} is {_KINDS.get(type(value), 'a number')}, where text is expected")
    return value if value.strip() else None


def flag(change: VendorChange, field: str | None) -> bool | None:
    """True or false, also written as text; None where absent."""
    value = held(change, field)
    said = value.strip().casefold() if isinstance(value, str) else value
    if said is None or isinstance(said, bool):
        return said
    if said in ("true", "false"):
        return bool(said == "true")
    raise unmapped(f"{field} is neither true nor false")
