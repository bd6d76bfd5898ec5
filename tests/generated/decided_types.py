"""The decided types and their data in docs/consuming.md, computed from the models."""

from __future__ import annotations

import types
from datetime import datetime
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from schemas import decided

BEGIN, END = "<!-- decided types: begin -->", "<!-- decided types: end -->"
ON_EVERY = tuple(decided.Decision.model_fields)
ON_ACTIONS = tuple(decided.Recorded.model_fields)
"""Said once, above the table."""
NAMES = {str: "text", int: "whole number", bool: "true or false", datetime: "instant"}


def consuming(text: str) -> dict[str, str]:
    """The page with its tables as the models say."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return {"docs/consuming.md": f"{before}{BEGIN}\n\n{_tables()}\n\n{END}{after}"}


def _tables() -> str:
    lines = ["| type | its data |", "| --- | --- |"]
    for model in decided.DECISIONS:
        is_action = issubclass(model, decided.Recorded)
        told = _fields(model, ON_ACTIONS if is_action else ON_EVERY)
        mark = " †" if is_action else ""
        lines.append(f"| `{decided.type_of(model)}`{mark} | {told} |")
    lines += ["", "Parts of them:", "", "| part | its fields |", "| --- | --- |"]
    for part in (decided.Duty, decided.Fulfilment, decided.Refusal, decided.Receipt,
                 decided.RuleOutcome, decided.PolicyRef):  # fmt: skip
        lines.append(f"| {part.__name__} | {_fields(part, ())} |")
    return "\n".join(lines)


def _fields(model: type[BaseModel], without: tuple[str, ...]) -> str:
    told = [
        f"`{name}` {_kind(info.annotation)}"
        for name, info in model.model_fields.items()
        if name not in without
    ]
    return "; ".join(told) or "nothing more"


def _kind(annotation: Any) -> str:
    """A type in words: what may stand there."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        kinds = [_kind(one) for one in parts if one is not type(None)]
        return " or ".join(kinds) + (" or null" if type(None) in parts else "")
    if origin is Literal:
        return "one of " + ", ".join(f"`{value}`" for value in parts)
    if origin in (list, tuple):
        return f"list of {_kind(parts[0])}"
    if origin is dict or annotation is Any:
        return "anything" if annotation is Any else "object"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.__name__
    if origin is not None and parts:  # Annotated: what it adds is for reading, not for readers
        return _kind(parts[0])
    return NAMES.get(annotation, getattr(annotation, "__name__", str(annotation)))
