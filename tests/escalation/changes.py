"""Shipped policies with other entries, checked as files would be."""

from __future__ import annotations

from typing import Any

from policies.model import Policy
from tests.spec import POLICIES

SHIPPED = {name: versions[0] for name, versions in POLICIES.versions.items()}


def changed(name: str, **entries: Any) -> Policy:
    """A shipped policy with other entries, checked as a file would be."""
    return Policy.model_validate(SHIPPED[name].model_dump(mode="json") | entries)


def without_rule(name: str, rule: str) -> list[dict[str, str]]:
    return [
        entry.model_dump() for entry in SHIPPED[name].rules if entry.rule != rule
    ]  # fmt: skip


def with_duty(name: str, duty: str, **entries: Any) -> list[dict[str, Any]]:
    return [
        spec.model_dump(mode="json") | (entries if spec.duty == duty else {})
        for spec in SHIPPED[name].duties
    ]
