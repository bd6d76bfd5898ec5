"""Run the tests again and again while another process keeps one core busy, and count the passes.

``python -m tests.repeat_loaded [--times 10] [--command "make test"]``; exit 0 where all passed.
A test that races the clock fails here long before it fails on somebody's machine.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY = (
    "import os, time\n"
    "ours = os.getppid()\n"
    "while os.getppid() == ours:\n"  # it ends when whoever started it ends
    "    until = time.monotonic() + 1\n"
    "    while time.monotonic() < until: pass\n"
)


@contextmanager
def one_core_busy() -> Iterator[None]:
    busy = subprocess.Popen([sys.executable, "-S", "-c", BUSY])
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


def repeat(command: list[str], times: int, logs: Path) -> int:
    """How many runs passed; the output of each is kept."""
    passed = 0
    for number in range(1, times + 1):
        log, began = logs / f"run-{number}.log", time.monotonic()
        with log.open("wb") as output:
            code = subprocess.run(command, stdout=output, stderr=output, check=False).returncode
        passed += code == 0
        told = "passed" if code == 0 else f"failed ({code}), see {log}"
        print(f"run {number}: {told}, {time.monotonic() - began:.0f} s", flush=True)
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--command", default="make test")
    parser.add_argument("--logs", type=Path, default=Path(".pytest_cache") / "loaded")
    wanted = parser.parse_args()
    wanted.logs.mkdir(parents=True, exist_ok=True)
    with one_core_busy():
        passed = repeat(shlex.split(wanted.command), wanted.times, wanted.logs)
    print(f"{passed} of {wanted.times} runs passed while one core was busy")
    return 0 if passed == wanted.times else 1


if __name__ == "__main__":
    sys.exit(main())
