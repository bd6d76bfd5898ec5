"""A record of Salesforce's topic: bytes to the change event in it, or why there is none.

Read through: the wrappers of common connectors, and the tags of Avro's JSON encoding. Reasons
apply in the contract's order, and their texts name fields and settings, never a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from schemas.codec import Reason
from schemas.topics import LARGEST_EVENT_BYTES

DEEPEST: Final = 100
HEADER: Final = "ChangeEventHeader"
WRAPPERS: Final = ("payload", "data", "detail")
"""Where connectors put the change event: Kafka Connect's JSON converter and the streaming
interface in ``payload``, the latter inside ``data``, event relays in ``detail``."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS = range(-2_208_988_800_000, 221_845_392_000_000)
"""Of the years 1900 to 8999, as every instant of an event."""
RECORD_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9_]{1,80}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that cannot be translated: the reason's code, and a sentence for the operator."""

    reason: Reason
    text: str


class CannotTranslate(Exception):
    """Raised on the way; ``parked`` is what the record is parked with."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.parked = Parked(reason, text)


def unmapped(text: str) -> CannotTranslate:
    """The record is a change event, and the mapping file cannot say what it means."""
    return CannotTranslate("unmapped", text)


@dataclass(frozen=True, slots=True)
class VendorChange:
    """One change of one record. ``key`` is the same when the change is delivered again."""

    entity: str
    record: str
    kind: str
    at: datetime
    key: str
    header: dict[str, Any]
    fields: dict[str, Any]

    @property
    def is_new(self) -> bool:
        return self.kind == "CREATE"


def changes_of(value: bytes | None) -> list[VendorChange]:
    """The changes that a Kafka record holds, one for each record id. Errors: CannotTranslate."""
    body = _change_event(_parsed(value))
    header = _header(body)
    kind = _code(header, "changeType")
    if kind.startswith("GAP_"):
        raise CannotTranslate(
            "gap-event", f"{kind} carries no values: read the records again and send them"
        )
    records = dict.fromkeys(_record_ids(header))
    entity, at = _code(header, "entityName"), _committed_at(header)
    key = _identity(header, value or b"")
    fields = {name: held for name, held in body.items() if name != HEADER}
    return [VendorChange(entity, record, kind, at, key, header, fields) for record in records]


# --- bytes to JSON -------------------------------------------------------------------------


def _parsed(value: bytes | None) -> Any:
    if value is None:
        raise CannotTranslate("not-json", "the record has no value")
    if len(value) > LARGEST_EVENT_BYTES:
        text = f"{len(value)} bytes; at most {LARGEST_EVENT_BYTES} are read"
        raise CannotTranslate("too-large", text)
    if _depth(value) > DEEPEST:
        raise CannotTranslate("schema-invalid", f"the JSON nests deeper than {DEEPEST} levels")
    try:
        return json.loads(value.decode("utf-8-sig"), parse_int=_number, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise CannotTranslate(
            "not-json",
            "the value is not JSON in UTF-8: set the connector's value.converter to a JSON one",
        ) from None


def _number(digits: str) -> int | float:
    """Python refuses whole numbers of thousands of digits; none of ours has twenty."""
    return int(digits) if len(digits) <= 20 else float(digits)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


def _depth(value: bytes) -> int:
    """How deep brackets nest, those in strings apart."""
    if value.count(b"[") + value.count(b"{") <= DEEPEST:
        return 0
    depth = deepest = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", value)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


# --- JSON to the change event --------------------------------------------------------------


def _change_event(body: Any) -> dict[str, Any]:
    """The object with the header, whatever it is wrapped in."""
    for _ in range(4):
        if not isinstance(body, dict):
            break
        if HEADER in body:
            return body
        held = (body[name] for name in WRAPPERS if isinstance(body.get(name), dict))
        body = next(held, None)
    raise CannotTranslate(
        "not-an-envelope",
        f"this is JSON, but no change event: there is no {HEADER}, neither at the top nor in "
        f"{', '.join(WRAPPERS)}; send one change event a record, as an object",
    )


_TAGS: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,), "boolean": (bool,), "int": (int,), "long": (int,),
    "float": (int, float), "double": (int, float), "array": (list,),
}  # fmt: skip


def plain(value: Any) -> Any:
    """A value without the tag of Avro's JSON encoding: ``{"string": "High"}`` is ``High``."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((tag, held),) = value.items()
    is_named = "." in tag and isinstance(held, str | dict)  # an enumeration or a record
    if is_named or (tag in _TAGS and type(held) in _TAGS[tag]):
        return held
    return value


# --- the header ----------------------------------------------------------------------------


def _header(body: dict[str, Any]) -> dict[str, Any]:
    header = plain(body[HEADER])
    if not isinstance(header, dict):
        raise CannotTranslate("not-an-envelope", f"{HEADER} is not an object")
    return {name: plain(held) for name, held in header.items()}


def _code(header: dict[str, Any], name: str) -> str:
    held = header.get(name)
    if not isinstance(held, str) or _CODE.fullmatch(held) is None:
        raise unmapped(f"{HEADER}.{name} is missing or no name")
    return held


def _record_ids(header: dict[str, Any]) -> Iterator[str]:
    """One text instead of a list is read as that one id."""
    held = header.get("recordIds")
    ids = [held] if isinstance(held, str) else held
    if not isinstance(ids, list) or not ids:
        raise unmapped(f"{HEADER}.recordIds must be a list of record ids")
    ids = [plain(one) for one in ids]
    if any(isinstance(one, str) and "*" in one for one in ids):
        raise CannotTranslate(
            "wildcard-records", "the record ids are a wildcard: read the records again, send them"
        )
    for one in ids:
        if not isinstance(one, str) or RECORD_ID.fullmatch(one) is None:
            raise unmapped(
                f"{HEADER}.recordIds holds something that is not a record id: send a list of ids"
            )
        yield one


def _committed_at(header: dict[str, Any]) -> datetime:
    held = header.get("commitTimestamp")
    if isinstance(held, str) and re.fullmatch(r"-?\d{1,15}", held, re.ASCII):
        held = int(held)
    if isinstance(held, float) and held.is_integer():
        held = int(held)
    if type(held) is not int or held not in _MILLISECONDS:
        raise unmapped(
            f"{HEADER}.commitTimestamp is not a number of milliseconds since 1970 in the years "
            "1900 to 8999"
        )
    return _EPOCH + timedelta(milliseconds=held)


def _identity(header: dict[str, Any], value: bytes) -> str:
    """What is the same when a change is delivered again, and differs between changes."""
    transaction, number = header.get("transactionKey"), header.get("sequenceNumber")
    if isinstance(transaction, str) and transaction.isprintable() and type(number) is int:
        return f"{transaction}\n{number}"
    return sha256(value).hexdigest()
