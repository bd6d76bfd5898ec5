"""People in words: by name where one is known, else by id. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def name_of(person: Any, names: Mapping[str, str]) -> str:
    """Somebody, told as a person or by id."""
    if isinstance(person, dict):
        return str(person.get("name") or names.get(str(person.get("id"))) or person.get("id"))
    return names.get(str(person), str(person))


def by_whom(step: Mapping[str, Any]) -> str:
    """Who did it, with the id and the roles that they acted with; empty where nobody is named."""
    if not step["by_id"]:
        return ""
    roles = f", {'role' if len(step['by_roles']) == 1 else 'roles'} {', '.join(step['by_roles'])}"
    marks = f"{step['by_id']}{roles if step['by_roles'] else ''}"
    return f" by {step['by_name']} ({marks})" if step["by_name"] else f" by {marks}"
