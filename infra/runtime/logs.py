"""Logs on stderr: one JSON object a line with its time, our own lines and those of libraries alike.

Only a terminal gets a form for the eye. Never the words of a case: of an error only what cannot
quote one is written (``failures.py``). Lines of libraries that repeat are counted
(``log_throttle.py``), so that an outage does not fill a disk.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from structlog.stdlib import ProcessorFormatter

from infra.runtime.failures import described, traced
from infra.runtime.log_throttle import Throttle
from infra.runtime.secrets import without

LONGEST: Final = 500
"""Characters of a library's message that are kept."""
Event = MutableMapping[str, Any]
_hidden: set[str] = set()
_stamped: Final = structlog.processors.TimeStamper(fmt="iso", utc=True)


def configure_logging() -> None:
    """Set the form once, at the start of a process."""
    form: Any = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _stamped,
            _with_traceback,
            form,
            _without_secrets,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _bridge(form)


def get_logger(name: str) -> Any:
    return structlog.get_logger(room=name)


def hide_in_logs(secrets: frozenset[str]) -> None:
    """Hide these words from now on, whoever says them."""
    _hidden.update(secrets)


def _without_secrets(_logger: Any, _method: str, rendered: Any) -> str:
    """The last step: what is written is text by now."""
    return without(frozenset(_hidden), str(rendered))


def _bridge(form: Any) -> None:
    """Give the lines of libraries the same form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, _named],
            processors=[
                _stamped,
                _with_traceback,
                ProcessorFormatter.remove_processors_meta,
                form,
                _without_secrets,
            ],
        )
    )
    handler.addFilter(_without_data)
    handler.addFilter(Throttle())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # While the broker checks that a transaction is open it answers "not enough replicas" and the
    # producer asks again: many times a second, and nothing that anybody could act on.
    logging.getLogger("aiokafka.producer.sender").setLevel(logging.ERROR)


def _without_data(record: logging.LogRecord) -> bool:
    """Errors among the arguments are described instead of quoted, and one line is enough."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            described(one) if isinstance(one, BaseException) else one for one in record.args
        )
    try:
        text = record.getMessage()
    except (TypeError, ValueError):  # a library's mistake is no reason to lose the line
        text = str(record.msg)
    record.throttled_as = str(record.msg)
    record.msg, record.args = text.partition("\n")[0][:LONGEST], None
    return True


def _named(_logger: Any, _method: str, event: Event) -> Event:
    record = event["_record"]
    event["room"] = record.name
    if repeated := getattr(record, "repeated", 0):
        event["repeated"] = repeated
    return event


def _with_traceback(_logger: Any, _method: str, event: Event) -> Event:
    """``exc_info`` as places and descriptions: the message of an error may quote a record."""
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else info
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        event["exception"] = traced(error)
    return event
