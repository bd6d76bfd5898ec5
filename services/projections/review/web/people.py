"""Who may see what: the person behind a session or a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in. ``teams`` and ``accounts`` None: all of them."""

    id: str
    name: str
    roles: tuple[str, ...]
    teams: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None

    def may_see(self, team: str | None, account: str | None) -> bool:
        """Whether a case of this team and account is any of their business."""
        of_team = self.teams is None or (team or UNASSIGNED) in self.teams
        return of_team and (self.accounts is None or account in self.accounts)

    @property
    def may_act(self) -> bool:
        return set(self.roles) != {"reader"}


UNASSIGNED: Final = "unassigned"
PERSONAS: Final = {
    "manager": Visitor(
        "manager-1", "Mo Manager",
        ("manager", "escalation-requester", "de-escalation-requester", "resolutions-team"),
    ),
    "approver": Visitor("approver-1", "Ava Approver", ("manager", "escalation-manager")),
    "reader": Visitor("reader-1", "Ravi Reader", ("reader",)),
    "customer": Visitor("customer-1", "Cleo Customer", ("customer",), accounts=("account-1",)),
}  # fmt: skip
"""Whom a local link signs in as, on a machine of one's own."""
