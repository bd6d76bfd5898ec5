"""Send what is due: claim, look again, write the words, hand over, record.

A mail is handed over at most once per attempt and every attempt is recorded before it begins,
so the only doubt is an attempt that never ended: the process was killed, or the server went
silent, between taking the mail and our record of it. Such a one is sent again with the same
Message-ID and counted as a possible duplicate.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any, Final
from uuid import UUID

from infra.runtime.logs import get_logger
from infra.runtime.postgres import POSTGRES_AWAY
from infra.runtime.settings import SmtpSettings
from services.notifier.channels.mail import Line, Unreachable, compose
from services.notifier.core.mailbox import mailbox
from services.notifier.core.retries import Retries
from services.notifier.core.wording import About, Reader, Somebody, Told, write
from services.notifier.metrics import ATTEMPTS, SERVER_AWAY, SETTLED
from services.notifier.outbox import Ending, Outbox

LINES: Final = 3
"""Connections to the mail server at a time."""
CLAIMED: Final = 30
IDLE: Final = 0.5
log = get_logger(__name__)


@dataclass
class Sender:
    """The loop. ``wake`` is set when something was planned."""

    outbox: Outbox
    smtp: SmtpSettings
    sender: Address
    retries: Retries
    wake: asyncio.Event
    stop: asyncio.Event
    failures: int = 0
    interrupted: bool = False

    async def run(self) -> None:
        """Send until asked to stop; an outage of the mail server or of Postgres is waited out."""
        self.interrupted = True
        while not self.stop.is_set():
            self.wake.clear()
            claimed: list[UUID] = await self._through_outages(self._claim)
            if claimed:
                await self._send_all(deque(claimed))
            else:
                await _until(self.wake, IDLE)

    async def _claim(self) -> list[UUID]:
        """After an outage first free what a claim may have taken whose answer was lost."""
        if self.interrupted:
            await self.outbox.take_over()
            self.interrupted = False
        return await self.outbox.claim(CLAIMED)

    async def _send_all(self, queue: deque[UUID]) -> None:
        lines = min(LINES, len(queue))
        results = await asyncio.gather(
            *(self._work(queue) for _ in range(lines)), return_exceptions=True
        )
        if queue:
            await self._through_outages(lambda: self.outbox.release(tuple(queue)))
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, Unreachable):
                raise result
        if any(isinstance(result, Unreachable) for result in results):
            await self._wait_for_server(next(one for one in results if one is not None))
        else:
            self.failures = 0
            SERVER_AWAY.set(0)

    async def _wait_for_server(self, why: object) -> None:
        self.failures += 1
        wait = min(self.retries.wait(self.failures).total_seconds(), 60.0)
        SERVER_AWAY.set(1)
        log.warning("mail-server-away", why=str(why), next_try_seconds=wait)
        await _until(self.stop, wait)

    async def _work(self, queue: deque[UUID]) -> None:
        """One line: connect first, so that an outage is no attempt of any message."""
        while queue and not self.stop.is_set():
            async with Line(self.smtp) as line:
                while queue and line.is_open and not self.stop.is_set():
                    await self._send(queue.popleft(), line)

    async def _send(self, message_id: UUID, line: Line) -> None:
        row = await self._through_outages(lambda: self.outbox.begin(message_id))
        if row is None:
            return
        try:
            message = self._composed(row)
        except Exception as error:
            log.exception("message-unwritable", message_id=str(message_id))
            await self._record(row, Ending("unwritable", None, type(error).__name__))
            return
        try:
            end = await line.deliver(message)
        except Unreachable as error:
            await self._record(row, Ending("unreachable", None, str(error)))
            raise
        await self._record(row, end)

    async def _record(self, row: Any, end: Ending) -> None:
        """Also through an outage of Postgres: what the mail server said must not be forgotten."""
        ATTEMPTS.labels(outcome=end.outcome).inc()
        age = datetime.now(UTC) - row["planned_at"]
        next_ = self.retries.after(end.outcome, row["attempts"], age)
        place = (row["message_id"], row["attempts"], end)
        if isinstance(next_, timedelta):
            await self._through_outages(lambda: self.outbox.defer(*place, next_))
            return
        await self._through_outages(lambda: self.outbox.settle(*place, next_))
        SETTLED.labels(state=next_, template=row["template"]).inc()

    def _composed(self, row: Any) -> EmailMessage:
        found = mailbox(row["email"]) or mailbox(row["address"])
        if found is None:
            raise ValueError("the address was forgotten before the message could be sent")
        now = datetime.now(UTC)
        wording = write(told(row, now))
        return compose(row["message_id"], self.sender, found.named(row["name"]), wording, now)

    # --- outages ---------------------------------------------------------------------------

    async def _through_outages(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do something in Postgres, again and again while it is away."""
        wait = 0.1
        while True:
            try:
                return await work()
            except POSTGRES_AWAY as error:
                log.warning("postgres-away", why=type(error).__name__, next_try_seconds=wait)
                self.interrupted = True
                if self.stop.is_set():
                    raise
            await _until(self.stop, wait)
            wait = min(wait * 2, 5.0)


async def _until(event: asyncio.Event, seconds: float) -> None:
    """Until the event, at most so long."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def told(row: Any, now: datetime) -> Told:
    """What a message can say: the decision, and what is known of the case now."""
    return Told(
        template=row["template"],
        subject=row["subject"],
        happened_at=row["event_time"],
        written_at=now,
        brief=json.loads(row["brief"]),
        reader=Reader(row["name"], row["timezone"]),
        case=About(row["title"], row["product"]),
        requester=_somebody(row["requester"]),
        contact=_somebody(row["contact"]),
        comments=row["comments"],
    )


def _somebody(text: str | None) -> Somebody | None:
    if text is None:
        return None
    row = json.loads(text)
    fields = ("name", "email", "phone", "timezone", "working_hours")
    return Somebody(*(row[name] for name in fields))
