"""One JSON Schema per event type: the closed form, which producers hold themselves to.

Closed and BACKWARD-compatible is the one setting under which adding an optional field is
allowed and anything that breaks a reader is not. Readers themselves skip unknown fields.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from schemas import decided, reported
from schemas.envelope import schema_uri

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schemas() -> dict[str, str]:
    """Committed path to text, for every reported and decided event."""
    models: dict[str, type[BaseModel]] = {**reported.BY_TYPE, **decided.BY_TYPE}
    return {
        f"schemas/json/{type_}.schema.json": _text(type_, model) for type_, model in models.items()
    }


def _text(type_: str, model: type[BaseModel]) -> str:
    decides = type_.startswith("support.escalation.")
    data = model.model_json_schema(mode="serialization" if decides else "validation")
    schema = {
        "$schema": DIALECT,
        "$id": schema_uri(type_),
        **_closed(data),
        "title": f"data of {type_}",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _closed(part: Any) -> Any:
    """Forbid unknown fields everywhere, and leave out titles that only repeat the names."""
    if isinstance(part, list):
        return [_closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    closed = {
        name: _closed(one)
        for name, one in part.items()
        if not (name == "title" and isinstance(one, str))
    }
    if closed.get("type") == "object" and "properties" in closed:
        closed["additionalProperties"] = False
    return closed
