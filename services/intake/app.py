"""The Faust app: one agent per CRM topic, the trustworthy subset of Faust and no more.

Raw bytes, ``noack().noack_take()``, concurrency 1, no tables, at least once, no web server, no
topic declaration. Any error ends the process: a failed batch would not come again otherwise.
"""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import sys
import threading
from typing import Any, Final, NoReturn

import faust
from aiokafka.errors import KafkaError

from infra.runtime.answers import until_kafka_answers
from infra.runtime.kafka import connection, group_name, make_consumer, topic_name
from infra.runtime.logs import configure_logging, get_logger, hide_in_logs
from infra.runtime.probes import PROBES, serve_probes
from infra.runtime.secrets import secrets_of
from infra.runtime.service import Exit
from infra.runtime.settings import KafkaSettings, Settings, SettingsProblem, load_settings
from schemas import topics
from services.intake.mapping import Mapping
from services.intake.mapping_file import MappingProblem, load_mapping
from services.intake.metrics import RECORDS
from services.intake.output import Output
from services.intake.prepare import prepared
from services.intake.record import Parked
from services.intake.transport import CommittedTransport
from services.intake.watch import Watchdog

BATCH: Final = 500
WITHIN: Final = 0.2
LAST_CALL: Final = 8.0
"""Seconds after SIGTERM at which the process ends, whatever Faust still waits for."""

log = get_logger(__name__)


class App(faust.App):  # type: ignore[misc]  # Faust's own base is untyped
    """Without Faust's directories in the current one: nothing is ever kept there."""

    def _create_directories(self) -> None:
        return None


def build(settings: Settings, mapping: Mapping) -> Any:
    """The app and its agents."""
    kafka = settings.kafka
    broker = ";".join(f"kafka://{one}" for one in kafka.bootstrap_servers.split(","))
    app = App(
        group_name(kafka, topics.INTAKE_GROUP),
        broker=broker,
        broker_credentials=_credentials(kafka),
        consumer_group_instance_id=f"{topics.INTAKE_GROUP}-{settings.intake.instance_id}",
        store="memory://",
        processing_guarantee="at_least_once",
        value_serializer="raw",
        key_serializer="raw",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        broker_commit_interval=1.0,
        broker_session_timeout=10.0,
        broker_heartbeat_interval=2.0,
        stream_wait_empty=False,
    )
    app.transport = CommittedTransport(app.conf.broker_consumer, app)
    app.transport.settings = settings
    output = Output(kafka)
    _attach(app, output, topic_name(kafka, topics.SALESFORCE), mapping)
    return app


def _attach(app: Any, output: Output, topic: str, mapping: Mapping) -> None:
    changes = app.topic(topic, value_type=bytes, key_type=bytes)
    watch = Watchdog(app, output, lambda: _leave(Exit.FAILURE))
    tasks: list[asyncio.Task[None]] = []

    async def salesforce(stream: Any) -> None:
        if not tasks:
            await output.start()
            tasks.extend((asyncio.create_task(PROBES.beat()), asyncio.create_task(watch.run())))
        async for events in stream.noack().noack_take(BATCH, within=WITHIN):
            try:
                await _carry(events, output, mapping)
            except BaseException as error:
                if isinstance(error, asyncio.CancelledError):
                    raise
                log.exception("intake-failed")
                _leave(Exit.FAILURE)
            watch.carried(*(event.message for event in events))

    app.agent(changes, name="salesforce", concurrency=1)(salesforce)


async def _carry(events: list[Any], output: Output, mapping: Mapping) -> None:
    """Translate a batch, wait until the broker has it, and only then acknowledge the inputs."""
    for event in events:
        found = prepared(event.message.value, mapping)
        if isinstance(found, Parked):
            await output.park(event.message, found)
        elif found:
            await output.report(event.message, found)
        outcome = "parked" if isinstance(found, Parked) else "reported" if found else "ignored"
        RECORDS.labels(outcome=outcome).inc()
    await output.delivered()
    for event in events:
        event.ack()


def _credentials(kafka: KafkaSettings) -> Any:
    """Faust's form of the connection that every other client uses."""
    options = connection(kafka)
    context: ssl.SSLContext | None = options.get("ssl_context")
    if "sasl_mechanism" in options:
        return faust.SASLCredentials(
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            ssl_context=context,
            mechanism=options["sasl_mechanism"],
        )
    return faust.SSLCredentials(context) if context is not None else None


async def _missing(settings: Settings) -> list[str]:
    """Faust waits for ever for a topic that does not exist; so it is asked for first, as soon as
    Kafka answers."""
    await until_kafka_answers(settings.kafka, asyncio.Event())
    needed = (topics.SALESFORCE, topics.CASE_EVENTS.name, topics.dead_letters("intake").name)
    consumer = make_consumer(settings.kafka)
    await consumer.start()
    try:
        present = await consumer.topics()
    finally:
        await consumer.stop()
    return [name for one in needed if (name := topic_name(settings.kafka, one)) not in present]


def _ask_for_topics(settings: Settings) -> None:
    try:
        missing = asyncio.run(_missing(settings))
    except (KafkaError, OSError) as error:
        log.error("kafka-unreachable", why=type(error).__name__)
        _leave(Exit.FAILURE)
    if missing:
        log.error("topics-missing", topics=missing, remedy="run escalation topics apply")
        _leave(Exit.FAILURE)


def _leave(code: int) -> NoReturn:
    sys.stderr.flush()
    os._exit(code)


def _end_in_time(*_: object) -> None:
    """After SIGTERM Faust has some seconds, then the process ends."""
    timer = threading.Timer(LAST_CALL, _leave, [0])
    timer.daemon = True
    timer.start()


def main() -> NoReturn:
    """Run until SIGTERM. The process ends with a code of ``Exit``."""
    configure_logging()
    try:
        settings = load_settings()
        hide_in_logs(secrets_of(settings))
        mapping = load_mapping(settings.intake.mapping_file)
        serve_probes(settings.health)
    except (SettingsProblem, MappingProblem) as problem:
        for line in str(problem).splitlines():
            log.error("settings-wrong", service="intake", why=line)
        _leave(Exit.SETTINGS)
    _ask_for_topics(settings)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = build(settings, mapping)
    worker = faust.Worker(
        app, loop=loop, quiet=True, override_logging=False, redirect_stdouts=False
    )  # our logging stands: JSON, with time, and counted when it repeats
    worker.spinner = None  # it draws on a terminal
    _watch_signals(worker)
    try:
        worker.execute_from_commandline()
    except SystemExit as ended:
        _leave(int(ended.code or Exit.OK))
    except BaseException:
        log.exception("intake-failed")
        _leave(Exit.FAILURE)
    _leave(Exit.OK)


def _watch_signals(worker: Any) -> None:
    """Faust handles the signals; we only see to it that it comes to an end."""
    handle = worker._on_sigterm

    def on_sigterm() -> None:
        _end_in_time()
        handle()

    worker._on_sigterm = on_sigterm
    signal.siginterrupt(signal.SIGTERM, False)
