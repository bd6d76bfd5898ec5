"""Run one service as a process: signals stop it, an error ends it, nothing holds it back."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import NoReturn

import uvloop

from infra.runtime.answers import until_kafka_answers
from infra.runtime.logs import configure_logging, get_logger, hide_in_logs
from infra.runtime.membership import TAKEN, leave_if_replaced
from infra.runtime.probes import PROBES, serve_probes
from infra.runtime.secrets import secrets_of
from infra.runtime.settings import Settings, SettingsProblem, load_settings

Main = Callable[[Settings, asyncio.Event], Awaitable[None]]


class Exit(IntEnum):
    """How a service's process ends. A supervisor starts it again after ``FAILURE`` alone."""

    OK = 0
    """Asked to stop, and stopped."""
    FAILURE = 1
    """An error that may pass, or the second signal to stop."""
    SETTINGS = 2
    """A setting is wrong: starting again without changing it ends the same."""
    INSTANCE_TAKEN = TAKEN
    """Another process uses this instance id, and has its partitions now."""
    FOREIGN_RECORDS = 5
    """A topic that is ours alone holds what is not ours, or contradicts another: a person must
    look."""


class Ends(RuntimeError):
    """A reason to end that says all there is to know: one line in the log, and no traceback."""

    event = "service-ended"
    code = Exit.FAILURE


def run_service(
    main: Main,
    name: str,
    settings_errors: tuple[type[Exception], ...] = (),
    waits_for_kafka: bool = True,
) -> NoReturn:
    """Run until SIGTERM or SIGINT; the process ends with a code of ``Exit``.

    ``settings_errors`` are what ``main`` raises for a setting or a file named by one that cannot be
    used, for example a policy; without ``waits_for_kafka`` it starts while the brokers are away.
    Ends by ``os._exit``: a library that hangs on its way out cannot
    keep the process.
    """
    configure_logging()
    log = get_logger(name)
    unusable: tuple[type[Exception], ...] = (SettingsProblem, *settings_errors)
    try:
        settings = load_settings()
        hide_in_logs(secrets_of(settings))
        serve_probes(settings.health)
        uvloop.run(_until_stopped(main, settings, waits_for_kafka))
        code = Exit.OK
    except unusable as problem:
        log.error("settings-wrong", service=name, why=str(problem))
        code = Exit.SETTINGS
    except Ends as end:
        log.error(end.event, service=name, why=str(end))
        code = end.code
    except BaseException:
        log.exception("service-failed", service=name)
        code = Exit.FAILURE
    sys.stderr.flush()
    os._exit(code)


async def _until_stopped(main: Main, settings: Settings, waits_for_kafka: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _asked_to_stop, stop)
    beating = asyncio.create_task(PROBES.beat())
    try:
        if not waits_for_kafka or await until_kafka_answers(settings.kafka, stop):
            await main(settings, stop)
    except Exception:
        await leave_if_replaced()
        raise
    finally:
        beating.cancel()


def _asked_to_stop(stop: asyncio.Event) -> None:
    """The second time somebody asks, there is no more waiting."""
    if stop.is_set():
        os._exit(Exit.FAILURE)
    stop.set()
