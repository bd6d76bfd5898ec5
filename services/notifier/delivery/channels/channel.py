"""What a channel is: a way to reach people, with sessions, lanes and an outage of its own.

A channel beside mail is a module here, its line in ``channels_of``, its settings, and whoever is to
be reached by it: ``Recipient.channel``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol, Self

from services.notifier.delivery.lanes import Lane
from services.notifier.planning.wording import Wording


class Unreachable(Exception):
    """The channel's server does not answer, or does not let us in; no fault of any message."""


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """How an attempt ended, and what the server said.

    ``outcome`` is accepted, refused (for good), deferred (try again), unknown (it may have been
    taken), unreachable or unwritable.
    """

    outcome: str
    code: int | None = None
    answer: str | None = None


class Session(Protocol):
    """A connection over which messages go one after the other."""

    async def __aenter__(self) -> Self:
        """Errors: ``Unreachable``."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    @property
    def is_open(self) -> bool: ...

    async def deliver(self, message: Any, patience: float) -> DeliveryResult:
        """Hand one over; ``patience`` is how many seconds its recipient may take. Errors:
        ``Unreachable`` where the fault is no recipient's."""


class Channel(Protocol):
    """``name`` is how messages name it, ``server`` how logs call what it talks to."""

    @property
    def name(self) -> str: ...

    @property
    def server(self) -> str: ...

    def lanes(self) -> tuple[Lane, ...]:
        """Its lanes, empty."""

    def session(self) -> Session:
        """A connection, not yet open."""

    def compose(self, row: Mapping[str, Any], wording: Wording, at: datetime) -> Any:
        """What is handed over. Errors: ``ValueError`` where it cannot be written."""
