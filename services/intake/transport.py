"""Faust's aiokafka transport, reading committed records only, and giving way to who replaced it.

At least once has no setting for it, and vendors' connectors may write in transactions. A canary
test pins the method that is overridden.
"""

from __future__ import annotations

from typing import Any

from faust.transport.drivers import aiokafka as driver

from infra.runtime.membership import guard
from infra.runtime.settings import Settings
from schemas import topics


class CommittedThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust's own types
    """Builds the consumer as Faust does, then asks for committed records."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        settings: Settings = transport.settings
        return guard(consumer, settings.kafka, topics.INTAKE_GROUP, settings.intake.instance_id)


class CommittedConsumer(driver.Consumer):  # type: ignore[misc]  # Faust has no types
    def _new_consumer_thread(self) -> CommittedThread:
        return CommittedThread(self, loop=self.loop, beacon=self.beacon)


class CommittedTransport(driver.Transport):  # type: ignore[misc]  # Faust has no types
    Consumer = CommittedConsumer
    settings: Settings
