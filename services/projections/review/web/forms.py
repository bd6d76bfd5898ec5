"""The forms of the page: what each asks, and the one event that it becomes.

An action is a reported event; what a policy requires is decided by its rules, never here. The
guidance beside a form is that of the sources (000-07 to 000-17, 002-08, 003-06 to 003-14).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from policies.model import Policy
from schemas.codes import in_words
from services.projections.review.times import instant

Choices = tuple[tuple[str, str], ...]
IMPACTS: Final[Choices] = (
    ("limited", "Limited: little consequence, superficial"),
    ("moderate", "Moderate: slows work and does not stop it"),
    ("major", "Major: slows work considerably; there is a workaround"),
    ("critical", "Critical: work stops until this is resolved"),
)
FREQUENCIES: Final[Choices] = (
    ("PT1H", "every hour"), ("PT2H", "every 2 hours"), ("PT4H", "every 4 hours"),
    ("PT8H", "every 8 hours"), ("PT12H", "every 12 hours"), ("P1D", "every day"),
    ("P2D", "every 2 days"), ("P7D", "every week"),
)  # fmt: skip
MODES: Final[Choices] = (("email", "e-mail"), ("phone", "telephone"), ("conference", "conference"))
CHECKLIST: Final = (
    ("problem_statement_correct", "The problem statement is correct"),
    ("impact_described", "The business impact is described accurately"),
    ("workaround_impractical", "A workaround, if there is one, is impractical"),
    ("milestone_identified", "A critical milestone date is identified"),
)

OF_WINDOWS: Final = (
    ("impact_changed", "The impact changed significantly"),
    ("needs_other_than_assigned", "Somebody besides the assigned engineer is needed"),
    ("only_escalation_helps", "Only an escalation can resolve it"),
)


@dataclass(frozen=True)
class Field:
    """One question. ``kind`` is text, words (several lines), choice, tick, date, person (an id),
    people (ids, one a line) or items (one a line)."""

    name: str
    label: str
    kind: str = "text"
    choices: Choices = ()
    hint: str = ""
    needed: bool = False


@dataclass(frozen=True)
class Action:
    """``event`` is the reported event that it becomes. ``is_final``: what it does cannot be
    undone, which its page says."""

    code: str
    event: str
    title: str
    button: str
    fields: tuple[Field, ...] = ()
    statuses: frozenset[str] = frozenset({"escalated", "acknowledged", "monitored"})
    is_final: str = ""
    of_row: Callable[[Mapping[str, Any]], dict[str, Any]] = field(default=lambda _: {})


_NOTE: Final = Field("note", "Note", "words")
_RUNNING: Final = frozenset({"escalated", "acknowledged"})


def _of_request(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"request_id": row["request_id"]}


ACTIONS: Final = {
    one.code: one
    for one in (
        Action("acknowledge", "escalation-acknowledged", "Acknowledge", "Acknowledge", (_NOTE,),
               frozenset({"escalated"})),
        Action("approve", "escalation-approved", "Approve the request", "Approve",
               (Field("reason", "Reason", "words"),), frozenset({"awaiting-approval"}),
               of_row=_of_request),
        Action("decline", "escalation-declined", "Decline the request", "Decline",
               (Field("reason", "Reason", "words", needed=True),),
               frozenset({"awaiting-approval"}),
               "The request ends here, and whoever asked is told why.", _of_request),
        Action("attempt", "contact-attempted", "Record an attempt to reach the customer", "Record",
               (Field("mode", "How", "choice", MODES),
                Field("outcome", "What came of it", "words"))),
        Action("contact", "customer-contacted", "Record a contact with the customer", "Record",
               (Field("mode", "How", "choice", MODES),
                Field("next_steps", "Next steps that were agreed", "words"))),
        Action("ask", "information-requested", "Ask the customer for information", "Record",
               (Field("what", "What was asked for", "words"),)),
        Action("evaluate", "escalation-evaluated", "Evaluate", "Record",
               (Field("resources", "Resources that are needed (one a line)", "items"),
                Field("skills", "Skills that are asked for (one a line)", "items"),
                Field("process_correction", "What of the process was corrected", "words"))),
        Action("primary-contact", "primary-contact-assigned", "Name the primary contact", "Name",
               (Field("contact", "Who leads it (id)", "person", needed=True),
                Field("skills", "Skills (one a line)", "items"))),
        Action("kickoff", "kickoff-call-scheduled", "Schedule the kickoff call", "Schedule",
               (Field("at", "When", hint="With its offset, such as 2026-11-25T15:00:00+01:00.",
                      needed=True),
                Field("attendees", "Who takes part (ids, one a line)", "people"))),
        Action("communication-plan", "communication-plan-agreed", "Agree a communication plan",
               "Agree",
               (Field("mode", "How", "choice", MODES, needed=True),
                Field("frequency", "How often", "choice", FREQUENCIES, needed=True),
                Field("attendees", "Who attends (ids, one a line)", "people", needed=True),
                Field("agreed_with", "Agreed with (id)", "person"))),
        Action("update", "update-given", "Give an update", "Record",
               (Field("audience", "For", "choice",
                      (("customer", "the customer"), ("internal", "people inside"))),
                Field("mode", "How", "choice", MODES),
                Field("attendees", "Who was there (ids, one a line)", "people"), _NOTE)),
        Action("plan", "action-plan-shared", "Share an action plan", "Share",
               (Field("plan", "The plan", "words", needed=True), Field("version", "Its version"))),
        Action("trend", "trend-set", "Note the trend", "Note",
               (Field("trend", "It is", "choice",
                      (("improving", "improving"), ("same", "the same"),
                       ("declining", "declining")), needed=True),)),
        Action("raise", "level-raised", "Raise to the next level", "Raise",
               (Field("to", "To", "choice",
                      (("team-manager", "team manager"), ("department-head", "department head"),
                       ("executive", "executive")), needed=True),
                Field("why", "Why", "words")), _RUNNING),
        Action("de-escalate", "de-escalated", "De-escalate", "De-escalate",
               (Field("action_plan_acceptable", "The action plan is acceptable", "tick"),
                Field("troubleshooting_on_track", "Troubleshooting is on track", "tick"),
                Field("agreement_ref", "Where the agreement is documented"),
                Field("cause_resolved", "The cause is resolved", "tick"),
                Field("reason", "Reason", "words")), _RUNNING),
        Action("void", "escalation-voided", "Void", "Void",
               (Field("reason", "Why", "choice",
                      (("unrelated-case", "it is about another case"),
                       ("exception-request", "it asks for an exception to the process"),
                       ("entered-by-mistake", "it was entered by mistake")), needed=True),),
               is_final="The escalation counts as never wanted, and whatever is owed is dropped."),
        Action("improvement", "improvement-identified", "Name an improvement", "Name",
               (Field("category", "Kind of improvement", needed=True), Field("link", "Link"),
                _NOTE)),
        Action("waive", "improvement-waived", "Waive the improvement", "Waive",
               (Field("reason", "Why none is named", "words", needed=True),)),
    )
}  # fmt: skip
"""What may be done about an escalation."""

SIGN_OFF: Final = Action(
    "sign-off", "review-signed-off", "Sign the review off", "Sign off", (_NOTE,)
)


def knows_that_it_ends(at: datetime | None) -> Field:
    """What somebody ticks who signs off a day of which not everything can be seen."""
    until = "nothing was ever read" if at is None else f"the data ends at {instant(at)}"
    return Field("knows", f"I know that {until}", "tick", needed=True)


@dataclass(frozen=True)
class Guidance:
    """When to escalate, and when not to."""

    when: tuple[str, ...] = ()
    when_not: tuple[str, ...] = ()


_OF_GATED: Final = Guidance(
    ("The impact changed significantly, and somebody besides the assigned engineer is needed.",
     "The expected quality of service was missed, and only an escalation can resolve it.",
     "The issue blocks the use of the product, and there are no clear next steps.",
     "Several updates were asked for in comments, and nobody replied."),
    ("An update is wanted and nothing else changed: ask in a comment.",
     "An exception to the normal process is wanted: ask in a comment.",
     "It is about an issue unrelated to this case: that slows the response; escalate that case.",
     "The impact grew and the assigned engineer can deal with it: ask for a higher severity."),
)  # fmt: skip
_OF_LED: Final = Guidance(
    ("Production goes down during an upgrade or another change.",
     "A critical business impact has to reach support management.",
     "You are dissatisfied with responsiveness or with the resolution."),
    ("Telephone or e-mail reaches the right people sooner than this form.",),
)  # fmt: skip


def guidance(policy: Policy) -> Guidance:
    """What the source of a policy says about when to ask."""
    if "complete-the-checklist" in policy.suggestions:
        return _OF_LED
    return _OF_GATED if policy.windows else Guidance()


def request_fields(policy: Policy) -> tuple[Field, ...]:
    """The questions that a policy's rules ask about a request; each once."""
    asked = {entry.rule for entry in policy.rules}
    found = [Field("comments", "Comments", "words",
                   hint="What is needed, how the impact changed, where support fell short.",
                   needed="comments-are-given" in asked)]  # fmt: skip
    if policy.reasons:
        choices = tuple((one, in_words(one).capitalize()) for one in policy.reasons)
        found.insert(0, Field("reason", "Reason", "choice", choices, "Pick the best match.", True))
    if any("business-impact" in rule for rule in asked):
        found = [Field("case_number", "Case number", needed=True),
                 Field("subject", "Subject", needed=True),
                 Field("description", "Description", "words", needed=True),
                 Field("business_impact", "Business impact", "choice", IMPACTS, needed=True),
                 Field("reason", "Reason for escalating", "words", needed=True)]  # fmt: skip
    if policy.templates:
        names = tuple((one, in_words(one)) for one in policy.templates if "account" not in one)
        grades = (("high", "High (red)"), ("medium", "Medium (orange)"), ("low", "Low"))
        found = [Field("template", "Kind", "choice", names, needed=True),
                 Field("escalation_severity", "Severity of the escalation", "choice", grades,
                       needed=True), *found]  # fmt: skip
    if "complete-the-checklist" in policy.suggestions:
        found += [Field(name, label, "tick") for name, label in CHECKLIST]
        found.append(Field("milestone_date", "Milestone date", "date"))
    if policy.windows:
        found += [Field(name, label, "tick") for name, label in OF_WINDOWS]
    return tuple(found)


def data_of(fields: tuple[Field, ...], form: Mapping[str, str]) -> dict[str, Any]:
    """What was filled in, as the event has it; what was left blank is left out."""
    found: dict[str, Any] = {}
    for one in fields:
        given = form.get(one.name, "").strip()
        if one.kind == "tick":
            found[one.name] = bool(given)
        elif given and one.kind in ("people", "items"):
            lines = [line.strip() for line in given.splitlines() if line.strip()]
            found[one.name] = lines if one.kind == "items" else [{"id": id_} for id_ in lines]
        elif given and one.kind == "person":
            found[one.name] = {"id": given}
        elif given:
            found[one.name] = given
    ticks = {name for name, _ in CHECKLIST} & found.keys()
    if ticks:
        found["checklist"] = {name: found.pop(name) for name in sorted(ticks)}
    return found


def missing(fields: tuple[Field, ...], form: Mapping[str, str]) -> dict[str, str]:
    """What must not be left blank, by field."""
    return {
        one.name: f"{one.label}: please answer this"
        for one in fields
        if one.needed and not form.get(one.name, "").strip()
    }
