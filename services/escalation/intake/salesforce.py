"""Salesforce Change Data Capture to reported events: pure, one set of events per record id.

Ids are derived from the change itself, so a change delivered again becomes the same events and
the decider ignores them. What carries no values is parked with its reason, never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid5

from pydantic import ValidationError

from schemas import reported
from schemas.codec import Reason, Reported
from schemas.envelope import NAMESPACE, Envelope
from schemas.reported import Fact
from services.escalation.intake.mapping import Mapping


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that cannot be translated, and why."""

    reason: Reason
    text: str


class _Unmapped(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Change:
    """One record of a change event."""

    entity: str
    record: str
    kind: str
    at: datetime
    key: str
    names: frozenset[str]
    fields: dict[str, Any]

    @property
    def is_new(self) -> bool:
        return self.kind == "CREATE"

    def touches(self, field: str | None) -> bool:
        """Whether this change says something about a field."""
        return field is not None and field in self.fields and (self.is_new or field in self.names)


def translate(value: bytes | None, mapping: Mapping) -> list[Reported] | Parked:
    """The events of one change event, in order; empty where nothing of interest changed."""
    try:
        body = json.loads(value or b"")
        changes = list(_changes(body))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return Parked("not-json", "this is no change event with a ChangeEventHeader")
    kind = body["ChangeEventHeader"]["changeType"]
    if str(kind).startswith("GAP_"):
        return Parked("gap-event", f"{kind} carries no values: read the records again")
    if any(not change.record or "*" in change.record for change in changes):
        return Parked("wildcard-records", "the record ids are a wildcard: read the records again")
    try:
        return [event for change in changes for event in _events(change, mapping)]
    except _Unmapped as unmapped:
        return Parked("unmapped", str(unmapped))
    except ValidationError as error:
        return Parked("unmapped", f"the mapped record is incomplete: {error.errors()[0]['msg']}")


def _changes(body: Any) -> Iterator[Change]:
    header = body["ChangeEventHeader"]
    at = datetime.fromtimestamp(int(header["commitTimestamp"]) / 1000, UTC)
    fields = {name: value for name, value in body.items() if name != "ChangeEventHeader"}
    key = f"{header.get('transactionKey')}\n{header.get('sequenceNumber')}"
    for record in header["recordIds"]:
        yield Change(
            entity=str(header["entityName"]),
            record=str(record),
            kind=str(header["changeType"]),
            at=at,
            key=key,
            names=frozenset(map(str, header.get("changedFields") or fields)),
            fields=fields,
        )


def _events(change: Change, mapping: Mapping) -> Iterator[Reported]:
    translators: dict[str, Callable[[Change, Mapping], Iterator[tuple[str, Fact]]]] = {
        mapping.case.entity: _case,
        mapping.comment.entity: _comment,
    }
    if mapping.request is not None:
        translators[mapping.request.entity] = _request
    translator = translators.get(change.entity)
    if translator is None:
        raise _Unmapped(f"no entity {change.entity} in the mapping file: add it, or do not send it")
    if change.kind not in ("CREATE", "UPDATE"):
        raise _Unmapped(f"{change.kind} of {change.entity} has no meaning here: decide by hand")
    for subject, fact in translator(change, mapping):
        yield _envelope(change, mapping, subject, fact)


def _envelope(change: Change, mapping: Mapping, subject: str, fact: Fact) -> Reported:
    type_ = reported.type_of(type(fact))
    lines = (change.entity, change.record, change.key, type_)
    return Envelope(
        id=str(uuid5(NAMESPACE, "\n".join(lines))),
        source=mapping.source,
        type=type_,
        subject=subject,
        time=change.at,
        data=fact,
    )


# --- Case ----------------------------------------------------------------------------------


def _case(change: Change, mapping: Mapping) -> Iterator[tuple[str, Fact]]:
    case = mapping.case
    if change.is_new:
        yield change.record, _opened(change, mapping)
    else:
        if change.touches(case.severity.field):
            severity = _severity(change, mapping)
            yield change.record, reported.SeverityChanged.model_validate({"severity": severity})
        if assigned := _assigned(change, mapping):
            yield change.record, reported.Assigned.model_validate(assigned)
        if change.touches(case.contact) and (contact := _person(change, case.contact)):
            yield change.record, reported.ContactChanged.model_validate({"contact": contact})
    closed = _closed(change, mapping)
    if closed:
        yield change.record, reported.Closed()
    elif closed is False and not change.is_new:
        yield change.record, reported.Reopened()


def _opened(change: Change, mapping: Mapping) -> reported.Opened:
    case, fields = mapping.case, change.fields
    if not fields.get(case.account):
        raise _Unmapped(f"{case.account} is empty: case.account must name a field that is filled")
    tier = fields.get(case.tier.field)
    people = {
        "assigned_agent": _person(change, case.owner),
        "contact": _person(change, case.contact),
        "opened_by": _person(change, case.contact),
        "support_manager": _person(change, case.support_manager),
    }
    return reported.Opened.model_validate(
        {
            "account_id": fields[case.account],
            "severity": _severity(change, mapping),
            "tier": case.tier.values.get(tier, tier) if tier else case.tier.default,
            "title": _field(change, case.title),
            "team": _field(change, case.team),
            "program": _field(change, case.program),
            **people,
        }
    )


def _severity(change: Change, mapping: Mapping) -> str:
    severity = mapping.case.severity
    value = change.fields.get(severity.field)
    if value not in severity.values:
        raise _Unmapped(f"{severity.field} is {value!r}: add it to case.severity.values")
    return severity.values[value]


def _assigned(change: Change, mapping: Mapping) -> dict[str, Any]:
    case = mapping.case
    found = {
        "agent": change.touches(case.owner) and _person(change, case.owner),
        "support_manager": change.touches(case.support_manager)
        and _person(change, case.support_manager),
        "team": change.touches(case.team) and _field(change, case.team),
    }
    return {name: value for name, value in found.items() if value}


def _closed(change: Change, mapping: Mapping) -> bool | None:
    """True and False where this change says so; None where it says nothing."""
    case = mapping.case
    if change.touches(case.closed):
        return bool(change.fields[case.closed or ""])
    if change.touches(case.status) and case.closed_statuses:
        return change.fields[case.status or ""] in case.closed_statuses
    return None


def _person(change: Change, field: str | None) -> dict[str, Any] | None:
    value = _field(change, field)
    return {"id": value} if value else None


def _field(change: Change, field: str | None) -> str | None:
    value = change.fields.get(field) if field else None
    return value if isinstance(value, str) and value else None


# --- CaseComment and the form --------------------------------------------------------------


def _comment(change: Change, mapping: Mapping) -> Iterator[tuple[str, Fact]]:
    """New comments only: an edited one was read by people already."""
    comment = mapping.comment
    if not change.is_new:
        return
    subject, author = _field(change, comment.case), _field(change, comment.author)
    if subject is None or author is None:
        raise _Unmapped(f"{comment.case} or {comment.author} is empty: whose comment on what?")
    prefixes = comment.role.prefixes
    role = next((prefixes[one] for one in prefixes if author.startswith(one)), comment.role.default)
    data = {
        "comment_id": change.record,
        "author": {"id": author},
        "author_role": role,
        "body": _field(change, comment.body) or "",
        "visibility": "public" if change.fields.get(comment.public) else "internal",
    }
    yield subject, reported.CommentAdded.model_validate(data)


def _request(change: Change, mapping: Mapping) -> Iterator[tuple[str, Fact]]:
    """A form that was sent in; later changes of it are ignored."""
    request = mapping.request
    if request is None or not change.is_new:
        return
    subject = _field(change, request.case) or f"request/{change.record}"
    reason = _field(change, request.reason)
    data = {
        "request_id": change.record,
        "channel": request.channel,
        "requested_by": _person(change, request.requested_by),
        "reason": request.reasons.get(reason or "", reason),
        "comments": _field(change, request.comments),
        "contact": _person(change, request.contact),
    }
    yield subject, reported.EscalationRequested.model_validate(data)
