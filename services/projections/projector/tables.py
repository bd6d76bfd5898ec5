"""Rows in and out of the read models' tables: their columns are the fields of the row classes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar

from services.projections.read_models.case_facts import CaseRow
from services.projections.read_models.escalation_status import EscalationRow
from services.projections.read_models.people import PersonRow
from services.projections.read_models.requests import RejectionRow, RightsRow

Row = TypeVar("Row")


@dataclass(frozen=True)
class Table(Generic[Row]):
    """A table of the schema ``projections`` with one row per ``key``."""

    name: str
    row: Callable[..., Row]
    columns: tuple[str, ...]
    key: tuple[str, ...]
    replaces: bool = True
    """Whether a later row replaces an earlier one of its key."""

    def values(self, row: Row) -> tuple[Any, ...]:
        """A row's values in the order of its columns, without copying what they hold."""
        found: tuple[Any, ...] = attrgetter(*self.columns)(row)
        return found

    async def load(self, connection: Any, keys: Collection[str]) -> dict[str, Row]:
        """The rows of these keys, by key; for tables whose key is one column."""
        if not keys:
            return {}
        found = await connection.fetch(self._select, list(keys))
        return {one[self.key[0]]: self.row(*one) for one in found}

    async def store(self, connection: Any, rows: Iterable[Row]) -> None:
        """Insert or replace rows, all in one statement."""
        values = [self.values(row) for row in rows]
        if not values:
            return
        await connection.execute(self._stage)
        await connection.copy_records_to_table(
            f"staged_{self.name}", columns=self.columns, records=values
        )
        await connection.execute(self._take)

    @property
    def _select(self) -> str:
        return (
            f"SELECT {', '.join(self.columns)} FROM projections.{self.name} "  # noqa: S608 - names of ours
            f"WHERE {self.key[0]} = ANY($1)"
        )

    @property
    def _stage(self) -> str:
        return (
            f"CREATE TEMP TABLE IF NOT EXISTS staged_{self.name} "
            f"(LIKE projections.{self.name} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
        )

    @property
    def _take(self) -> str:
        columns = ", ".join(self.columns)
        news = ", ".join(f"{one} = excluded.{one}" for one in self.columns if one not in self.key)
        return (
            f"INSERT INTO projections.{self.name} ({columns}) "  # noqa: S608 - names of ours
            f"SELECT {columns} FROM staged_{self.name} ON CONFLICT ({', '.join(self.key)}) "
            f"DO {f'UPDATE SET {news}' if self.replaces else 'NOTHING'}"
        )


def _table(name: str, row: type[Row], *key: str, replaces: bool = True) -> Table[Row]:
    columns = tuple(one.name for one in fields(row))  # type: ignore[arg-type]  # a dataclass each
    return Table(name, row, columns, key, replaces)


CASES: Final = _table("cases", CaseRow, "case_id")
PEOPLE: Final = _table("people", PersonRow, "person_id")
ESCALATIONS: Final = _table("escalations", EscalationRow, "escalation_id")
RIGHTS: Final = _table("rights", RightsRow, "subject")
REJECTIONS: Final = _table("rejections", RejectionRow, "subject", "request_id", replaces=False)
TABLES: Final = (CASES, PEOPLE, ESCALATIONS, RIGHTS, REJECTIONS)
"""All of them."""
