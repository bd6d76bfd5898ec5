"""One event of a case in words: what it is called, and what it says. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from policies.catalogue import Policies
from schemas.codes import in_words
from schemas.vocabulary import parse_duration, parse_instant
from services.projections.review.questions.judgements import is_once_only
from services.projections.review.questions.people import name_of
from services.projections.review.questions.queries import Row
from services.projections.review.times import instant, span
from services.projections.review.words.wording import because, hint

REPORTED: Final = {
    "opened": "case opened",
    "closed": "case closed",
    "reopened": "case reopened",
    "comment-added": "comment",
    "escalation-approved": "approval given",
    "escalation-declined": "request turned down",
    "escalation-acknowledged": "acknowledgement",
    "escalation-evaluated": "evaluation",
    "escalation-voided": "voiding",
    "account-case-linked": "case to be linked",
    "account-case-unlinked": "case to be unlinked",
    "account-link-asked": "asked whether it belongs to the account",
    "account-link-answered": "answer about a case of the account",
    "level-raised": "a higher level asked for",
    "de-escalated": "de-escalation",
}
"""What people report, where the code in words would not do."""
DECIDED: Final = {
    "accepted": "request ACCEPTED",
    "rejected": "request REJECTED",
    "suggestion-made": "hint given",
    "approval-requested": "put before an approver",
    "declined": "request DECLINED",
    "deadline-missed": "duty MISSED",
    "duty-replanned": "duty planned anew",
    "refused": "refused",
    "monitoring-held": "held until an improvement is named",
    "monitoring-ended": "escalation ended",
    "voided": "escalation voided",
    "case-linked": "case linked",
    "case-unlinked": "case unlinked",
    "contact-changed": "contact changed",
    "severity-changed": "severity changed",
    "trend-changed": "trend noted",
    "level-raised": "level raised",
}
LONGEST_QUOTE: Final = 100
_PEOPLE: Final = ("by", "author", "requested_by", "on_behalf_of", "agent", "support_manager",
                  "assigned_agent", "opened_by", "contact", "watcher", "agreed_with")  # fmt: skip
_CODES: Final = ("severity", "tier", "author_role", "visibility", "channel", "source",
                 "business_impact", "escalation_severity", "template", "program", "account_id",
                 "product", "case_number", "team", "to", "trend", "mode", "audience", "category",
                 "version", "answer")  # fmt: skip
_TEXTS: Final = ("title", "subject", "body", "comments", "reason", "note", "outcome", "next_steps",
                 "what", "plan", "description", "resolution", "process_correction", "why",
                 "agreement_ref", "link", "working_hours")  # fmt: skip
_IS_CODE: Final = re.compile(r"[a-z]+(-[a-z]+)+")
_LISTS: Final = ("situations", "resources", "skills")
_LABELS: Final = {
    "author_role": "as", "to": "to", "by": "by", "author": "by", "requested_by": "by",
    "agent": "agent", "escalation_severity": "escalation severity", "business_impact": "impact",
    "account_id": "account", "agreement_ref": "agreement", "why": "because",
}  # fmt: skip
_BARE: Final = frozenset({"body", "title", "severity", "comments"})
"""Said without a label: everybody knows what it is."""


@dataclass(frozen=True)
class Reading:
    """What events are read with. ``missed`` are duties that were missed."""

    subject: str
    names: Mapping[str, str]
    zone: tzinfo
    policies: Policies
    missed: frozenset[tuple[str, datetime]] = frozenset()


def gist(event: Row, reading: Reading) -> str:
    """What an event says, in one line; nothing raw."""
    said = event["data"] or {}
    tell = _decided if event["decided"] else _reported
    return "; ".join(filter(None, tell(event["name"], said, reading)))


def _reported(_: str, said: dict[str, Any], reading: Reading) -> Iterator[str]:
    for names, form in ((_CODES, _code), (_TEXTS, _quoted), (_PEOPLE, reading.names)):
        for key in names:
            if not (value := said.get(key)):
                continue
            text = name_of(value, form) if isinstance(form, Mapping) else form(str(value))
            yield text if key in _BARE else f"{_LABELS.get(key, key.replace('_', ' '))} {text}"
    yield from _lists(said)
    yield from _answers(said | (said.get("checklist") or {}))
    yield from _instants(said, reading)


def _lists(said: dict[str, Any]) -> Iterator[str]:
    if case := said.get("case_id"):
        yield f"case {case}"
    if cases := said.get("case_ids"):
        yield f"cases {', '.join(map(str, cases))}"
    for key in _LISTS:
        if values := said.get(key):
            yield f"{key} {', '.join(_code(str(one)) for one in values)}"
    if attached := said.get("attachments"):
        yield "attached " + ", ".join(map(_attachment, attached))


def _attachment(one: Mapping[str, Any]) -> str:
    """A file by its name, and in brackets what else is known of it."""
    size, digest = one.get("size"), one.get("sha256")
    more = (
        one.get("media_type"),
        None if size is None else f"{size} bytes",
        one.get("uri"),
        None if digest is None else f"SHA-256 {digest}",
    )
    known = ", ".join(str(part) for part in more if part)
    name = _quoted(str(one.get("name") or "?"))
    return f"{name} ({known})" if known else name


def _answers(said: dict[str, Any]) -> Iterator[str]:
    """What was answered with yes or no."""
    for key, value in said.items():
        if isinstance(value, bool):
            yield f"{key.replace('_', ' ')}: {'yes' if value else 'no'}"


def _instants(said: dict[str, Any], reading: Reading) -> Iterator[str]:
    if at := said.get("at"):
        yield f"at {_at(at, reading)}"
    if every := said.get("frequency"):
        yield f"every {_length(every)}"
    if attending := said.get("attendees"):
        yield "with " + ", ".join(name_of(one, reading.names) for one in attending)
    if date := said.get("milestone_date"):
        yield f"milestone {_at(date, reading)}"


def _decided(name: str, said: dict[str, Any], reading: Reading) -> Iterator[str]:
    if (case := said.get("case_id")) and case != reading.subject:
        yield f"case {case}"
    if action := said.get("action"):
        yield REPORTED.get(action, in_words(action))
    if refusals := said.get("refusals"):
        yield because([one["code"] for one in refusals], is_once_only(reading.policies, said))
    if duty := said.get("duty"):
        yield f"{in_words(duty)}{_when(said, reading)}"
    for key in ("to", "trend", "severity", "why"):
        if said.get(key):
            yield f"{key if key != 'why' else 'because'} {_code(str(said[key]))}"
    for one in said.get("suggestions") or ():
        yield hint(one)
    if name == "voided":
        yield in_words(said.get("reason"))
    if by_id := said.get("by_id"):
        yield f"by {name_of(by_id, reading.names)}"
    if name == "declined" and by_id is None:
        yield "the case was closed"
    yield from (
        f"{in_words(one['duty'])} {_kept(one, reading)}" for one in said.get("fulfilled") or ()
    )
    yield from (_set(one, reading) for one in said.get("duties") or ())


def _when(said: dict[str, Any], reading: Reading) -> str:
    due = said.get("due_at")
    if "was_due_at" not in said:
        return f", due {_at(due, reading)}" if due else ""
    was = said["was_due_at"]
    now = f"now due {_at(due, reading)}" if due else "its clock waits"
    return f": {now}" + (f", was due {_at(was, reading)}" if was else "")


def _set(duty: dict[str, Any], reading: Reading) -> str:
    until = f"by {_at(duty['due_at'], reading)}" if duty["due_at"] else "its clock waits"
    return f"owed: {in_words(duty['duty'])}, {until}"


def _kept(done: dict[str, Any], reading: Reading) -> str:
    """A duty may be kept and yet have been missed: its report came late."""
    if not done["kept"]:
        return "done late"
    due = done["due_at"] and parse_instant(done["due_at"])
    return "kept, reported late" if (done["duty"], due) in reading.missed else "kept"


def _code(value: str) -> str:
    return value if value.startswith("S") else in_words(value)


def _quoted(text: str) -> str:
    """In quotation marks; a code, such as a reason that is offered, in words."""
    if _IS_CODE.fullmatch(text):
        return in_words(text)
    short = text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"
    return f"“{short}”"


def _at(value: Any, reading: Reading) -> str:
    return _or_as_it_is(value, lambda text: instant(parse_instant(text), reading.zone))


def _length(value: Any) -> str:
    return _or_as_it_is(value, lambda text: span(parse_duration(text)))


def _or_as_it_is(value: Any, read: Callable[[Any], str]) -> str:
    """Reported values may be written in ways that only a producer understands."""
    try:
        return read(value)
    except ValueError:
        return str(value)
