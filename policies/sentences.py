"""Sentences of a policy that requesters read, and what they claim.

A sentence may name what it rests on: duties, who is told, weekdays. The model refuses a claim that
the policy does not keep, and ``{a-duty}`` in a text is written from that duty's own length, so
that the number in a mail is the number that is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

if TYPE_CHECKING:
    from policies.calendars import Calendar
    from policies.entries import DutySpec
    from policies.model import Policy

_DUTY: Final = re.compile(r"\{([^{}\s]+)\}")
_WHOLE_DAY: Final = (("00:00", "24:00"),)


class SentenceSpec(BaseModel):
    """A sentence for the requester. ``unless`` names hints that would say the same again,
    ``where_refused`` the only refusals after which it is said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, Field(min_length=1, max_length=1_000)]
    promises: tuple[str, ...] = ()
    expects: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    weekdays: bool = False
    unless: tuple[str, ...] = ()
    where_refused: tuple[str, ...] = ()

    @property
    def duties(self) -> tuple[str, ...]:
        """The duties whose length stands in the text."""
        return tuple(_DUTY.findall(self.text))


def _from_text(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


Sentence = Annotated[SentenceSpec, BeforeValidator(_from_text)]


def unkept(sentence: SentenceSpec, policy: Policy) -> Iterator[str]:
    """The claims of a sentence that this policy does not keep, each with what to do."""
    specs = {spec.duty: spec for spec in policy.duties}
    for name in (*sentence.promises, *sentence.expects, *sentence.duties):
        if name not in specs:
            yield f"{name} is no duty of this policy; name one of: {', '.join(specs) or 'none'}"
    for kind, names in (("promise", sentence.promises), ("expectation", sentence.expects)):
        for name in names:
            if name in specs and specs[name].kind != kind:
                yield f"{name} is no {kind} under this policy; say so, or change its kind"
    owing = {spec.owed_by for spec in policy.duties}
    for audience in sentence.told:
        if audience not in policy.told and audience not in owing:
            yield f"{audience} is not told; add it to told, or drop the sentence"
    if sentence.weekdays and not any(spec.clock == "working" for spec in policy.duties):
        yield "no duty counts working time; drop weekdays, or write clock: working"


def written(text: str, policy: Policy, severity: str | None = None) -> str:
    """The text with the length of each duty that it names."""

    def length(found: re.Match[str]) -> str:
        spec = next((one for one in policy.duties if one.duty == found[1]), None)
        return found[0] if spec is None else within(spec, policy.calendar, severity)

    return _DUTY.sub(length, text)


def within(spec: DutySpec, calendar: Calendar, severity: str | None = None) -> str:
    """``within 24 hours``, ``within one working day``, ``by 17:00 on each working day``."""
    if spec.working_days is not None:
        return f"within {_counted(spec.working_days, 'working day')}"
    if spec.daily_at is not None:
        return f"by {spec.daily_at} on each working day"
    lengths: dict[str, timedelta] = {str(key): value for key, value in spec.by_severity.items()}
    length = lengths.get(severity or "", spec.length)
    if length is None:
        return "as often as the communication plan says"
    minutes = int(length.total_seconds()) // 60
    number, unit = (minutes, "minute") if minutes % 60 else (minutes // 60, "hour")
    partial = spec.clock == "working" and not _is_around_the_clock(calendar.hours)
    return f"within {_counted(number, f'working {unit}' if partial else unit)}"


def _is_around_the_clock(hours: Sequence[Sequence[Sequence[str]]]) -> bool:
    return all(tuple(map(tuple, day)) == _WHOLE_DAY for day in hours if day)


_WORDS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _counted(number: int, unit: str) -> str:
    shown = _WORDS[number] if number < len(_WORDS) else str(number)
    return f"{shown} {unit}" if number == 1 else f"{shown} {unit}s"
