"""How pressing a request is: points for its impact and for how long the case has been open.

To be fair to all, only the most pressing cases, or those under investigation for long, are
prioritised (002-12). It never refuses anything; the score and its parts stand in the receipt.
"""

from __future__ import annotations

from typing import Any, Final

from policies.entries import Triage
from schemas.vocabulary import BusinessImpact

WEEK: Final = 7 * 24 * 3600


def triage(
    policy: Triage, impact: BusinessImpact | None, elapsed_seconds: float | None
) -> dict[str, Any]:
    """The score, its parts, and whether the request goes first."""
    weeks = max(0, int((elapsed_seconds or 0) // WEEK))
    parts = {
        "impact": policy.impact.get(impact, 0) if impact else 0,
        "age": policy.each_week_open * min(weeks, policy.at_most_weeks),
    }
    score = sum(parts.values())
    return {
        "score": score,
        "parts": parts,
        "threshold": policy.prioritised_from,
        "prioritised": score >= policy.prioritised_from,
        "statement": policy.statement,
    }
