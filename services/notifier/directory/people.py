"""What the notifier keeps of the case topic: people, who asked, and who looks after a case.

Pure: facts in, rows out; ``people.py`` of the service stores them. Of comments only those are kept
that may turn out to be a request. Every row has the time of the record that said it, so that it
can be forgotten with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas import reported
from schemas.codec import Reported
from schemas.vocabulary import Person, is_blank
from services.notifier.directory.forms import LONGEST, as_text, form_of, words_of


@dataclass(slots=True)
class PersonAtCase:
    """What a case says of a person."""

    subject: str
    person_id: str
    name: str | None
    email: str | None
    phone: str | None
    timezone: str | None
    working_hours: str | None
    said_at: datetime


@dataclass(slots=True)
class AskedRow:
    """Who asked for an escalation, or wrote a comment that may turn out to have asked."""

    subject: str
    ref: str
    source_offset: int
    kind: str
    person_id: str | None
    comments: str | None
    said_at: datetime
    form: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class WordsRow:
    """What somebody said when they did something: why it was raised or declined, which plan."""

    subject: str
    source_offset: int
    by_id: str | None
    words: str | None
    said_at: datetime


@dataclass(slots=True)
class CaseDirectoryRow:
    """Who looks after a case. ``assigned`` values win over those given when it was opened."""

    subject: str
    said_at: datetime
    title: str | None = None
    product: str | None = None
    support_manager_id: str | None = None
    agent_id: str | None = None
    team: str | None = None
    account_id: str | None = None
    severity: str | None = None
    tier: str | None = None
    number: str | None = None
    url: str | None = None
    opened: bool = False
    changed_severity: str | None = None
    assigned_manager_id: str | None = None
    assigned_agent_id: str | None = None
    assigned_team: str | None = None


@dataclass(slots=True)
class Learnt:
    """All that a batch of records said."""

    people: dict[tuple[str, str], PersonAtCase]
    asked: dict[tuple[str, str, int], AskedRow]
    cases: dict[str, CaseDirectoryRow]
    words: list[WordsRow]


@dataclass(frozen=True, slots=True)
class CaseFact:
    """A reported event, where it stands, and when its record was appended."""

    event: Reported
    offset: int
    at: datetime
    raw: Any = None


def learnt(batch: Iterable[CaseFact]) -> Learnt:
    """Fold a batch, in partition order, into one row per person, question and case."""
    found = Learnt({}, {}, {}, [])
    for said in batch:
        for person in _people(said.event.data):
            _meet(found, said, person)
        _note(found, said)
    return found


def _people(fact: reported.Fact) -> Iterator[Person]:
    for name in _PERSONAL[type(fact)]:
        value = getattr(fact, name)
        if isinstance(value, Person):
            yield value
        elif value:
            yield from value


def _personal_fields(fact: type[reported.Fact]) -> tuple[str, ...]:
    return tuple(
        name for name, field in fact.model_fields.items() if "Person" in str(field.annotation)
    )


_PERSONAL = {fact: _personal_fields(fact) for fact in reported.FACTS}


def _meet(found: Learnt, said: CaseFact, person: Person) -> None:
    given = (
        person.name,
        person.email,
        person.phone,
        person.timezone,
        as_text(person.working_hours),
    )
    if all(is_blank(value) for value in given):
        return
    name, email, phone, timezone, hours = (None if is_blank(value) else value for value in given)
    subject = said.event.subject
    row = PersonAtCase(subject, person.id, name, email, phone, timezone, hours, said.at)
    before = found.people.get((subject, person.id))
    if before is not None:
        row.name = row.name or before.name
        row.email = row.email or before.email
        row.phone = row.phone or before.phone
        row.timezone = row.timezone or before.timezone
        row.working_hours = row.working_hours or before.working_hours
    found.people[subject, person.id] = row


def _note(found: Learnt, said: CaseFact) -> None:
    match said.event.data:
        case reported.EscalationRequested() as request:
            _remember_request(found, said, request)
        case reported.CommentAdded(author_role="customer") as comment if _may_ask(comment):
            subject, ref = said.event.subject, comment.comment_id
            row = AskedRow(
                subject, ref, said.offset, "comment", comment.author.id, words_of(comment), said.at
            )
            found.asked.setdefault((subject, ref, said.offset), row)
        case reported.Opened() as opened:
            _open(_case(found, said), opened)
        case reported.Assigned() as assigned:
            _assign(_case(found, said), assigned)
        case reported.SeverityChanged(severity=severity):
            _case(found, said).changed_severity = severity
        case fact:
            _keep_words(found, said, fact)


def _keep_words(found: Learnt, said: CaseFact, fact: reported.Fact) -> None:
    by_id: str | None
    match fact:
        case (
            reported.LevelRaised(by=by, why=words)
            | reported.EscalationApproved(by=by, reason=words)
            | reported.EscalationDeclined(by=by, reason=words)
        ):
            by_id = by.id
        case reported.ActionPlanShared(by=somebody, plan=plan):
            words = plan
            by_id = None if somebody is None else somebody.id
        case _:
            return
    shown = None if words is None or is_blank(words) else words[:LONGEST]
    found.words.append(WordsRow(said.event.subject, said.offset, by_id, shown, said.at))


def _may_ask(comment: reported.CommentAdded) -> bool:
    return comment.is_public and not comment.is_automatic


def _remember_request(found: Learnt, said: CaseFact, request: reported.EscalationRequested) -> None:
    who = request.requested_by
    comments = None if request.comments is None else request.comments[:LONGEST]
    subject, ref = said.event.subject, request.request_id
    row = AskedRow(subject, ref, said.offset, "request", _id(who), comments, said.at)
    row.form = form_of(request)
    found.asked.setdefault((subject, ref, said.offset), row)


def _case(found: Learnt, said: CaseFact) -> CaseDirectoryRow:
    row = found.cases.setdefault(said.event.subject, CaseDirectoryRow(said.event.subject, said.at))
    row.said_at = said.at
    return row


def _open(row: CaseDirectoryRow, opened: reported.Opened) -> None:
    manager, agent = opened.support_manager, opened.assigned_agent
    row.title = row.title or _words(opened.title)
    row.product = row.product or _words(opened.product)
    row.support_manager_id = row.support_manager_id or _id(manager)
    row.agent_id = row.agent_id or _id(agent)
    row.team = row.team or _words(opened.team)
    row.account_id = row.account_id or _words(opened.account_id)
    row.severity = row.severity or opened.severity
    row.tier = row.tier or _words(opened.tier)
    row.number = row.number or _words(getattr(opened, "number", None))
    row.url = row.url or _words(getattr(opened, "url", None))
    row.opened = True


def _assign(row: CaseDirectoryRow, assigned: reported.Assigned) -> None:
    manager, agent = assigned.support_manager, assigned.agent
    row.assigned_manager_id = _id(manager) or row.assigned_manager_id
    row.assigned_agent_id = _id(agent) or row.assigned_agent_id
    row.assigned_team = _words(assigned.team) or row.assigned_team


def _id(person: Person | None) -> str | None:
    return None if person is None else person.id


def _words(text: str | None) -> str | None:
    return None if is_blank(text) or text is None else text[:500]
