"""Keep parts running: started, started again when they die, ended together.

Every process runs under a shepherd that kills it when our end of its pipe closes, so nothing is
left behind even if we are killed. A part is only ever reached through its shepherd: a process id
may be another's by the time it is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from infra.runtime.service import Exit
from infra.workbench.parts import Part

SHEPHERD: Final = Path(__file__).with_name("shepherd.py")
GRACE: Final = 6.0
"""Seconds from the signal to stop until SIGKILL, for each of the two rounds, services and
servers."""
RETRY: Final = 0.5
"""Seconds until something that the disk refused is tried again."""
Tell = Callable[[str], None]


def tell_on_stderr(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


class Supervisor:
    """The parts of one directory. ``pids.json`` there is kept current."""

    def __init__(self, data: Path, tell: Tell) -> None:
        self._data, self._tell = data, tell
        self._parts: dict[str, SupervisedPart] = {}
        self._retrying: asyncio.Task[None] | None = None

    async def add(self, part: Part) -> None:
        """Start a part, wait until it is ready, and keep it running from now on."""
        kept = self._parts[part.name] = SupervisedPart(
            part, self._data, self._write_pids, self._tell
        )
        await kept.start()
        if part.ready is not None:
            await part.ready()

    async def add_all(self, parts: Sequence[Part]) -> None:
        await asyncio.gather(*(self.add(part) for part in parts))

    def pid(self, name: str) -> int | None:
        """Of a part that runs now; None while it is being started again."""
        return self._parts[name].pid

    async def kill(self, name: str) -> None:
        """Kill a part without warning and wait until it is gone; it comes back on its own."""
        await self._parts[name].kill()

    async def stop(self) -> None:
        """End everything: services first, then the servers they need."""
        kept = self._parts.values()
        for is_server in (False, True):
            await asyncio.gather(*(one.end() for one in kept if one.part.is_server is is_server))
        if self._retrying is not None:
            self._retrying.cancel()
        (self._data / "pids.json").unlink(missing_ok=True)

    # --- pids.json -------------------------------------------------------------------------

    def _write_pids(self) -> None:
        try:
            self._replace_pids()
        except OSError as error:
            if self._retrying is None or self._retrying.done():
                self._tell(f"pids.json cannot be written ({error.strerror}): trying again")
                self._retrying = asyncio.create_task(self._write_pids_later())

    async def _write_pids_later(self) -> None:
        while True:
            await asyncio.sleep(RETRY)
            with contextlib.suppress(OSError):
                return self._replace_pids()

    def _replace_pids(self) -> None:
        pids = {name: [one.pid] if one.pid else [] for name, one in self._parts.items()}
        part = self._data / "pids.json.part"
        part.write_text(json.dumps(pids), "utf-8")
        part.replace(self._data / "pids.json")


class SupervisedPart:
    """One part, kept running until it is ended."""

    def __init__(self, part: Part, data: Path, changed: Callable[[], None], tell: Tell) -> None:
        self.part = part
        self._log = data / "logs" / f"{part.name}.log"
        self._changed, self._tell = changed, tell
        self._wanted = True
        self._launching = asyncio.Lock()
        self._running = asyncio.Event()
        self._shepherd: asyncio.subprocess.Process | None = None
        self._pid: int | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._starts: list[float] = []

    @property
    def pid(self) -> int | None:
        is_running = self._shepherd is not None and self._shepherd.returncode is None
        return self._pid if is_running else None

    async def start(self) -> None:
        """Start it, and start it again whenever it ends. Errors: ``OSError``."""
        await self._launch()
        self._watcher = asyncio.create_task(self._watch())

    async def kill(self) -> None:
        """Kill the process and wait until it is gone; while it is being replaced, its successor."""
        await self._running.wait()
        self._send(signal.SIGKILL)
        await self._gone()
        self._running.clear()

    async def end(self) -> None:
        """Ask it to stop, give it some grace, and then close the pipe: the shepherd kills it."""
        self._wanted = False
        async with self._launching:  # whatever is being started now is ended too
            self._send(self.part.stop_signal)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._gone(), GRACE)
            if self._shepherd is not None and self._shepherd.stdin is not None:
                self._shepherd.stdin.close()
            await self._gone()
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)

    def _send(self, number: signal.Signals) -> None:
        shepherd = self._shepherd
        if shepherd is not None and shepherd.stdin is not None and shepherd.returncode is None:
            shepherd.stdin.write(bytes([number]))

    async def _gone(self) -> None:
        if self._shepherd is not None:
            await self._shepherd.wait()

    async def _launch(self) -> None:
        async with self._launching:
            if not self._wanted:
                return
            part, self._pid = self.part, None
            self._log.parent.mkdir(mode=0o700, exist_ok=True)
            where = (str(self._log), str(part.directory or ""), part.user)
            self._shepherd = await asyncio.create_subprocess_exec(
                sys.executable, "-S", "-E", str(SHEPHERD), *where, "--", *part.command,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                env=part.environment(os.environ), umask=0o077, start_new_session=True,
            )  # fmt: skip
            assert self._shepherd.stdout is not None
            self._pid = int(await self._shepherd.stdout.readline() or 0) or None
            self._starts.append(asyncio.get_running_loop().time())
        self._running.set()
        self._changed()

    async def _watch(self) -> None:
        """Start it again whenever it ends, at first at once and then more and more slowly."""
        while True:
            await self._gone()
            self._running.clear()
            self._changed()
            if not self._wanted:
                return
            if (final := _FINAL.get(self._code())) is not None:
                self._tell(f"{self.part.name}: {final}; see {self._log}")
                return
            pause = self._pause()
            self._tell(f"{self.part.name} ended ({self._how()}): started again; see {self._log}")
            await asyncio.sleep(pause)
            await self._launch_in_the_end()

    async def _launch_in_the_end(self) -> None:
        """Start it; what the machine refuses now, such as a full disk, it may grant later."""
        while True:
            try:
                return await self._launch()
            except OSError as error:
                self._tell(f"{self.part.name} cannot be started ({error}): trying again")
                await asyncio.sleep(self._pause() + RETRY)

    def _pause(self) -> float:
        now = asyncio.get_running_loop().time()
        self._starts = [start for start in self._starts if now - start < 60]
        return min(5.0, 0.1 * 2.0 ** max(0, len(self._starts) - 3))

    def _code(self) -> int | None:
        return None if self._shepherd is None else self._shepherd.returncode

    def _how(self) -> str:
        code = self._code() or 0
        return f"killed by signal {code - 128}" if code > 128 else f"exit code {code}"


_FINAL: Final[dict[int | None, str]] = {
    Exit.INSTANCE_TAKEN: "another process uses its instance id and has its partitions now; this "
    "one is not started again. Give the other its own ESCALATION_<SERVICE>__INSTANCE_ID, then "
    "start this again",
    Exit.FOREIGN_RECORDS: "a topic that it alone writes holds a record of somebody else; it is not "
    "started again. Its log says where, and what to do",
}
"""Ends after which a service is not started again: only a person can mend what is behind them."""
