"""The envelope around every event: CloudEvents 1.0 and the extensions that we use.

Ids are derived, so that a replay gives the same ones. Next: ``codec.py`` turns bytes into it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import NAMESPACE_DNS, uuid5

from schemas.subject import Subject, subject_of
from schemas.vocabulary import instant_text

NAMESPACE = uuid5(NAMESPACE_DNS, "escalation.support")
SCHEMA_ROOT = "https://escalation.support/schemas/"

Data = TypeVar("Data", covariant=True)


@dataclass(slots=True)
class Envelope(Generic[Data]):
    """One event. ``id`` and ``source`` together are unique: the idempotency key.

    ``time`` is when it happened, in UTC. ``source_partition`` and ``source_offset`` stand on
    decided events only: the record of the case topic that caused them. ``as_read`` is the data
    as it stood in the record, with what the model does not know; on events that were read.
    """

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: Data
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None
    source_partition: int | None = None
    source_offset: int | None = None
    as_read: Any = field(default=None, compare=False, repr=False)

    @property
    def about(self) -> Subject:
        """The subject, read."""
        return subject_of(self.subject)

    @property
    def key(self) -> bytes:
        """The record key is exactly the subject."""
        return self.subject.encode()


def escalation_id(subject: str, request_id: str) -> str:
    """The id of the escalation that a request on this subject begins."""
    return str(uuid5(NAMESPACE, f"{subject}\n{request_id}"))


def caused_id(cause: tuple[str, str], type_: str, subject: str, parts: tuple[str, str]) -> str:
    """The id of an event caused by another, ``cause`` being that one's source and id.

    ``parts`` are the escalation id and the duty, each possibly empty.
    """
    return str(uuid5(NAMESPACE, "\n".join((*cause, type_, subject, *parts))))


def deadline_id(type_: str, subject: str, parts: tuple[str, str], due_at: datetime) -> str:
    """The id of a missed deadline: it depends on no record, only on what was due when."""
    return str(uuid5(NAMESPACE, "\n".join((type_, subject, *parts, instant_text(due_at)))))


def schema_uri(type_: str) -> str:
    """Where the committed schema of a type is published."""
    return f"{SCHEMA_ROOT}{type_}.schema.json"
