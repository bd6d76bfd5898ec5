"""Write a message: what was decided, in words, in the reader's time zone.

Pure. The text is complete by itself; the HTML says the same. Built when the message is sent, from
what is known then. The words stand in ``templates/``, codes become words in ``words.py``, and
``layout.py`` gives them their form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from schemas.subject import subject_of
from services.notifier.directory.mailbox import one_line
from services.notifier.planning import words
from services.notifier.planning.clock import Clock, zone_of
from services.notifier.planning.escalations import DutyState, EscalationState
from services.notifier.planning.layout import (
    Formatted,
    as_html,
    as_text,
    blocks,
    flat,
    link,
    quote,
    row,
)


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who reads; without a known zone in UTC."""

    name: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class CaseReference:
    """What is known of the case now; ``known``: it was opened."""

    title: str | None = None
    product: str | None = None
    account_id: str | None = None
    severity: str | None = None
    tier: str | None = None
    number: str | None = None
    url: str | None = None
    known: bool = False

    @property
    def link(self) -> str | None:
        return link(self.url)


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """How to reach a person of the case."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    timezone: str | None = None
    working_hours: str | None = None


class Facts(dict[str, Any]):
    """A form, or facts, of which a template may ask for what is not there."""

    def __missing__(self, _: str) -> None:
        return None


@dataclass(frozen=True, slots=True)
class MailContext:
    """All that a template may use. ``brief`` is the decision, the rest is known of the case."""

    template: str
    subject: str
    happened_at: datetime
    written_at: datetime
    brief: Mapping[str, Any]
    reader: Addressee = Addressee()
    audience: str = ""
    case: CaseReference = CaseReference()
    requester: NamedPerson | None = None
    behalf: NamedPerson | None = None
    contact: NamedPerson | None = None
    owner: NamedPerson | None = None
    primary_contact: NamedPerson | None = None
    by: NamedPerson | None = None
    comments: str | None = None
    words: str | None = None
    form: Facts = field(default_factory=Facts)
    escalation: EscalationState | None = None
    is_escalated: bool = False

    @property
    def is_account(self) -> bool:
        return subject_of(self.subject).kind == "account"

    @property
    def facts(self) -> Facts:
        """What its acceptance said of the escalation, where there was one."""
        return Facts(self.escalation.facts if self.escalation else {})

    @property
    def account_id(self) -> str | None:
        return self.case.account_id or self.facts["account_id"] or self.brief.get("account_id")

    @property
    def severity(self) -> str | None:
        return self.case.severity or self.facts["severity"]

    @property
    def tier(self) -> str | None:
        return self.case.tier or self.facts["tier"]

    @property
    def level(self) -> str | None:
        return self.escalation.level if self.escalation else None

    @property
    def linked(self) -> list[str]:
        """The cases of an account escalation; before it exists, those that are asked for."""
        return (
            list(self.escalation.linked if self.escalation else ()) or self.form["case_ids"] or []
        )

    @property
    def owed(self) -> list[DutyState]:
        """What is owed now, beside the misses that this message tells."""
        open_ = self.escalation.open_duties if self.escalation else []
        named = {one["duty"] for one in self.brief.get("missed", ())}
        return [duty for duty in open_ if duty.duty not in named]

    @property
    def is_yours(self) -> bool:
        """Whether all of it is owed by whoever reads this."""
        return all(duty.owed_by == self.audience for duty in self.owed)

    def duty(self, name: str) -> DutyState | None:
        return self.escalation.duties.get(name) if self.escalation else None

    @property
    def owner_unnamed(self) -> str | None:
        """What stands in place of an owner whom nobody has named."""
        accepted = bool(self.facts) and not self.facts["owner_id"]
        return "nobody is named yet" if accepted else None


@dataclass(frozen=True, slots=True)
class Wording:
    subject: str
    text: str
    html: str


def write(told: MailContext) -> Wording:
    """The message in words. Errors: a template that does not exist, or misses a value."""
    place = words.place(told.subject, told.case.number)
    values: dict[str, Any] = {
        "told": told,
        "brief": told.brief,
        "place": place,
        "at": Clock(zone_of(told.reader.timezone), told.written_at),
        "words": words,
        "row": row,
        "quote": quote,
        "person": person,
    }
    subject = one_line(_render(f"{told.template}.subject.txt", values), 150)
    parts = blocks(_render(f"{told.template}.txt", values))
    for part in parts[:1]:
        part.lines[0] = words.capitalized(part.lines[0])
    greeting = _greeting(told.reader)
    return Wording(subject, as_text(greeting, parts), as_html(subject, greeting, parts))


def _greeting(reader: Addressee) -> str:
    name = one_line(reader.name or "", 80)
    return f"Hello {name}," if name else "Hello,"


def person(held: NamedPerson | None) -> str:
    """A person in one line: name and how to be reached."""
    if held is None:
        return ""
    known = (held.name, held.email, held.phone, held.timezone, held.working_hours)
    return ", ".join(flat(one).strip() for one in known if one)


def _finalized(value: object) -> object:
    """Whatever a template shows is flat, but for what was laid out."""
    return value if isinstance(value, Formatted) else "" if value is None else flat(value)


_ENVIRONMENT: Final = Environment(  # noqa: S701  # layout.py escapes all of it
    loader=PackageLoader("services.notifier"),
    undefined=StrictUndefined,
    finalize=_finalized,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_ENVIRONMENT.filters["capitalized"] = words.capitalized


def _render(template: str, values: dict[str, Any]) -> str:
    return _ENVIRONMENT.get_template(template).render(values)
