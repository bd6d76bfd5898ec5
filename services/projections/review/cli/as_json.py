"""The review for machines: everything that the tables show."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from services.projections.review.questions.daily_review import Board


def as_dict(board: Board) -> dict[str, Any]:
    """The review as JSON has it."""
    period = board.scope.period
    codes = Counter(code for row in board.rejections for code in row["codes"])
    return {
        "as_of": board.now,
        "since": period.since,
        "zone": str(period.zone),
        "team": board.scope.team,
        "counts": board.counts,
        "open": [*board.overdue, *board.running, *board.watched],
        "by_person": board.by_person(),
        "changes": {
            kind: [one.as_dict() for one in found] for kind, found in board.changes.items()
        },
        "rejected": {
            "requests": len(board.rejections),
            "by_code": dict(codes.most_common()),
            "rows": board.rejections,
        },
        "not_told": board.not_told,
        "data_as_of": board.data_as_of,
    }


def dumps(value: Any) -> str:
    """JSON without anything that a terminal would obey; instants as RFC 3339."""
    text = json.dumps(value, indent=2, default=_written)
    return text.replace("\x7f", "\\u007f")


def _written(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
