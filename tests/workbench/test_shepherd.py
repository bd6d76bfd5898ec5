"""A shepherd: its command ends when it does, its log stays small, and a full disk costs lines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from infra.workbench.shepherd import Log
from infra.workbench.supervisor import SHEPHERD

WAITS = "import signal, sys; print('began', flush=True); signal.pause()"


def shepherd(log: Path, code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-S", "-E", SHEPHERD, log, "", "", "--", sys.executable, "-c", code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def child_of(running: subprocess.Popen[bytes]) -> psutil.Process:
    assert running.stdout is not None
    with running.stdout as said:
        return psutil.Process(int(said.readline()))


@pytest.mark.parametrize("how", ["owner", "shepherd"])
def test_the_command_ends_with_its_owner_and_with_its_shepherd(tmp_path: Path, how: str) -> None:
    running = shepherd(tmp_path / "log", WAITS)
    child = child_of(running)
    until((tmp_path / "log").exists)
    assert running.stdin is not None
    if how == "owner":
        running.stdin.close()
    else:
        running.kill()
    running.wait(20)
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    running.stdin.close()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, 128 + 9), (signal.SIGTERM, 128 + 15)]
)
def test_a_byte_is_a_signal_and_the_exit_code_is_the_commands(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    running = shepherd(tmp_path / "log", WAITS)
    child_of(running)
    until((tmp_path / "log").exists)
    assert running.stdin is not None
    running.stdin.write(bytes([number]))
    running.stdin.flush()
    assert running.wait(20) == code
    running.stdin.close()


def test_what_a_command_says_last_is_in_its_log(tmp_path: Path) -> None:
    running = shepherd(tmp_path / "log", "import sys; print('x' * 200_000); sys.exit(4)")
    child_of(running)
    assert running.wait(20) == 4
    assert running.stdin is not None
    running.stdin.close()
    assert (tmp_path / "log").read_text() == "x" * 200_000 + "\n"


def test_a_log_of_any_length_takes_twice_its_bound_at_most(tmp_path: Path) -> None:
    log = Log(str(tmp_path / "log"), largest=10_000)
    for number in range(5_000):
        log.write(f"line {number}, and half of the ne".encode())
        log.write(b"xt one\n")
    log.write(b"the end")
    log.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["log", "log.1"]
    assert all(file.stat().st_size <= 10_000 for file in files)
    lines = "".join(file.read_text() for file in reversed(files)).splitlines()
    assert lines[-1] == "the end"
    assert all(line.endswith("half of the next one") for line in lines[:-1])


def test_a_log_that_cannot_be_written_is_written_again_later(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    log = Log(str(folder / "log"))
    log.write(b"lost\n")
    folder.mkdir()
    log.write(b"kept\n")
    log.close()
    assert (folder / "log").read_text().split() == ["kept"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_works_in_a_directory_that_it_cannot_go_to(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    inside = closed / "inside"
    inside.mkdir(mode=0o777)
    inside.chmod(0o777)
    command = ["/bin/sh", "-c", "id -un > @directory/who"]
    with subprocess.Popen(
        [sys.executable, "-S", "-E", SHEPHERD, tmp_path / "log", inside, "nobody", "--", *command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as running:  # fmt: skip
        assert running.wait(20) == 0
    assert (inside / "who").read_text().strip() == "nobody"


def until(holds: Callable[[], object], seconds: float = 30) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)
