"""``python -m services.projections.review.web``: the review page, configured by environment."""

from __future__ import annotations

from infra.runtime.service import run_service
from policies.catalogue import PoliciesProblem
from policies.file import PolicyProblem
from services.projections.review.web.service import serve

if __name__ == "__main__":
    run_service(serve, "board", (PolicyProblem, PoliciesProblem), waits_for_kafka=False)
