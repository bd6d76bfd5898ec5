"""``python -m services.escalation.decider``: one decider process, configured by environment."""

from __future__ import annotations

from infra.runtime.service import run_service
from policies.catalogue import PoliciesProblem
from policies.file import PolicyProblem
from services.escalation.decider.service import serve

if __name__ == "__main__":
    run_service(serve, "decider", (PolicyProblem, PoliciesProblem))
