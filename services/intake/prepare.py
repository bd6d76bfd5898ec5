"""What a vendor's record becomes: events that the decider's codec accepts, or a parked record.

Nothing here raises, whatever the record and the mapping are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from infra.runtime.isolation import what_failed
from infra.runtime.tolerant_records import Unparsed
from schemas.codec import STRUCTURED_HEADERS, Record, Reported, Unreadable, read_reported, write
from schemas.topics import PARTITIONS, partition_of
from services.intake.mapping import Mapping
from services.intake.record import Parked
from services.intake.salesforce import translate

_UNPARSED: Final = (
    "the bytes at these offsets cannot be parsed as Kafka records; this letter holds their "
    "SHA-256, size and offsets"
)


@dataclass(frozen=True, slots=True)
class Ready:
    """An event as it will be sent to the case topic."""

    event: Reported
    key: bytes
    value: bytes
    partition: int


def prepared(value: bytes | None, mapping: Mapping) -> list[Ready] | Parked:
    """All events of a record, or the reason why none of them can be sent.

    An error of our own is the record's last reason, ``processing-failed``: it must not come again
    and again and keep the records behind it.
    """
    if isinstance(value, Unparsed):
        return Parked("not-json", f"{_UNPARSED} ({value.why})")
    try:
        found = translate(value, mapping)
        if isinstance(found, Parked):
            return found
        ready = [_ready(event) for event in found]
    except Exception as error:
        return Parked("processing-failed", what_failed(error))
    refused = next((one for one in ready if isinstance(one, Parked)), None)
    return refused or [one for one in ready if isinstance(one, Ready)]


def _ready(event: Reported) -> Ready | Parked:
    """Written, and read again as the decider will: what it would refuse is parked here."""
    key, value = event.key, write(event)
    partition = partition_of(key, PARTITIONS)
    found = read_reported(Record(key, value, STRUCTURED_HEADERS, partition), PARTITIONS)
    if isinstance(found, Unreadable):
        return Parked(found.reason, f"{event.type} would not be read: {found.text}")
    return Ready(event, key, value, partition)
