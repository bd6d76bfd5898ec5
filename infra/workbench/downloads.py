"""Fetch the embedded Kafka from Maven Central, once: pinned by SHA-256, shared by all checkouts.

A file with a wrong checksum is refused and not kept. A second run downloads nothing.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress

from infra.runtime.settings import load_settings

PINS: Final = Path(__file__).with_name("kafka_jars.sha256")


class WrongChecksum(RuntimeError):
    """What came is not what was pinned."""


def cache_home() -> Path:
    """Where downloads are kept: outside the repository, for every checkout."""
    chosen = load_settings().workbench.cache_dir
    if chosen is not None:
        return chosen
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "case-escalation"


def pins() -> dict[str, str]:
    """Path in the Maven repository to SHA-256."""
    lines = PINS.read_text("utf-8").splitlines()
    return {path: digest for digest, path in (line.split() for line in lines)}


def kafka_jars() -> list[Path]:
    """All jars of Kafka, fetched where they are missing.

    Errors: ``WrongChecksum``; ``OSError`` where the repository does not answer.
    """
    home = cache_home() / "maven"
    missing = {path: digest for path, digest in pins().items() if not (home / path).exists()}
    if missing:
        _fetch_all(home, missing)
    return [home / path for path in pins()]


def fetched(path: str, digest: str) -> Path:
    """One further file of the Maven repository, fetched where it is missing. Errors as above."""
    home = cache_home() / "maven"
    if not (home / path).exists():
        _fetch(home, path, digest)
    return home / path


def _fetch_all(home: Path, missing: dict[str, str]) -> None:
    console = Console(stderr=True)
    console.print(f"downloading {len(missing)} files of Apache Kafka into {home}")
    with (
        Progress(console=console, disable=not console.is_terminal) as progress,
        ThreadPoolExecutor(6) as workers,
    ):
        bar = progress.add_task("Apache Kafka", total=len(missing))
        for _ in workers.map(lambda one: _fetch(home, *one), missing.items()):
            progress.advance(bar)


def _fetch(home: Path, path: str, digest: str) -> None:
    url = f"{load_settings().workbench.maven_url.rstrip('/')}/{path}"
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - the URL is a setting
        content = answer.read()
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise WrongChecksum(
            f"{url} has SHA-256 {found}, pinned is {digest}: it was not kept. Ask who serves "
            "ESCALATION_WORKBENCH__MAVEN_URL, or try again"
        )
    target = home / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as part:
        part.write(content)
    Path(part.name).replace(target)


if __name__ == "__main__":
    try:
        kafka_jars()
    except (WrongChecksum, OSError) as problem:
        sys.exit(f"Apache Kafka could not be fetched: {problem}")
