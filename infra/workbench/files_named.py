"""The files that settings name, and the policies among them: whether services can use them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from infra.runtime.settings import Settings
from policies.catalogue import PoliciesProblem, policies_in, shipped
from policies.file import PolicyProblem
from policies.teams import TeamsProblem, load_teams
from services.intake.mapping_file import MappingProblem, load_mapping
from services.notifier.delivery.channels.mail import SenderProblem, sender_of
from services.notifier.directory.address_file import AddressesProblem, load_addresses
from services.projections.projector.team_tables import team_rows

UNUSABLE = (PolicyProblem, PoliciesProblem, MappingProblem, AddressesProblem, SenderProblem,
            TeamsProblem)  # fmt: skip
"""What services raise for a setting whose file, name or address they cannot use."""


def unusable_files(settings: Settings) -> list[str]:
    """A sentence for each setting whose file or name no service could use."""
    decider = settings.decider
    checks: dict[str, Callable[[], object]] = {
        "ESCALATION_DECIDER__POLICIES_FOLDER or __DEFAULT_POLICY": lambda: policies_in(
            shipped(), decider.default_policy, decider.policies_folder
        ),
        "ESCALATION_INTAKE__MAPPING_FILE": lambda: load_mapping(settings.intake.mapping_file),
        "ESCALATION_NOTIFIER__ADDRESSES_FILE": lambda: load_addresses(
            settings.notifier.addresses_file
        ),
        "ESCALATION_TEAMS__FILE": lambda: _teams(settings),
        "ESCALATION_SMTP__SENDER": lambda: sender_of(settings.smtp),
    }
    return [f"{name}: {found}" for name, check in checks.items() if (found := _problem(check))]


def _teams(settings: Settings) -> object:
    decider = settings.decider
    known = policies_in(shipped(), decider.default_policy, decider.policies_folder)
    return team_rows(load_teams(settings.teams.file), known, datetime.now(UTC).date())


def _problem(check: Callable[[], object]) -> str:
    try:
        check()
    except (*UNUSABLE, OSError) as problem:
        return str(problem)
    return ""
