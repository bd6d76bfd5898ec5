"""``python -m services.projections``: one projections process, configured by environment."""

from __future__ import annotations

from infra.runtime.service import run_service
from policies.catalogue import PoliciesProblem
from policies.file import PolicyProblem
from policies.teams import TeamsProblem
from services.projections.service import serve

if __name__ == "__main__":
    run_service(serve, "projections", (PolicyProblem, PoliciesProblem, TeamsProblem))
