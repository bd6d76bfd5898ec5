"""Read model ``people``: what people are called, from the case topic; it expires with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from schemas import reported
from schemas.codec import Reported
from schemas.vocabulary import Person

_PERSON_FIELDS: Final = {
    fact: tuple(
        name for name, info in fact.model_fields.items() if "Person" in str(info.annotation)
    )
    for fact in reported.FACTS
}
"""Where a fact names people: one, or a list of them."""


@dataclass(frozen=True)
class PersonRow:
    person_id: str
    name: str
    recorded_at: datetime


def named(event: Reported, recorded_at: datetime) -> Iterator[PersonRow]:
    """Everybody whom an event names by name."""
    for field in _PERSON_FIELDS[type(event.data)]:
        found: Any = getattr(event.data, field)
        for one in found if isinstance(found, list | tuple) else (found,):
            if isinstance(one, Person) and one.name:
                yield PersonRow(one.id, one.name, recorded_at)
