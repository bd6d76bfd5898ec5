"""The migrations of every service, together."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from infra.runtime.migrations import migrate, pending
from infra.runtime.registry import PROGRAMS

MIGRATED: Final = {one.name: one.package for one in PROGRAMS.values() if one.has_tables}


async def migrate_all(dsn: str) -> list[str]:
    """Apply every service's migrations; what was applied."""
    return [
        f"{owner}/{name}"
        for owner, package in MIGRATED.items()
        for name in await migrate(dsn, owner, _folder(package))
    ]


async def pending_migrations(dsn: str) -> list[str]:
    """A sentence for each migration that is not applied. Writes nothing."""
    return [
        f"migration {owner}/{name} is not applied: run escalation db migrate"
        for owner, package in MIGRATED.items()
        for name in await pending(dsn, owner, _folder(package))
    ]


def _folder(package: str) -> Path:
    return Path(str(files(package) / "migrations"))
