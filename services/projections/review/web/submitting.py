"""From a form to one event, and from the event to what is known of it.

A form has its id from the moment it is drawn: sent twice, it is one event. The same id with other
content is not the same form any more, and is told so. What is undecided is never shown as decided.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from aiokafka.errors import KafkaError
from itsdangerous import BadSignature, URLSafeSerializer

from infra.runtime.kafka import make_producer, topic_name
from infra.runtime.settings import KafkaSettings
from schemas import reported, topics
from schemas.codec import STRUCTURED_HEADERS, write
from schemas.envelope import Envelope
from services.projections.review.web.people import Visitor
from services.projections.review.web.sessions import SQL

SOURCE: Final = "/board"
REQUEST: Final = "support.case.escalation-requested.v1"
PATIENCE: Final = 5.0
"""Seconds that the broker may take."""
WAIT: Final = 2.0
LOOK_EVERY: Final = 0.03


class WrongForm(ValueError):
    """The form is not one that this page drew for this person."""


class NotConfirmed(RuntimeError):
    """The broker did not answer for the event of this id: it may still arrive; sending it again
    is safe."""

    def __init__(self, event_id: str) -> None:
        super().__init__(f"{event_id} is not confirmed")
        self.event_id = event_id


@dataclass(frozen=True)
class Form:
    """What a drawn form is bound to."""

    id: str
    person: str
    subject: str
    action: str


class Forms:
    """Signs the ids of forms, so that nobody makes up one of somebody else's."""

    def __init__(self, key: str) -> None:
        self._signer = URLSafeSerializer(key, "form")

    def draw(self, visitor: Visitor, subject: str, action: str) -> str:
        return str(self._signer.dumps([str(uuid4()), visitor.id, subject, action]))

    def read(self, signed: str, visitor: Visitor, subject: str, action: str) -> Form:
        """Errors: ``WrongForm``."""
        try:
            form = Form(*self._signer.loads(signed))
        except (BadSignature, TypeError, ValueError):
            raise WrongForm from None
        if (form.person, form.subject, form.action) != (visitor.id, subject, action):
            raise WrongForm
        return form


class Publisher:
    """Publishes reported events; its producer starts with the first one."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._producer: Any = None
        self._lock = asyncio.Lock()

    async def publish(self, event: Envelope[Any]) -> tuple[int, int]:
        """Partition and offset of the event. Errors: ``NotConfirmed``."""
        key = event.subject.encode()
        try:
            async with asyncio.timeout(PATIENCE):
                producer = await self._started()
                record = await producer.send_and_wait(
                    topic_name(self._kafka, topics.CASE_EVENTS.name), write(event), key=key,
                    partition=topics.partition_of(key, topics.PARTITIONS),
                    headers=list(STRUCTURED_HEADERS),
                )  # fmt: skip
        except (KafkaError, TimeoutError, OSError) as error:
            raise NotConfirmed(event.id) from error
        return record.partition, record.offset

    async def _started(self) -> Any:
        async with self._lock:
            if self._producer is None:
                producer = make_producer(self._kafka, acks="all")
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def close(self) -> None:
        if self._producer is not None:
            await self._producer.stop()


async def submit(
    connection: Any, publisher: Publisher, form: Form, event: str, data: dict[str, Any]
) -> str:
    """Publish what a form says, once; the id under which it was sent.

    Sent again with other content it gets an id that follows from the content, for the decider
    applies an id once; a request has its own id from there too. Errors: ``NotConfirmed``,
    ``ValidationError`` where the event cannot hold the data.
    """
    content = sha256(json.dumps(data, sort_keys=True).encode()).digest()
    sent = _event(form, event, data)
    row = await _noted(connection, sent, form.person, content)
    if bytes(row["content"]) != content:
        corrected = replace(form, id=str(uuid5(UUID(form.id), content.hex())))
        return await submit(connection, publisher, corrected, event, data)
    if row["topic_offset"] is None:
        partition, offset = await publisher.publish(sent)
        await connection.execute(SQL["published"], form.id, partition, offset)
    return form.id


def _event(form: Form, event: str, data: dict[str, Any]) -> Envelope[Any]:
    type_ = f"support.case.{event}.v1"
    more = {"request_id": form.id} if type_ == REQUEST else {}
    fact = reported.BY_TYPE[type_].model_validate(data | more)
    return Envelope(form.id, SOURCE, type_, form.subject, datetime.now(UTC), fact)


async def _noted(connection: Any, sent: Envelope[Any], person: str, content: bytes) -> Any:
    request_id = sent.id if sent.type == REQUEST else None
    return await connection.fetchrow(
        SQL["submit"], sent.id, content, person, sent.subject, sent.type, request_id
    )


async def decided(connection: Any, submission: Any, wait: float = WAIT) -> list[dict[str, Any]]:
    """The decisions that a submission led to, once there are any or the wait is over."""
    until = time.monotonic() + wait
    while True:
        rows = await connection.fetch(
            SQL["decisions_on"], submission["subject"], submission["form_id"],
            submission["request_id"],
        )  # fmt: skip
        if rows or time.monotonic() > until:
            return [dict(row) | {"data": json.loads(row["data"])} for row in rows]
        if await _is_applied(connection, submission) and time.monotonic() > until - wait / 2:
            return []
        await asyncio.sleep(LOOK_EVERY)


async def is_shown(connection: Any, partition: int, offset: int, wait: float = 0.3) -> bool:
    """Whether the views hold what stands there; waits a little for them."""
    until = time.monotonic() + wait
    while True:
        at = await connection.fetchval(SQL["applied_up_to"], partition)
        if at is not None and at > offset:
            return True
        if time.monotonic() > until:
            return False
        await asyncio.sleep(LOOK_EVERY)


async def _is_applied(connection: Any, submission: Any) -> bool:
    """Whether the views hold the event itself: then nothing may follow from it."""
    if submission["topic_offset"] is None:
        return False
    return await is_shown(
        connection, submission["topic_partition"], submission["topic_offset"], wait=0
    )
