"""Send what is due: claim, look again, write the words, hand over, record.

A message is handed over at most once per attempt and every attempt is recorded before it begins,
so the only doubt is an attempt that never ended after the mail itself was on its way: the process
was killed, or the server went silent, between taking the mail and our record of it. Such a one is
sent again with the same Message-ID, up to five times, and counted as a possible duplicate.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from infra.runtime.isolation import what_failed
from infra.runtime.logs import get_logger
from infra.runtime.outage import Outage
from infra.runtime.postgres import POSTGRES_AWAY
from services.notifier.delivery.channels.channel import (
    Channel,
    DeliveryResult,
    Session,
    Unreachable,
)
from services.notifier.delivery.lanes import Lane
from services.notifier.delivery.outbox import Outbox
from services.notifier.delivery.retries import Retries
from services.notifier.delivery.told import told
from services.notifier.metrics import ATTEMPTS, IN_DOUBT, LATENCY, SERVER_AWAY, SETTLED
from services.notifier.planning.wording import write

IDLE: Final = 0.5
log = get_logger(__name__)


@dataclass
class Sender:
    """The loop. ``wake`` is set when something was planned."""

    outbox: Outbox
    channel: Channel
    retries: Retries
    stop: asyncio.Event
    backlog: Callable[[], list[int]] = list
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    interrupted: bool = True
    postgres: Outage = field(default_factory=lambda: Outage("postgres", is_condition=True))

    def __post_init__(self) -> None:
        self.lanes = self.channel.lanes()
        self.server = Outage(self.channel.server, self.retries.first.total_seconds(), 60.0)
        SERVER_AWAY.labels(channel=self.channel.name).set(0)

    async def run(self) -> None:
        """Send until asked to stop; an outage of the mail server or of Postgres is waited out."""
        lines = [self._work(lane) for lane in self.lanes for _ in range(lane.lines)]
        working = [asyncio.create_task(part) for part in (self._fill(), *lines)]
        try:
            done, _ = await asyncio.wait(working, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
            await self._through_outages(lambda: self.outbox.release(self._unsent()))
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    def _unsent(self) -> tuple[UUID, ...]:
        return tuple(one for lane in self.lanes for one in lane.queue)

    # --- claiming --------------------------------------------------------------------------

    async def _fill(self) -> None:
        """Claim what is due for the lanes that have room; nothing while the server is away."""
        while not self.stop.is_set():
            self.wake.clear()
            claimed = 0
            if not self.server.wait:
                for lane in self.lanes:
                    claimed += await self._through_outages(partial(self._claim, lane))
            if not claimed:
                await _until(self.wake, IDLE)

    async def _claim(self, lane: Lane) -> int:
        """After an outage first free what a claim may have taken whose answer was lost."""
        if self.interrupted and not any(one.sending for one in self.lanes):
            await self.outbox.take_over()
            self.interrupted = False
        if not lane.room:
            return 0
        found = await self.outbox.claim(lane.room, slow=lane.slow, backlog=self.backlog())
        lane.put(found)
        return len(found)

    # --- sending ---------------------------------------------------------------------------

    async def _work(self, lane: Lane) -> None:
        """One session: connect first, so that an outage is no attempt of any message."""
        while not self.stop.is_set():
            if wait := self.server.wait:
                await _until(self.stop, wait)
            elif not lane.queue:
                lane.filled.clear()
                await _until(lane.filled, IDLE)
            else:
                await self._connected(lane)

    async def _connected(self, lane: Lane) -> None:
        try:
            async with self.channel.session() as session:
                self._server_answers()
                while session.is_open and not self.stop.is_set():
                    if (message_id := lane.take()) is None:
                        return
                    try:
                        await self._send(message_id, session, lane)
                    finally:
                        lane.done(message_id)
        except Unreachable as error:
            self.server.failed(error)
            SERVER_AWAY.labels(channel=self.channel.name).set(1)

    def _server_answers(self) -> None:
        self.server.over()
        SERVER_AWAY.labels(channel=self.channel.name).set(0)

    async def _send(self, message_id: UUID, session: Session, lane: Lane) -> None:
        row = await self._through_outages(lambda: self.outbox.begin(message_id, slow=lane.slow))
        if row is None:
            return
        try:
            message = self._composed(row)
        except Exception as error:
            log.error("message-unwritable", message_id=str(message_id), failed=what_failed(error))
            await self._record(row, DeliveryResult("unwritable", None, type(error).__name__))
            return
        try:
            end = await session.deliver(message, lane.patience)
        except Unreachable as error:
            await self._record(row, DeliveryResult("unreachable", None, str(error)))
            raise
        await self._record(row, end)

    async def _record(self, row: Any, end: DeliveryResult) -> None:
        """Also through an outage of Postgres: what the mail server said must not be forgotten."""
        ATTEMPTS.labels(outcome=end.outcome).inc()
        if end.outcome == "unknown":
            IN_DOUBT.inc()
        age = datetime.now(UTC) - row["planned_at"]
        next_ = self.retries.after(end.outcome, row["attempts"], age)
        place = (row["message_id"], row["attempts"], end)
        if isinstance(next_, timedelta):
            await self._through_outages(lambda: self.outbox.defer(*place, next_))
            return
        await self._through_outages(lambda: self.outbox.settle(*place, next_))
        SETTLED.labels(state=next_, template=row["template"]).inc()
        if next_ == "sent":
            LATENCY.observe(age.total_seconds())

    def _composed(self, row: Any) -> Any:
        now = datetime.now(UTC)
        return self.channel.compose(row, write(told(row, now)), now)

    # --- outages ---------------------------------------------------------------------------

    async def _through_outages(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Do something in Postgres, again and again while it is away."""
        while True:
            try:
                found = await work()
            except POSTGRES_AWAY as error:
                self.interrupted = True
                wait = self.postgres.failed(type(error).__name__)
                if self.stop.is_set():
                    raise
                await _until(self.stop, wait)
            else:
                self.postgres.over()
                return found


async def _until(event: asyncio.Event, seconds: float) -> None:
    """Until the event, at most so long."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
