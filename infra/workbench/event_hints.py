"""What a producer may not have meant, though every reader will take it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, get_args

from pydantic import BaseModel

from policies.catalogue import Policies
from schemas import reported, zones
from schemas.codec import Reported
from schemas.vocabulary import Person, is_blank
from services.notifier.directory.mailbox import mailbox

ATTRIBUTES: Final = (
    "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema",
    "data", "data_base64", "correlationid", "causationid", "traceparent", "sourcepartition",
    "sourceoffset",
)  # fmt: skip
_CLOSE: Final = 0.75
"""How alike an attribute must be to one of ours: others are extensions, and allowed."""


@dataclass(frozen=True)
class Hints:
    """Asks the policies of the deployment; None where they cannot be read."""

    policies: Policies | None

    def about(self, event: dict[str, Any], read: Reported | None) -> Iterator[str]:
        """Sentences about one event as it stands in a file; ``read`` where it can be read."""
        yield from _about_attributes(event)
        model = reported.BY_TYPE.get(str(event.get("type")))
        if model is None:
            return
        yield from _unknown(model, event.get("data"), "")
        if read is not None:
            yield from _about_people(read.data, "")
            if isinstance(read.data, reported.Opened) and self.policies is not None:
                yield from _about_policy(read.data, read, self.policies)


def _about_attributes(event: dict[str, Any]) -> Iterator[str]:
    for name in event:
        if name not in ATTRIBUTES and get_close_matches(name, ATTRIBUTES, 1, _CLOSE):
            yield _not_known(name, ATTRIBUTES)
    subject = event.get("subject")
    if not isinstance(subject, str):
        return
    if subject != subject.strip():
        yield "subject begins or ends with a space: it is another case than the one without"
    if not unicodedata.is_normalized("NFC", subject):
        yield "subject is not in the normal form NFC: it is another case than the one that is"


def _unknown(model: type[BaseModel], data: object, at: str) -> Iterator[str]:
    """The fields that no reader looks at, at any depth."""
    if not isinstance(data, dict):
        return
    for name, value in data.items():
        if name not in model.model_fields:
            yield _not_known(f"{at}{name}", [f"{at}{one}" for one in model.model_fields])
            continue
        part = next(_models(model.model_fields[name].annotation), None)
        if part is not None:
            for one in value if isinstance(value, list) else [value]:
                yield from _unknown(part, one, f"{at}{name}.")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _not_known(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 1)
    hint = f"did you mean {near[0]}?" if near else "readers skip it"
    return f"{name} is not known here: {hint}"


def _about_people(part: BaseModel, at: str) -> Iterator[str]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Person):
                yield from _about_person(one, f"{at}{name}")
            elif isinstance(one, BaseModel):
                yield from _about_people(one, f"{at}{name}.")


def _about_person(person: Person, at: str) -> Iterator[str]:
    if not is_blank(person.email) and mailbox(person.email) is None:
        yield f"{at}.email is not an address that mail can be sent to"
    if person.timezone and not is_blank(person.timezone):
        try:
            zones.zone(person.timezone)
        except ValueError as problem:
            yield f"{at}.timezone: {problem}; times will be told in UTC"


def _about_policy(opened: reported.Opened, read: Reported, policies: Policies) -> Iterator[str]:
    program = opened.program
    if program and not is_blank(program) and program not in policies.versions:
        near = get_close_matches(program, policies.versions, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        yield (
            f"program {program} is not a policy here: {hint}"
            f"The default, {policies.default}, would judge"
        )
    judge = policies.judging(program, read.time)
    tiers = {tier for by_tier in judge.windows.values() for tier in by_tier}
    if tiers and opened.tier not in tiers:
        near = get_close_matches(opened.tier.lower(), tiers, 1)
        hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(tiers))}"
        yield f"tier {opened.tier} has no window under {judge.policy}: {hint}"
