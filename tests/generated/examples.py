"""One example per event, as it stands on the wire. Decided ones come out of the decider."""

from __future__ import annotations

import json

from schemas.codec import write
from services.escalation.core.case import Case, Moment
from services.escalation.core.decider import apply, fire
from services.escalation.decider import outgoing
from tests.generated.story import story
from tests.spec import POLICIES


def examples() -> dict[str, str]:
    """Committed path to text: every reported event of the story, and what was decided."""
    found: dict[str, str] = {}
    cases: dict[str, Case] = {}
    for offset, event in enumerate(story()):
        found.setdefault(_path(event.type), _pretty(write(event)))
        now = Moment(event.time, event.time, event.time)
        case = cases.get(event.subject, Case())
        late, missed = fire(case, event.subject, POLICIES, now)
        if missed is not None:
            over = outgoing.overdue(event.subject, missed, late, (0, offset))  # type: ignore[arg-type]
            found.setdefault(_path(over.type), _pretty(write(over)))
        case, decisions = apply(late, event, POLICIES, now)
        cases[event.subject] = case
        for decision in decisions:
            envelope = outgoing.caused(event, decision, case, (0, offset))
            found.setdefault(_path(envelope.type), _pretty(write(envelope)))
    return found


def _path(type_: str) -> str:
    return f"schemas/examples/{type_}.json"


def _pretty(written: bytes) -> str:
    return json.dumps(json.loads(written), indent=2, ensure_ascii=False) + "\n"
