"""``escalation up`` as a person runs it: ready, watched, ended, and nothing left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.workbench.up import discard

PROGRAM = Path(sys.executable).with_name("escalation")
NAMES = {"decider", "intake", "notifier", "projections", "kafka", "postgres"}


class Up:
    """One run of ``escalation up --json``."""

    def __init__(self, data: Path) -> None:
        clean = {name: value for name, value in os.environ.items() if "ESCALATION_" not in name}
        self.data = data
        self.process = subprocess.Popen(
            [PROGRAM, "up", "--data", str(data), "--json"],
            env=clean, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        if not self.line:
            raise AssertionError(f"it ended with {self.process.wait(30)} before it was ready")
        self.ready: dict[str, Any] = json.loads(self.line)

    def end(self) -> None:
        """Whatever happened in between: nothing of it runs on."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()  # the shepherds end with it
            self.process.wait()

    def pids(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = json.loads((self.data / "pids.json").read_text())
        return found

    def kill(self, name: str) -> int:
        """kill -9 of a part, by the id that stands in ``pids.json`` now; which id that was."""
        while True:
            with contextlib.suppress(ProcessLookupError):
                for pid in self.pids()[name]:
                    os.kill(pid, signal.SIGKILL)
                    return pid
            time.sleep(0.05)  # it is being started again

    def everybody(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path / "data")
    yield running
    running.end()
    assert running.process.stdout is not None
    running.process.stdout.close()
    discard(running.data)


def test_it_is_ready_restarts_what_dies_and_leaves_nothing_behind(up: Up) -> None:
    assert {"kafka", "postgres", "smtp", "mail", "board", "data"} == up.ready.keys()
    assert up.pids().keys() >= NAMES
    killed = {name: up.kill(name) for name in ("decider", "postgres", "kafka")}
    _until(lambda: all(up.pids()[name] not in ([], [was]) for name, was in killed.items()))

    second = subprocess.run(
        [PROGRAM, "up", "--data", str(up.data)], capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert "in use" in second.stderr

    everybody = up.everybody()
    began = time.monotonic()
    up.process.terminate()
    assert up.process.wait(30) == 0
    assert time.monotonic() - began < 15
    _until(lambda: not _alive(everybody))


def test_nothing_is_left_when_it_is_killed_itself(up: Up) -> None:
    everybody = up.everybody()
    assert len(everybody) >= len(NAMES)
    up.process.kill()
    up.process.wait()
    _until(lambda: not _alive(everybody))


def _alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != "zombie"]


def _until(holds: Callable[[], object], seconds: float = 40) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.2)
