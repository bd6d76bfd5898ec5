"""A case's state as it stands in the state topic and, byte for byte, in memory.

Kept as bytes so that a million of them cost the garbage collector nothing. Beside the case
stand when it must next be looked at, and the offset of the record that changed it last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from pydantic import ConfigDict, TypeAdapter
from pydantic_core import from_json

from schemas.reported import CalendarChanged
from services.escalation.core.case import Case


@dataclass(slots=True)
class StoredState:
    """``fires_at`` is when the case's next deadline is decided; first, so that a restore can
    find it without reading the rest."""

    fires_at: datetime | None
    offset: int
    case: Case


@dataclass(slots=True)
class PartitionProgress:
    """How far a partition has been applied, its clock, and the calendars that were changed since
    the policy files were written: one record per partition.

    ``calendars`` hold all changes of each calendar in one; ``seen`` digests of the events that
    brought them.
    """

    __pydantic_config__ = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    clock: datetime
    offset: int
    calendars: dict[str, CalendarChanged] = field(default_factory=dict)
    seen: bytes = b""


_KEPT: Final = TypeAdapter(StoredState)
_PROGRESS: Final = TypeAdapter(PartitionProgress)
_OF_A_STATE: Final = {"case", "clock"}
_DUE: Final = b'{"fires_at":"'


def dump(kept: StoredState) -> bytes:
    return _KEPT.dump_json(kept, exclude_defaults=True)


def load(stored: bytes) -> StoredState:
    return _KEPT.validate_json(stored)


def verify(key: bytes | None, stored: bytes | None, partition: int) -> None:
    """Whether a record of the state topic is one of ours. Errors: ``ValueError``.

    The whole of a state is read when its case is; here its form must do, a million times.
    """
    if not key or stored is None:
        raise ValueError("a state has a key and a value")
    key.decode("utf-8")
    if key.startswith(b"clock/") and key != f"clock/{partition}".encode():
        raise ValueError("it is the clock of another partition")
    found = from_json(stored, cache_strings="keys")
    if not isinstance(found, dict) or not _OF_A_STATE & found.keys():
        raise ValueError("its fields are none of a state")
    if type(found.get("offset")) is not int:
        raise ValueError("it has no offset")


def fires_at(stored: bytes) -> datetime | None:
    """Read only when the next deadline fires."""
    if not stored.startswith(_DUE):
        return None
    text = stored[len(_DUE) : stored.index(b'"', len(_DUE))]
    return datetime.fromisoformat(text.decode()).astimezone(UTC)


def dump_progress(progress: PartitionProgress) -> bytes:
    return _PROGRESS.dump_json(progress)


def load_progress(stored: bytes) -> PartitionProgress:
    return _PROGRESS.validate_json(stored)
