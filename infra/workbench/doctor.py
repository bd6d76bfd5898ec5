"""``escalation doctor``: does everything answer, is anything wrong, and what is set.

Every line may be copied: settings are printed as one would set them, none is broken, and no
password is among them.
"""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import asyncpg
from aiokafka.errors import KafkaError

from infra.runtime.plain_text import visible
from infra.runtime.secrets import secrets_of, without
from infra.runtime.settings import Settings
from infra.runtime.settings_shown import SettingRow, describe_section, describe_settings
from infra.workbench import examinations
from infra.workbench.examinations import Examined, versions
from infra.workbench.remedies import first_line, no_broker, postgres_remedy

Examination = Callable[[Settings], Awaitable[Examined]]
BROKERS: Final = "Kafka and its topics"
OF_BROKERS: Final[dict[str, Examination]] = {
    "readers": examinations.groups,
    "open transactions": examinations.transactions,
    "dead letters": examinations.letters,
}
OTHERS: Final[dict[str, Examination]] = {
    "policies and other files": examinations.files,
    "Postgres": examinations.postgres,
    "mail server": examinations.mail,
}
WITHIN: Final = 60.0
"""Seconds that one examination may take."""
WIDTH: Final = 80


@dataclass(frozen=True)
class Report:
    """What was checked, what is wrong, and every setting as it stands."""

    checked: dict[str, Examined]
    settings: list[SettingRow]
    versions: dict[str, str]

    @property
    def problems(self) -> list[str]:
        return [problem for found in self.checked.values() for problem in found.wrong]

    def as_dict(self) -> dict[str, Any]:
        return {
            "checks": {name: found.wrong for name, found in self.checked.items()},
            "notes": {name: found.notes for name, found in self.checked.items()},
            "versions": self.versions,
            "settings": {row.name: row.value for row in self.settings},
        }

    def show(self) -> None:
        """For people, at most 80 columns wide where no single word or setting is longer."""
        for line in self._lines():
            print(line)

    def _lines(self) -> Iterator[str]:
        for name, found in self.checked.items():
            yield f"{'FAIL' if found.wrong else 'ok  '} {name}"
            for sentence in (*found.wrong, *found.notes):
                yield from _wrapped(visible(sentence), "       ", "     ")
        yield from _wrapped(", ".join(f"{n} {v}" for n, v in self.versions.items()), "     ")
        for section, rows in groupby(self.settings, key=lambda row: row.section):
            yield ""
            yield f"# {section}: {describe_section(section)}"
            for row in rows:
                yield (
                    f"{row.name}={visible(row.value)}" if row.value else f"# {row.name} is not set"
                )
                default = f" (default: {row.default})" if row.value != row.default else ""
                yield from _wrapped(f"{row.description}{default}", "#   ")


def _wrapped(text: str, indent: str, first: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first or indent, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


async def examine(settings: Settings) -> Report:
    """Try every server that the settings name; what needs brokers only where one answers."""
    names = ("policies and other files", BROKERS, *OF_BROKERS, "Postgres", "mail server")
    brokers, *others = await asyncio.gather(
        _tried(examinations.catalogue, settings),
        *(_tried(one, settings) for one in OTHERS.values()),
    )
    found = {BROKERS: brokers} | dict(zip(OTHERS, others, strict=True))
    if not _is_away(brokers):
        more = await asyncio.gather(*(_tried(one, settings) for one in OF_BROKERS.values()))
        found |= dict(zip(OF_BROKERS, more, strict=True))
    ordered = {name: found[name] for name in names if name in found}
    return Report(ordered, describe_settings(settings), versions())


async def _tried(examination: Examination, settings: Settings) -> Examined:
    """What it finds; a server that does not answer is a sentence as well."""
    try:
        async with asyncio.timeout(WITHIN):
            return await examination(settings)
    except (KafkaError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        said = without(secrets_of(settings), first_line(error))
        if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
            return Examined([f"{postgres_remedy(error)} ({said})"])
        if examination is examinations.postgres:
            return Examined([f"no Postgres ({said}): see ESCALATION_POSTGRES__DSN, or start it"])
        return Examined([no_broker(settings.kafka, said)])


def _is_away(brokers: Examined) -> bool:
    return any(one.startswith("no use of Kafka") for one in brokers.wrong)
