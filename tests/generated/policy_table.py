"""The policy table of the README, computed from ``decide``: nobody can change a policy
without this table changing in the same commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from schemas import reported
from schemas.codec import Reported
from schemas.decided import Duty, Rejected
from schemas.reported import Fact
from tests.spec import POLICIES, Given, given
from tests.stories import CASE, DAY, HOUR, NOON, commented, did, event, opened, person, requested

BEGIN, END = "<!-- policy table: begin -->", "<!-- policy table: end -->"
Situation = tuple[str, Callable[[str], Given], Callable[[], Reported]]
ASKED = NOON + 9 * HOUR
FRIDAY = NOON + timedelta(days=4, hours=3)
LEAD = person("lead", roles=["escalation-manager", "de-escalation-requester", "support-agent"])
BOTH = LEAD | {"roles": ["escalation-manager", "escalation-requester"]}
CONFIRMED: dict[str, Any] = {
    "action_plan_acceptable": True, "troubleshooting_on_track": True,
    "agreement_ref": "minutes-7", "cause_resolved": True,
}  # fmt: skip
COMPLETE = {
    "problem_statement_correct": True, "impact_described": True, "workaround_impractical": True,
    "milestone_identified": True,
}  # fmt: skip


def _asked(at: datetime = ASKED, request_id: str = "request-1", **but: Any) -> Reported:
    """A request that has everything any of the organisations wants."""
    everything = {
        "channel": "phone", "requested_by": person("customer", roles=["escalation-requester"]),
        "subject": "Orders", "description": "None is sent", "case_number": CASE,
        "business_impact": "major", "checklist": COMPLETE, "template": "case",
        "escalation_severity": "high",
    }  # fmt: skip
    return requested(at, request_id, **(everything | but))


def _account(**but: Any) -> Reported:
    data = _asked(template="account", **but).data.model_dump(mode="json", exclude_unset=True)
    fact = reported.AccountEscalationRequested.model_validate(data | {"case_ids": [CASE]})
    return event(fact, ASKED, subject="account/account-1")


def _case(*more: Reported, **but: object) -> Callable[[str], Given]:
    return lambda policy: given(opened(**but), *more, default=policy)  # type: ignore[arg-type]


def _did(kind: type[Fact], at: datetime = ASKED + HOUR, **data: Any) -> Reported:
    return did(kind, at, **({"by": LEAD} | data if "by" in kind.model_fields else data))


_REQUEST = _asked()
_ACK = _did(reported.EscalationAcknowledged)
_CALM = _did(reported.Deescalated, **CONFIRMED)
_CLOSED = _did(reported.Closed, resolution="patched")
_ASKED_BACK = _did(reported.InformationRequested)
_PLAN = _did(
    reported.CommunicationPlanAgreed, mode="email", frequency="PT8H", attendees=[person("customer")]
)
_IMPROVED = _did(reported.ImprovementIdentified, category="docs")


def _again() -> Reported:
    return _asked(ASKED + 2 * HOUR, "request-2")


def _approve(by: dict[str, Any]) -> Reported:
    return _did(reported.EscalationApproved, by=by, request_id="request-1")


def _said(body: str, at: datetime, **but: Any) -> Reported:
    return commented(body, at, **({"comment_id": "comment-1"} | but))


SITUATIONS: tuple[Situation, ...] = (
    ("complete request, nine hours after an S1 gold case was opened", _case(), _asked),
    ("complete request after one hour", _case(), lambda: _asked(NOON + HOUR)),
    ("request for a case never opened", lambda p: given(default=p), _asked),
    ("request for a closed case", _case(_CLOSED), _asked),
    ("request for a tier with no window", _case(tier="bronze"), _asked),
    ("request without reason and comments", _case(), lambda: _asked(reason=None, comments=None)),
    ("request without subject and business impact", _case(),
     lambda: _asked(subject=None, business_impact=None)),
    ("request by somebody without a role, no severity", _case(),
     lambda: _asked(requested_by=person("customer"), escalation_severity=None)),
    ("request by web form, nothing on the checklist", _case(),
     lambda: _asked(channel="form", checklist=None)),
    ("request that wants approval", _case(), lambda: _asked(template="case-approved")),
    ("… which its own requester approves",
     _case(_asked(template="case-approved", requested_by=BOTH)),
     lambda: _approve(LEAD)),
    ("… which a manager approves", _case(_asked(template="case-approved")), lambda: _approve(LEAD)),
    ("second request while escalated", _case(_REQUEST), _again),
    ("second request after de-escalation", _case(_REQUEST, _CALM), _again),
    ("account escalation", lambda p: given(default=p), _account),
    ("customer comments “escalation request, please”", _case(),
     lambda: _said("escalation request, please", ASKED)),
    ("customer comments “escalaton requst”", _case(), lambda: _said("escalaton requst", ASKED)),
    ("acknowledge", _case(_REQUEST), lambda: _ACK),
    ("acknowledge again", _case(_REQUEST, _ACK),
     lambda: _did(reported.EscalationAcknowledged, ASKED + DAY)),
    ("contact the customer", _case(_REQUEST), lambda: _did(reported.CustomerContacted)),
    ("ask the customer for information", _case(_REQUEST), lambda: _ASKED_BACK),
    ("… and the customer answers", _case(_REQUEST, _ASKED_BACK),
     lambda: _said("Here it is", ASKED + 2 * HOUR)),
    ("an agent comments", _case(_REQUEST),
     lambda: _said("Patched", ASKED + 2 * HOUR, author=person("agent"), author_role="agent")),
    ("raise to the team manager", _case(_REQUEST),
     lambda: _did(reported.LevelRaised, to="team-manager")),
    ("… by somebody without a role", _case(_REQUEST),
     lambda: did(reported.LevelRaised, ASKED + HOUR, to="team-manager")),
    ("raise two levels at once", _case(_REQUEST),
     lambda: _did(reported.LevelRaised, to="department-head")),
    ("agree a plan without attendees", _case(_REQUEST),
     lambda: _did(reported.CommunicationPlanAgreed, mode="email", frequency="PT8H", attendees=[])),
    ("change the contact", _case(_REQUEST),
     lambda: _did(reported.ContactChanged, contact=person("deputy"))),
    ("de-escalate, everything confirmed", _case(_REQUEST), lambda: _CALM),
    ("de-escalate, nothing confirmed, no role", _case(_REQUEST),
     lambda: did(reported.Deescalated, ASKED + HOUR)),
    ("close the case, resolved", _case(_REQUEST), lambda: _CLOSED),
    ("close the case after an improvement was named", _case(_REQUEST, _IMPROVED), lambda: _CLOSED),
    ("close the case after de-escalation", _case(_REQUEST, _CALM),
     lambda: _did(reported.Closed, ASKED + DAY, resolution="patched")),
)  # fmt: skip


def table() -> str:
    """Markdown: a row per situation, a column per shipped policy."""
    names = sorted(POLICIES.versions, key=_source)
    rows = [
        f"| what happens | {' | '.join(names)} |",
        f"| --- |{' --- |' * len(names)}",
        *(f"| {title} | {' | '.join(_answers(row, names))} |" for title, *row in SITUATIONS),
        f"| asked on Friday 15:00: due | {' | '.join(_due(name) for name in names)} |",
        f"| every 8 h agreed on Friday 15:00 | {' | '.join(_planned(p) for p in names)} |",
    ]
    return "\n".join(rows)


def _source(policy: str) -> str:
    """The order of the documents that the policies come from."""
    return POLICIES.versions[policy][0].rules[0].statement


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
    story = given(opened(FRIDAY - DAY), default=policy)
    return _named(story.when(_asked(FRIDAY)).then_accepted().duties)


def _planned(policy: str) -> str:
    story = given(opened(FRIDAY - DAY), _asked(FRIDAY - HOUR), default=policy)
    (first, *_) = story.when(replace(_PLAN, time=FRIDAY)).decisions
    return _named(first.duties)  # type: ignore[attr-defined]


def _named(duties: Sequence[Duty]) -> str:
    return "; ".join(f"{one.duty} {one.due_at:%A %H:%M}" for one in duties) or "·"


def readme(text: str) -> dict[str, str]:
    """The README with the table as the code has it now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return {"README.md": f"{before}{BEGIN}\n{table()}\n{END}{after}"}
