"""The policy table of the README, computed from ``decide``: nobody can change a policy
without this table changing in the same commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from schemas import reported
from schemas.codec import Reported
from schemas.decided import Rejected
from tests.spec import POLICIES, Given, given
from tests.stories import DAY, HOUR, NOON, commented, did, opened, person, requested

BEGIN, END = "<!-- policy table: begin -->", "<!-- policy table: end -->"
Situation = tuple[str, Callable[[str], Given], Callable[[], Reported]]
ASKED = NOON + 9 * HOUR


def _case(*more: Reported, **but: object) -> Callable[[str], Given]:
    return lambda policy: given(opened(**but), *more, default=policy)  # type: ignore[arg-type]


_REQUEST = requested(ASKED)
_ACK = did(reported.EscalationAcknowledged, ASKED + HOUR)
_CALM = did(reported.Deescalated, ASKED + HOUR)
_CLOSED = did(reported.Closed, ASKED + HOUR)


def _again() -> Reported:
    return requested(ASKED + 2 * HOUR, "request-2")


SITUATIONS: tuple[Situation, ...] = (
    ("request, nine hours after an S1 gold case was opened", _case(), lambda: requested(ASKED)),
    ("request after one hour", _case(), lambda: requested(NOON + HOUR)),
    ("request for a case never opened", lambda p: given(default=p), lambda: requested(ASKED)),
    ("request for a closed case", _case(_CLOSED), _again),
    ("request for a tier with no window", _case(tier="bronze"), lambda: requested(ASKED)),
    ("request without reason and comments", _case(),
     lambda: requested(ASKED, reason=None, comments=None)),
    ("second request while escalated", _case(_REQUEST), _again),
    ("second request after de-escalation", _case(_REQUEST, _CALM), _again),
    ("customer comments “escalation request, please”", _case(),
     lambda: commented("escalation request, please", ASKED)),
    ("customer comments “escalaton requst”", _case(), lambda: commented("escalaton requst", ASKED)),
    ("acknowledge", _case(_REQUEST), lambda: _ACK),
    ("acknowledge again", _case(_REQUEST, _ACK),
     lambda: did(reported.EscalationAcknowledged, ASKED + DAY)),
    ("contact the customer", _case(_REQUEST),
     lambda: did(reported.CustomerContacted, ASKED + HOUR)),
    ("raise to the team manager", _case(_REQUEST),
     lambda: did(reported.LevelRaised, ASKED + HOUR, to="team-manager")),
    ("raise two levels at once", _case(_REQUEST),
     lambda: did(reported.LevelRaised, ASKED + HOUR, to="department-head")),
    ("agree a plan without attendees", _case(_REQUEST),
     lambda: did(reported.CommunicationPlanAgreed, ASKED + HOUR, mode="email", frequency="PT8H",
                 attendees=[])),
    ("change the contact", _case(_REQUEST),
     lambda: did(reported.ContactChanged, ASKED + HOUR, contact=person("deputy"))),
    ("de-escalate", _case(_REQUEST), lambda: _CALM),
    ("close the case", _case(_REQUEST), lambda: _CLOSED),
    ("close the case after de-escalation", _case(_REQUEST, _CALM),
     lambda: did(reported.Closed, ASKED + DAY)),
)  # fmt: skip


def table() -> str:
    """Markdown: a row per situation, a column per shipped policy."""
    names = sorted(POLICIES.versions, key=lambda name: name != POLICIES.default)
    rows = [
        f"| what happens | {' | '.join(names)} |",
        f"| --- |{' --- |' * len(names)}",
        *(f"| {title} | {' | '.join(_answers(row, names))} |" for title, *row in SITUATIONS),
        f"| first contact is due | {' | '.join(_due(name) for name in names)} |",
    ]
    return "\n".join(rows)


def _answers(row: Sequence[object], names: list[str]) -> list[str]:
    story, event = row
    return [_answer(story(name), event()) for name in names]  # type: ignore[operator]


def _answer(story: Given, event: Reported) -> str:
    found = []
    for decision in story.when(event).decisions:
        codes = [refusal.code for refusal in getattr(decision, "refusals", [])]
        hints = getattr(decision, "suggestions", [])
        word = f"**{decision.name}**" if isinstance(decision, Rejected) else decision.name
        found.append(f"{word}: {', '.join([*codes, *hints])}" if codes or hints else word)
    return "; ".join(found) or "·"


def _due(policy: str) -> str:
    friday = NOON + timedelta(days=4, hours=3)
    story = given(opened(friday - DAY), default=policy)
    accepted = story.when(requested(friday)).then_accepted()
    due = accepted.duties[0].due_at
    assert due is not None
    return f"asked Friday 15:00: {due:%A %H:%M}"


def readme(text: str) -> dict[str, str]:
    """The README with the table as the code has it now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return {"README.md": f"{before}{BEGIN}\n{table()}\n{END}{after}"}
