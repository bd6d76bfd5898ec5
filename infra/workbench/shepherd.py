"""Run a command that ends when its owner does: ``shepherd.py USER -- COMMAND ...``.

The owner holds the other end of our standard input and never writes. When it closes, for
whatever reason, the command and all its children are killed. The command's process id is the
first line on standard output. Standard library only: it starts fast and stays small.
"""

import os
import pwd
import select
import signal
import subprocess
import sys


def main() -> int:
    user, separator, *command = sys.argv[1:]
    assert separator == "--" and command, __doc__
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        start_new_session=True,
        preexec_fn=lambda: _become(user),
    )
    print(child.pid, flush=True)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    wake, poke = os.pipe()
    os.set_blocking(poke, False)
    signal.set_wakeup_fd(poke)
    while child.poll() is None:
        ready, _, _ = select.select([0, wake], [], [], 1)
        if wake in ready:
            os.read(wake, 512)
        if 0 in ready and not os.read(0, 512):
            break
    _kill_all(child.pid)
    return child.wait()


def _become(user: str) -> None:
    if user and os.geteuid() == 0:
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)


def _kill_all(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    sys.exit(main())
