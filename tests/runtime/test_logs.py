"""Every line of a log is JSON with its time, holds nobody's data, and is not repeated for ever."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import Any

import asyncpg
import pytest

from infra.runtime.failures import described, traced
from infra.runtime.log_throttle import INTERVAL, Throttle

SAID = """
import asyncio, logging, warnings
from infra.runtime.logs import configure_logging, get_logger
configure_logging()
get_logger("ours").warning("dead-letter", topic="t", offset=4)
logging.getLogger("aiokafka.conn").error("Unable connect to node with id %s: %s", 1, OSError("no"))
logging.getLogger("asyncio").error("Task was lost\\nfuture: <Task exception=ValueError('zoe')>")
logging.getLogger("lib").warning("Crashed reason=%r", ValueError("zoe@customer.example"))
logging.getLogger("lib").warning("%d numbers", "a mistake of the library")
for number in range(1000):
    logging.getLogger("aiokafka").error("Failed fetch messages from %s: %s", number, "x")
warnings.warn("old")
try:
    raise ValueError("+49 170 1234567")
except ValueError:
    get_logger("ours").exception("service-failed")
"""


def lines_of(code: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "\x1b" not in done.stderr
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_every_line_is_json_with_its_time_and_without_anybodys_data() -> None:
    lines = lines_of(SAID)
    assert all({"event", "level", "timestamp", "room"} <= line.keys() for line in lines)
    text = json.dumps(lines, ensure_ascii=False)
    assert "zoe" not in text and "1234567" not in text
    assert [line["event"] for line in lines if line["room"] == "aiokafka.conn"] == [
        "Unable connect to node with id 1: OSError: no"
    ]
    assert sum(line["room"] == "aiokafka" for line in lines) == 1
    assert lines[-1]["exception"][-1] == "ValueError"
    assert any(line["room"] == "py.warnings" for line in lines)


def a_record(text: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord("lib", logging.ERROR, "", 1, text, values, None)


def test_what_repeats_is_counted_and_said_once_an_interval() -> None:
    now = 0.0
    throttle = Throttle(lambda: now)
    assert throttle.filter(a_record("node %s is away", 1))
    assert not any(throttle.filter(a_record("node %s is away", number)) for number in range(50))
    assert throttle.filter(a_record("another line"))
    now = INTERVAL
    again = a_record("node %s is away", 2)
    assert throttle.filter(again)
    assert again.__dict__["repeated"] == 50
    assert not throttle.filter(a_record("node %s is away", 3))


def test_numbers_in_a_text_do_not_make_another_line_of_it() -> None:
    throttle = Throttle(lambda: 0.0)
    assert throttle.filter(a_record("request 17 on <conn at 0x7f3a> failed"))
    assert not throttle.filter(a_record("request 18 on <conn at 0x7f3b> failed"))


def test_kinds_of_lines_are_not_remembered_without_end() -> None:
    throttle = Throttle(lambda: 0.0)
    for number in range(5_000):
        throttle.filter(a_record("x" * number))
    assert len(throttle._kinds) <= 500


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ConnectionRefusedError(111, "refused"), "ConnectionRefusedError: [Errno 111] refused"),
        (RuntimeError("no progress for 60 s"), "RuntimeError: no progress for 60 s"),
        (KeyError("zoe@customer.example"), "KeyError"),
        (asyncpg.UniqueViolationError("duplicate: zoe"), "UniqueViolationError: 23505"),
    ],
)
def test_of_an_error_only_what_quotes_nobody_is_said(error: BaseException, said: str) -> None:
    assert described(error) == said


def test_a_traceback_names_places_and_causes() -> None:
    try:
        try:
            raise KeyError("zoe")
        except KeyError as error:
            raise RuntimeError("partition 3 was left") from error
    except RuntimeError as error:
        found = traced(error)
    assert "test_logs.py" in found[0]
    assert found[1:3] == ["RuntimeError: partition 3 was left", "caused by"]
    assert found[-1] == "KeyError"
