"""Run a command that ends when its owner does: ``shepherd.py LOG DIRECTORY USER -- COMMAND ...``.

The owner holds the other end of our standard input. Each byte that it writes is the number of a
signal for the command: the owner needs no process id for that, which may be another's by now. When
its end closes, for whatever reason, the command and all its children are killed; if we are killed
ourselves, the kernel kills the command. The command's process id is the first line on standard
output, and its exit code is ours (128 + n after signal n).

What the command prints goes to LOG, which is moved to ``LOG.1`` before it grows too large. A full
disk costs lines, never the command. ``@directory`` in the command stands for DIRECTORY; where we
are root and become USER it is opened before, so that USER can work there without the right to go
there. Standard library only: it starts fast
and stays small.
"""

import ctypes
import os
import pwd
import select
import signal
import subprocess
import sys

LARGEST = 5 * 1024 * 1024
"""Bytes of a log before it is moved aside; the one moved before is replaced."""
LONGEST_LINE = 1024 * 1024
CHUNK = 65536


class Log:
    """Whole lines into a file of bounded size; what does not fit on the disk is dropped."""

    def __init__(self, path: str, largest: int = LARGEST) -> None:
        self.path = path
        self.largest = largest
        self.kept = b""
        self.torn = False

    def write(self, data: bytes) -> None:
        whole, newline, self.kept = (self.kept + data).rpartition(b"\n")
        if len(self.kept) > LONGEST_LINE:
            whole, newline, self.kept = whole + newline + self.kept, b"\n", b""
        if newline:
            self._append(whole + newline)

    def close(self) -> None:
        if self.kept:
            self._append(self.kept + b"\n")

    def _append(self, lines: bytes) -> None:
        try:
            if os.path.exists(self.path) and os.path.getsize(self.path) + len(lines) > self.largest:
                os.replace(self.path, self.path + ".1")
            with open(self.path, "ab", buffering=0) as file:
                begins = b"\n" if self.torn else b""
                self.torn = file.write(begins + lines) < len(begins + lines)
        except OSError:
            self.torn = True


def main() -> int:
    log, directory, user, separator, *command = sys.argv[1:]
    assert separator == "--" and command, __doc__
    passed, place = [], directory
    if directory and user and os.geteuid() == 0:
        passed = [os.open(directory, os.O_RDONLY | os.O_DIRECTORY)]
        place = f"/proc/self/fd/{passed[0]}"
    child = subprocess.Popen(
        [one.replace("@directory", place) for one in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=passed,
        preexec_fn=lambda: _become(user),
    )
    print(child.pid, flush=True)
    return _watch(child, Log(log))


def _watch(child: "subprocess.Popen[bytes]", log: Log) -> int:
    """Pass on signals and output until the command ends or the owner is gone."""
    assert child.stdout is not None
    said = child.stdout.fileno()
    os.set_blocking(said, False)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    wake, poke = os.pipe()
    os.set_blocking(poke, False)
    signal.set_wakeup_fd(poke)
    heard = [0, wake, said]
    while child.poll() is None:
        ready, _, _ = select.select(heard, [], [], 1)
        if wake in ready:
            os.read(wake, 512)
        if said in ready and not _pump(said, log):
            heard.remove(said)
        if 0 in ready:
            numbers = os.read(0, 16)
            if not numbers:
                break
            for number in numbers:
                child.send_signal(number)
    _kill_all(child.pid)
    code = child.wait()
    _pump(said, log)
    log.close()
    return code if code >= 0 else 128 - code


def _pump(said: int, log: Log) -> bool:
    """Write what there is to read; whether more can come."""
    try:
        while data := os.read(said, CHUNK):
            log.write(data)
    except BlockingIOError:
        return True
    return False


def _become(user: str) -> None:
    """Before the command runs: another user, and to die when the shepherd dies."""
    if user and os.geteuid() == 0:
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _kill_all(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    sys.exit(main())
