"""What dies is started again whatever the disk says; what is ended is gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from infra.runtime.service import Exit
from infra.workbench import workbench
from infra.workbench.parts import Part
from infra.workbench.supervisor import Supervisor
from infra.workbench.workbench import Workbench
from tests.world import until

IDLES = (sys.executable, "-S", "-c", "import signal; signal.pause()")
STUBBORN = (
    sys.executable, "-S", "-c",
    "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: signal.pause()",
)  # fmt: skip


@asynccontextmanager
async def supervising(data: Path, *parts: Part) -> AsyncIterator[tuple[Supervisor, list[str]]]:
    told: list[str] = []
    supervisor = Supervisor(data, told.append)
    try:
        await supervisor.add_all(parts)
        yield supervisor, told
    finally:
        await supervisor.stop()


def pids(data: Path) -> dict[str, list[int]]:
    found: dict[str, list[int]] = json.loads((data / "pids.json").read_text())
    return found


def ours() -> list[psutil.Process]:
    """The processes of this file, shepherds included. Servers of other tests have children that
    come and go by themselves."""
    return [one for one in psutil.Process().children(recursive=True) if _is_ours(one)]


def _is_ours(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        said = " ".join(process.cmdline())
        return IDLES[-1] in said or STUBBORN[-1] in said
    return False


async def test_whoever_is_killed_is_gone_and_comes_back_under_another_id(tmp_path: Path) -> None:
    async with supervising(tmp_path, Part("idle", IDLES)) as (supervisor, told):
        seen = {supervisor.pid("idle")}
        for turn in range(6):
            was = supervisor.pid("idle")
            await supervisor.kill("idle")
            assert was is None or not psutil.pid_exists(was)
            if turn % 2 == 0:  # else the next kill meets it while it is being replaced
                seen.add(await until(lambda: _pid(supervisor)))
                assert pids(tmp_path) == {"idle": [supervisor.pid("idle")]}
        assert len(seen - {None}) >= 4
        assert told[0].startswith("idle ended (killed by signal 9): started again")


async def test_nothing_is_left_whenever_it_is_stopped(tmp_path: Path) -> None:
    for wait in (0.0, 0.05, 0.11, 0.15, 0.2):
        async with supervising(tmp_path, Part("idle", IDLES)) as (supervisor, _):
            await supervisor.kill("idle")
            await asyncio.sleep(wait)  # stopped in each phase of its replacement
        assert ours() == []
        assert not (tmp_path / "pids.json").exists()


async def test_who_ignores_the_signal_to_stop_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.workbench.supervisor.GRACE", 0.3)
    async with supervising(tmp_path, Part("stubborn", STUBBORN)):
        await until(lambda: _alive("signal.SIG_IGN"))
    assert ours() == []


async def test_a_full_disk_does_not_end_the_watching(tmp_path: Path) -> None:
    async with supervising(tmp_path, Part("idle", IDLES)) as (supervisor, told):
        (tmp_path / "pids.json.part").mkdir()  # as good as a disk that refuses
        for _ in range(2):
            await supervisor.kill("idle")
            await until(lambda: _pid(supervisor))
        assert any("pids.json cannot be written" in one for one in told)
        (tmp_path / "pids.json.part").rmdir()
        await until(lambda: _current(tmp_path, supervisor))


async def test_who_lost_its_place_to_another_process_is_not_started_again(tmp_path: Path) -> None:
    code = f"import sys; sys.exit({Exit.INSTANCE_TAKEN.value})"
    part = Part("decider", (sys.executable, "-S", "-c", code))
    async with supervising(tmp_path, part) as (supervisor, told):
        await until(lambda: _told(told))
        assert supervisor.pid("decider") is None and pids(tmp_path) == {"decider": []}
        assert "instance id" in told[0] and "not started again" in told[0]
    assert len(told) == 1


async def test_whoever_cannot_enter_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never() -> None:
        raise TimeoutError("it does not become ready")

    monkeypatch.setattr(
        workbench, "_mail", lambda *_: Part("mail", IDLES, ready=never, is_server=True)
    )
    for name in (workbench.KAFKA, workbench.POSTGRES):
        monkeypatch.setenv(name, "postgresql://h" if name == workbench.POSTGRES else "h:1")
    before = len(ours())
    with pytest.raises(TimeoutError):
        async with Workbench(tmp_path):
            pass
    assert len(ours()) == before


def test_servers_get_none_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESCALATION_SMTP__PASSWORD", "s3cretpw")
    assert "s3cretpw" not in Part("kafka", IDLES, is_server=True).environment(os.environ).values()
    assert "s3cretpw" in Part("notifier", IDLES).environment(os.environ).values()


async def _pid(supervisor: Supervisor) -> int | None:
    return supervisor.pid("idle")


async def _alive(word: str) -> bool:
    return any(word in " ".join(one.cmdline()) for one in ours())


async def _told(told: list[str]) -> bool:
    return bool(told)


async def _current(data: Path, supervisor: Supervisor) -> bool:
    return pids(data) == {"idle": [supervisor.pid("idle")]}
