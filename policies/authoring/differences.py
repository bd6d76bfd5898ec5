"""What differs between two policies, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from policies.calendars import WEEKDAYS
from policies.model import Policy


class Difference(NamedTuple):
    """An entry, and its value in each; None where it is absent."""

    entry: str
    before: Any
    after: Any


def differences(before: Policy, after: Policy) -> list[Difference]:
    """Every entry whose value differs. Lists of named entries are compared by name."""
    one, other = dict(_entries("", _dumped(before))), dict(_entries("", _dumped(after)))
    return [
        Difference(entry, one.get(entry), other.get(entry))
        for entry in dict.fromkeys([*one, *other])
        if one.get(entry) != other.get(entry)
    ]


def _dumped(policy: Policy) -> dict[str, Any]:
    dumped = policy.model_dump(mode="json")
    dumped["rules"] = {one["rule"]: one["statement"] for one in dumped["rules"]}
    dumped["duties"] = {one.pop("duty"): one for one in dumped["duties"]}
    dumped["calendar"]["hours"] = {
        day: ["-".join(interval) for interval in intervals]
        for day, intervals in zip(WEEKDAYS, dumped["calendar"]["hours"], strict=True)
    }
    return dumped


def _entries(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _entries(f"{path}.{name}" if path else str(name), inner)
    else:
        yield path, value
