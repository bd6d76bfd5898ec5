"""Logs on stderr: JSON for machines, readable on a terminal. Never the words of a case."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


def configure_logging() -> None:
    """Set the form once, at the start of a process."""
    on_terminal = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if on_terminal else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    # While the broker checks that a transaction is open it answers "not enough replicas" and the
    # producer asks again: many times a second, and nothing that anybody could act on.
    logging.getLogger("aiokafka.producer.sender").setLevel(logging.ERROR)


def get_logger(name: str) -> Any:
    return structlog.get_logger(room=name)
