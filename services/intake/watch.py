"""Says every second how the intake stands: readiness, lag, and whether it still gets on.

Faust's consumers are known to die slowly, so a partition in which something waits unread for a
minute ends the process; its supervisor starts another, which reads on at the committed place.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import Any, Final

from aiokafka.errors import KafkaError

from infra.runtime.health import Progress
from infra.runtime.logs import get_logger
from infra.runtime.probes import PROBES
from services.intake.metrics import AGE, LAG
from services.intake.output import Output

STUCK: Final = 60.0
"""Seconds without progress while something waits."""
ASK_KAFKA_EVERY: Final = 5
CONDITIONS: Final = ("partitions", "kafka")
"""Joined its group (perhaps with nothing to read), and a broker answers."""

log = get_logger(__name__)


class Watchdog:
    def __init__(self, app: Any, output: Output, give_up: Callable[[], object]) -> None:
        self._app, self._output, self._give_up = app, output, give_up
        self._carried: dict[Hashable, int] = {}
        self._progress = Progress()
        for condition in CONDITIONS:
            PROBES.set(condition, False)
        app.on_partitions_assigned.connect(self._assigned)
        app.on_partitions_revoked.connect(self._revoked)

    async def _assigned(self, *_: Any, **__: Any) -> None:
        PROBES.set("partitions", True)

    async def _revoked(self, *_: Any, **__: Any) -> None:
        PROBES.set("partitions", False)
        self._carried.clear()
        self._progress.forget()
        LAG.clear()

    def carried(self, *messages: Any) -> None:
        """The broker has everything of these records, the latest last."""
        for message in messages:
            self._carried[message.tp] = message.offset
        AGE.set(max(0.0, time.time() - (messages[-1].timestamp or 0)))

    async def run(self) -> None:
        """For ever; an error ends the process, which would not be watched otherwise."""
        try:
            await self._turn()
        except Exception:
            log.exception("intake-failed")
            self._give_up()

    async def _turn(self) -> None:
        turn = 0
        while True:
            if turn % ASK_KAFKA_EVERY == 0:
                PROBES.set("kafka", await self._output.answers())
            turn += 1
            await self._look()
            await asyncio.sleep(1)

    async def _look(self) -> None:
        ends: dict[Hashable, int] = {}
        for tp in self._app.consumer.assignment():
            try:
                end, position = self._readable_end(tp), await self._app.consumer.position(tp)
            except (KafkaError, AssertionError):  # it is being revoked
                continue
            if end is None or position is None:
                continue
            at, ends[tp] = self._next(tp, position), end
            LAG.labels(partition=str(tp.partition)).set(max(0, end - at))
            self._progress.moved(tp, at)
        if stuck := self._progress.stuck(ends, STUCK):
            log.error("intake-stuck", partitions=[str(one) for one in stuck])
            self._give_up()

    def _readable_end(self, tp: Any) -> int | None:
        """Behind an open transaction of somebody else nothing can be read, so nothing waits."""
        end: int | None = self._app.consumer._thread._consumer.last_stable_offset(tp)
        return None if end is None or end < 0 else end

    def _next(self, tp: Any, position: int) -> int:
        """The offset to carry over next: where all that was delivered is carried, the position,
        which also stands behind the marks of transactions."""
        carried, delivered = self._carried.get(tp), self._app.monitor.tp_read_offsets.get(tp)
        return position if carried is None or carried == delivered else carried + 1
