"""Which fields a change of an existing record is about, as far as its header tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from services.intake.record import HEADER, VendorChange, plain, unmapped

_BITMAP = re.compile(r"(?:\d+-)?0[xX][0-9A-Fa-f]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ChangedFields:
    """Which fields a change of an existing record is about.

    ``names`` is None where the header does not say: then a field that has a value is one.
    """

    names: frozenset[str] | None
    nulled: frozenset[str]
    differences: frozenset[str]
    fields: dict[str, Any]

    def names_field(self, field: str | None) -> bool:
        """Whether the header says that this field changed."""
        return field is not None and (field in (self.names or ()) or field in self.nulled)

    def touches(self, field: str | None) -> bool:
        """Whether the field changed, as far as the record tells. Errors: CannotTranslate."""
        if field in self.differences:
            raise unmapped(f"{field} was sent as a difference ({HEADER}.diffFields), not a value")
        if field is None or self.names is not None:
            return self.names_field(field)
        return field in self.nulled or self.fields.get(field) is not None


def scope_of(change: VendorChange) -> ChangedFields:
    """Errors: ``CannotTranslate`` where the header lists its fields in a form not read here."""
    changed = _names(change, "changedFields")
    nulled, differences = _names(change, "nulledFields"), _names(change, "diffFields")
    return ChangedFields(
        frozenset(changed) or None, frozenset(nulled), frozenset(differences), change.fields
    )


def _names(change: VendorChange, which: str) -> list[str]:
    held = change.header.get(which)
    if held is None:
        return []
    names = [plain(one) for one in held] if isinstance(held, list) else [held]
    if any(isinstance(one, str) and _BITMAP.fullmatch(one) for one in names):
        raise unmapped(
            f"{HEADER}.{which} is a bitmap: turn on what expands the bitmap fields to names in "
            "the connector (changedFields, nulledFields, diffFields)"
        )
    if not isinstance(held, list) or not all(isinstance(one, str) for one in names):
        raise unmapped(f"{HEADER}.{which} must be a list of field names")
    return names
