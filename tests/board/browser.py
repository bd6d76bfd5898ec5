"""The browser of the tests: Debian's Chromium, installed where that is possible.

``python -m tests.board.browser`` installs it as root on a machine with apt; elsewhere it says which
tests are left out. With ``ESCALATION_TESTS_BROWSER=required`` a missing browser is an error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    """The path of a browser; None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def main() -> int:
    if executable() is not None:
        return 0
    apt = shutil.which("apt-get")
    if apt is not None and os.geteuid() == 0 and Path("/etc/debian_version").exists():
        print("installing Debian's chromium for the browser tests", flush=True)
        quiet = {"stdout": subprocess.DEVNULL}
        subprocess.run([apt, "update", "-q"], check=False, **quiet)  # type: ignore[call-overload]  # mypy cannot see through **
        subprocess.run([apt, "install", "-y", "-q", "chromium"], check=False, **quiet)  # type: ignore[call-overload]  # as above
    if executable() is not None:
        return 0
    print("no chromium here: the tests in tests/board/test_in_the_browser.py are left out")
    return 1 if os.environ.get("ESCALATION_TESTS_BROWSER") == "required" else 0


if __name__ == "__main__":
    sys.exit(main())
