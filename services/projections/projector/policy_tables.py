"""The policies of this deployment as tables, so that views can say what is allowed now.

Written when the service starts and whenever it learns of a version; the views look at the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from policies.catalogue import Policies
from policies.model import digest_of

LONGEST: Final = timedelta(days=366 * 5_000)
"""A longer wait is written as this one: Postgres adds it to an opening and must not overflow."""
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class PolicyTables:
    """What stands in ``policies``, ``policy_windows`` and ``policy_duties``."""

    policies: Rows
    policy_windows: Rows
    policy_duties: Rows


def policy_tables(known: Policies) -> PolicyTables:
    """Every version of every policy as rows, in the order of the tables' columns."""
    found = PolicyTables([], [], [])
    for one in known:
        name = one.policy, one.version
        found.policies.append(
            (*name, digest_of(one.policy), one.policy == known.default, one.effective_from,
             one.once_only, bool(one.windows))
        )  # fmt: skip
        found.policy_windows.extend(
            (*name, severity, tier, min(wait, LONGEST).total_seconds())
            for severity, by_tier in one.windows.items()
            for tier, wait in by_tier.items()
        )
        found.policy_duties.extend(
            (*name, spec.duty, spec.owed_by, spec.kind) for spec in one.duties
        )
    return found


async def write_policies(connection: Any, known: Policies) -> None:
    """Replace what the tables hold; readers see the old rows until the new ones are whole."""
    tables = policy_tables(known)
    async with connection.transaction():
        await connection.execute("LOCK TABLE projections.policies IN EXCLUSIVE MODE")
        for name in ("policies", "policy_windows", "policy_duties"):
            await connection.execute(f"DELETE FROM projections.{name}")  # noqa: S608 - names of ours
            await connection.copy_records_to_table(
                name, schema_name="projections", records=getattr(tables, name)
            )
