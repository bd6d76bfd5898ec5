"""Every field of what may be reported, and a value that says nothing for those that are needed."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from schemas import reported, vocabulary

NEUTRAL: tuple[Any, ...] = (
    "x", {"id": "x"}, [], [{"id": "x"}], 0, "PT8H", "2030-01-01T00:00:00Z", "2030-01-01", "S1",
    "customer", "email", "team-manager", "same", "entered-by-mistake", "linked",
)  # fmt: skip
"""The first of these that a needed field takes stands in for what was reported."""


@dataclass(frozen=True, slots=True)
class ReportedField:
    """One field of one model, where the model itself declares it."""

    model: type[BaseModel]
    name: str

    @property
    def key(self) -> str:
        return f"{self.model.__name__}.{self.name}"

    @property
    def module(self) -> str:
        """The file that declares it, from the root of the repository."""
        return self.model.__module__.replace(".", "/") + ".py"

    @property
    def neutral(self) -> Any:
        """What stands in for a field that the schema needs; None where it may be absent."""
        field = self.model.model_fields[self.name]
        if not field.is_required():
            return None
        return next(value for value in NEUTRAL if self.takes(value))

    def takes(self, value: Any) -> bool:
        """Whether the field alone can hold this."""
        annotation = self.model.model_fields[self.name].rebuild_annotation()
        only = type("_Only", (vocabulary.Said,), {
            "__annotations__": {"value": annotation}, "__module__": __name__,
        })  # fmt: skip
        try:
            TypeAdapter(only).validate_python({"value": value})
        except ValidationError:
            return False
        return True


PARTS: tuple[type[BaseModel], ...] = (
    vocabulary.Person,
    reported.Attachment,
    reported.Checklist,
    reported.DateEntry,
)


def fields() -> Iterator[ReportedField]:
    """Each once, in the order of the models."""
    models: tuple[type[BaseModel], ...] = (*PARTS, *reported.FACTS)
    for model in models:
        declared = inspect.get_annotations(model)
        yield from (ReportedField(model, name) for name in model.model_fields if name in declared)
