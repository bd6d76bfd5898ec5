"""Salesforce Change Data Capture to reported events: pure, one set of events per record id.

Ids are derived from the change itself, so a change delivered again becomes the same events and
the decider ignores them. What a record does not say is parked with its reason, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid5

from pydantic import ValidationError

from schemas import reported
from schemas.codec import Reported
from schemas.envelope import NAMESPACE, Envelope
from schemas.reported import Fact
from services.intake.mapping import Mapping
from services.intake.record import (
    CannotTranslate,
    Parked,
    VendorChange,
    changes_of,
    unmapped,
)
from services.intake.scope import scope_of
from services.intake.values import code, flag, held, prose, record_id

Data = dict[str, Any]
Facts = Iterator[tuple[str, Fact]]


def translate(value: bytes | None, mapping: Mapping) -> list[Reported] | Parked:
    """The events of one change event, in order; empty where nothing of interest changed."""
    try:
        return [event for change in changes_of(value) for event in _events(change, mapping)]
    except CannotTranslate as cannot:
        return cannot.parked


def _events(change: VendorChange, mapping: Mapping) -> Iterator[Reported]:
    translators: dict[str, Callable[[VendorChange, Mapping], Facts]] = {
        mapping.case.entity: _case,
        mapping.comment.entity: _comment,
    }
    if mapping.request is not None:
        translators[mapping.request.entity] = _request
    translator = translators.get(change.entity)
    if translator is None:
        raise unmapped(f"no entity {change.entity} in the mapping file: add it, or do not send it")
    if change.kind not in ("CREATE", "UPDATE"):
        raise unmapped(f"{change.kind} of {change.entity} has no meaning here: decide by hand")
    for subject, fact in translator(change, mapping):
        yield _envelope(change, mapping, subject, fact)


def _envelope(change: VendorChange, mapping: Mapping, subject: str, fact: Fact) -> Reported:
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


def _fact(model: type[Fact], data: Data) -> Fact:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise CannotTranslate("schema-invalid", f"data.{place}: {first['msg']}") from None


# --- Case ----------------------------------------------------------------------------------


def _case(change: VendorChange, mapping: Mapping) -> Facts:
    is_closed: bool | None
    if change.is_new:
        yield change.record, _opened(change, mapping)
        is_closed = _begins_closed(change, mapping) or None
    else:
        for fact in _changed(change, mapping):
            yield change.record, fact
        is_closed = _turned(change, mapping)
    if is_closed is not None:
        yield change.record, reported.Closed() if is_closed else reported.Reopened()


def _opened(change: VendorChange, mapping: Mapping) -> Fact:
    case = mapping.case
    account, tier = code(change, case.account), code(change, case.tier.field)
    if account is None:
        raise unmapped(f"{case.account} is empty: case.account must name a field that is filled")
    data = {
        "account_id": account,
        "severity": _severity(change, mapping),
        "tier": case.tier.values.get(tier, tier) if tier else case.tier.default,
        "title": prose(change, case.title),
        "team": code(change, case.team),
        "program": code(change, case.program),
        "assigned_agent": _person(change, case.owner),
        "contact": _person(change, case.contact),
        "opened_by": _person(change, case.contact),
        "support_manager": _person(change, case.support_manager),
    }
    return _fact(reported.Opened, data)


def _severity(change: VendorChange, mapping: Mapping) -> str:
    """A severity is never guessed: it decides when a customer may escalate."""
    severity = mapping.case.severity
    value = code(change, severity.field)
    if value is None:
        raise unmapped(f"{severity.field} is empty: a severity is not guessed, fill the field")
    if value not in severity.values:
        raise unmapped(
            f"{severity.field} has a value that case.severity.values does not list: add it there"
        )
    return severity.values[value]


def _changed(change: VendorChange, mapping: Mapping) -> Iterator[Fact]:
    case, scope = mapping.case, scope_of(change)
    if scope.touches(case.severity.field):
        yield _fact(reported.SeverityChanged, {"severity": _severity(change, mapping)})
    assigned = {
        "agent": scope.touches(case.owner) and _person(change, case.owner),
        "support_manager": scope.touches(case.support_manager)
        and _person(change, case.support_manager),
        "team": scope.touches(case.team) and code(change, case.team),
    }
    if named := {name: value for name, value in assigned.items() if value}:
        yield _fact(reported.Assigned, named)
    if scope.touches(case.contact) and (contact := _person(change, case.contact)):
        yield _fact(reported.ContactChanged, {"contact": contact})


def _begins_closed(change: VendorChange, mapping: Mapping) -> bool:
    case = mapping.case
    said = flag(change, case.closed)
    if said is not None:
        return said
    status = code(change, case.status)
    return held(change, case.closed_at) not in (None, "") or status in case.closed_statuses


def _turned(change: VendorChange, mapping: Mapping) -> bool | None:
    """True where a case became closed, False where it was opened again, None where neither.

    A record tells what is, not what was. That a case is open says nothing of the sort: only a
    field that the header names as changed, and that is false or empty now, was otherwise before.
    """
    case, scope = mapping.case, scope_of(change)
    if scope.touches(case.closed) and (said := flag(change, case.closed)) is not None:
        return True if said else _unless_unnamed(scope.names_field(case.closed))
    if scope.touches(case.closed_at):
        is_filled = held(change, case.closed_at) not in (None, "")
        return True if is_filled else _unless_unnamed(scope.names_field(case.closed_at))
    if scope.touches(case.status):
        status = code(change, case.status)
        if status in case.closed_statuses:
            return True
        return False if status in case.reopened_statuses else None
    return None


def _unless_unnamed(is_named: bool) -> bool | None:
    return False if is_named else None


def _person(change: VendorChange, field: str | None) -> Data | None:
    value = code(change, field)
    return {"id": value} if value else None


# --- CaseComment and the form --------------------------------------------------------------


def _comment(change: VendorChange, mapping: Mapping) -> Facts:
    """New comments only: an edited one was read by people already."""
    comment = mapping.comment
    if not change.is_new:
        return
    subject, author = record_id(change, comment.case), code(change, comment.author)
    if subject is None or author is None:
        raise unmapped(f"{comment.case} or {comment.author} is empty: whose comment on what?")
    data = {
        "comment_id": change.record,
        "author": {"id": author},
        "author_role": _role(change, mapping, author),
        "body": prose(change, comment.body) or "",
        "visibility": "public" if flag(change, comment.public) else "internal",
    }
    yield subject, _fact(reported.CommentAdded, data)


def _role(change: VendorChange, mapping: Mapping, author: str) -> str:
    """A customer of a portal is a user as an agent is, so an id alone often does not tell."""
    role = mapping.comment.role
    said = code(change, role.field)
    if said is not None and said in role.values:
        return role.values[said]
    if listed := role.ids.get(author) or role.ids.get(author[:15]):  # 15 of 18 characters
        return listed
    begin = max((one for one in role.prefixes if author.startswith(one)), key=len, default=None)
    if begin is not None:
        return role.prefixes[begin]
    if role.default == "unknown":
        raise unmapped(
            f"{mapping.comment.author} is an author whose role is not known: name it in "
            "comment.role by field, ids or prefixes, or give a default"
        )
    return role.default


def _request(change: VendorChange, mapping: Mapping) -> Facts:
    """A form that was sent in; later changes of it are ignored."""
    request = mapping.request
    if request is None or not change.is_new:
        return
    subject = record_id(change, request.case) or f"request/{change.record}"
    reason = code(change, request.reason)
    data = {
        "request_id": change.record,
        "channel": request.channel,
        "requested_by": _person(change, request.requested_by),
        "reason": request.reasons.get(reason or "", reason),
        "comments": prose(change, request.comments),
        "contact": _person(change, request.contact),
    }
    yield subject, _fact(reported.EscalationRequested, data)
