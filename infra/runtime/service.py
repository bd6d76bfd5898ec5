"""Run one service as a process: signals stop it, an error ends it, nothing holds it back."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import NoReturn

import uvloop

from infra.runtime.logs import configure_logging, get_logger
from infra.runtime.probes import PROBES, serve_probes
from infra.runtime.settings import Settings, SettingsProblem, load_settings

Main = Callable[[Settings, asyncio.Event], Awaitable[None]]


def run_service(main: Main, name: str) -> NoReturn:
    """Run until SIGTERM or SIGINT; exit 0 then, 1 after an error, 2 on wrong settings.

    Ends by ``os._exit``: a library that hangs on its way out cannot keep the process.
    """
    configure_logging()
    try:
        settings = load_settings()
    except SettingsProblem as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    log = get_logger(name)
    if settings.health.port is not None:
        serve_probes(settings.health.port)
    try:
        uvloop.run(_until_stopped(main, settings))
        code = 0
    except BaseException:
        log.exception("service-failed", service=name)
        code = 1
    sys.stderr.flush()
    os._exit(code)


async def _until_stopped(main: Main, settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _asked_to_stop, stop)
    beating = asyncio.create_task(PROBES.beat())
    try:
        await main(settings, stop)
    finally:
        beating.cancel()


def _asked_to_stop(stop: asyncio.Event) -> None:
    """The second time somebody asks, there is no more waiting."""
    if stop.is_set():
        os._exit(1)
    stop.set()
