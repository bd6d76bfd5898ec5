"""Codes in words. Every code of a decision that a reader may meet has its sentence here.

A code that is not here (a newer decider's) is shown as it is, never swallowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from schemas.subject import subject_of
from schemas.vocabulary import parse_duration
from services.notifier.planning.clock import Clock
from services.notifier.planning.escalations import DutyState

ONCE: Final = "already-escalated, once"
REFUSALS: Final = {
    "case-unknown": "We do not know this case. Please check the case number and ask again.",
    "case-closed": "The case is closed. Please have it reopened, or open a new one.",
    "already-escalated": "It has been escalated already, and that escalation has not ended. Please "
    "add what is new in a comment instead.",
    ONCE: "This case has been escalated before, and that can be done only once.",
    "tier-not-covered": "Your support plan does not include the escalation of cases.",
    "too-early": "The waiting time for a case of this severity under your support plan has not "
    "passed yet.",
    "reason-missing": "The reason for escalating is missing.",
    "reason-not-offered": "The reason given is none of those that we offer.",
    "comments-missing": "The comments are missing. Please describe what you need, how the impact "
    "on your business changed, or where support fell short.",
    "subject-missing": "The subject is missing.",
    "description-missing": "The description is missing. Details help us to judge the request.",
    "case-number-missing": "The case number is missing, and without it a request cannot go on. "
    "You find it in your profile, where your requests are listed.",
    "business-impact-missing": "The impact on your business is missing: limited, moderate, major "
    "or critical.",
    "case-number-unknown": "The case number given belongs to another case.",
    "role-missing": "Your account does not have the role that is needed to ask for this.",
    "template-unknown": "The kind of escalation is none that is offered here.",
    "escalation-severity-missing": "The severity of the escalation is missing: high, medium or "
    "low.",
    "time-in-future": "The request is dated in the future. Please check the clock of the system "
    "that sent it.",
}
SUGGESTIONS: Final = {
    "add-a-reason": "Please add a comment that says why you escalate: it helps us to help you.",
    "ask-for-higher-severity": "As the impact grew and you need nobody besides the assigned "
    "engineer, asking for a higher severity in a comment may help you sooner.",
    "ask-in-a-comment": "As nothing has changed, an escalation may not be what helps: please ask "
    "for an update in a comment on the case.",
    "severity-may-not-match-impact": "The impact that you describe may not fit the severity of "
    "the case. If the severity should be another, please say so in a comment on the case.",
    "did-you-mean-escalation-request": "Your comment comes close to the words “escalation "
    "request”, but does not contain them. If you want to escalate the case, please add a comment "
    "with exactly these words and the reason. If not, there is nothing to do.",
    "complete-the-checklist": "Please check again that the problem is stated correctly, that its "
    "impact is described, whether a workaround is practical, and by which date you need it.",
    "phone-or-email-is-faster": "A call or a mail to the assigned engineer reaches us fastest.",
}
REASONS: Final = {
    "lack-of-communication": "lack of communication or response from support",
    "business-impact-or-deadline": "greater impact on the business, or a deadline comes closer",
    "management-request": "escalation by management: the expected quality of service was missed",
}
DUTIES: Final = {
    "first-contact": "first contact with the customer",
    "acknowledge": "acknowledging the escalation",
    "agent-update": "the agent's update to the customer",
    "team-update": "the team's update to the customer",
    "evaluate": "evaluation of the situation",
    "primary-contact": "naming a primary contact",
    "kickoff-call": "scheduling the kick-off call",
    "communication-plan": "agreeing a communication plan",
    "next-update": "the next update of the communication plan",
    "daily-status": "the daily status",
    "approval": "approval or refusal of the request",
}
LEVELS: Final = {
    "support": "support",
    "team-manager": "the team manager",
    "department-head": "the head of department",
    "executive": "the executive",
}


CHANNELS: Final = {
    "button": "the button on the case", "form": "form", "comment": "comment on the case",
    "phone": "telephone", "email": "mail", "related-link": "the link on the form", "api": "API",
}  # fmt: skip
OWING: Final = {
    "support-manager": "the support manager", "handling-agent": "the agent of the case",
    "team": "the team", "approvers": "whoever may approve", "management": "management",
}  # fmt: skip
SITUATIONS: Final = {
    "production-down": "production is down",
    "critical-impact": "critical impact on the business",
    "dissatisfaction": "not satisfied with how it is handled",
}
IMPACTS: Final = {
    "limited": "limited (little consequence)",
    "moderate": "moderate (slows work, does not stop it)",
    "major": "major (slows work considerably; a workaround exists)",
    "critical": "critical (work stops until it is resolved)",
}
UNCHECKED: Final = {
    "problem_statement_correct": "that the problem is stated correctly",
    "impact_described": "that its impact is described",
    "workaround_impractical": "that a workaround is impractical",
    "milestone_identified": "by which date it is needed",
}
NO_CASE: Final = ("case-unknown", "case-number-missing", "case-number-unknown")
"""Refusals after which nothing can be said of the case."""


def refusal(code: str, brief: Mapping[str, Any], form: Mapping[str, Any]) -> str:
    """Why not, with what may be chosen instead where something was not chosen well."""
    said = REFUSALS.get(code, f"A condition of the policy is not met ({code}).")
    if code == "already-escalated" and brief.get("once_only"):
        return REFUSALS[ONCE]
    if code in ("reason-missing", "reason-not-offered"):
        return said + _choice([reason(one) or one for one in brief.get("reasons", ())])
    if code == "template-unknown":
        given = form.get("template")
        named = f" ({given})" if given else ""
        return f"The kind of escalation{named} is none that is offered here." + _choice(
            brief.get("templates", ())
        )
    if code == "role-missing" and brief.get("roles"):
        return f"{said.removesuffix('.')}: {' or '.join(brief['roles'])}."
    return said


def _choice(offered: Iterable[str]) -> str:
    listed_ = "; ".join(offered)
    return f" Please choose one of these: {listed_}." if listed_ else ""


def said(sentences: Iterable[Mapping[str, Any]], suggestions: Iterable[str]) -> list[str]:
    """The policy's sentences, without those that a hint beside them says already."""
    hints = set(suggestions)
    return [one["text"] for one in sentences if not hints & set(one["unless"])]


def suggestion(code: str) -> str:
    return SUGGESTIONS.get(code, f"We suggest: {code.replace('-', ' ')}.")


def reason(code: str | None) -> str | None:
    return None if code is None else REASONS.get(code, code)


def duty(code: str) -> str:
    return DUTIES.get(code, code.replace("-", " "))


def level(code: str | None) -> str:
    return LEVELS.get(code or "", (code or "support").replace("-", " "))


def channel(code: str | None) -> str:
    return CHANNELS.get(code or "", code or "API")


def mode(code: str) -> str:
    return {"email": "mail", "phone": "telephone"}.get(code, code)


def period(iso: str) -> str:
    """A plan's frequency in words; as it is where it is none that we can read."""
    try:
        minutes = int(parse_duration(iso).total_seconds()) // 60
    except ValueError:
        return iso
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size and minutes % size == 0:
            number = minutes // size
            return unit if number == 1 else f"{number} {unit}s"
    return iso


def situations(codes: Iterable[str] | None) -> str:
    return listed(SITUATIONS.get(code, code) for code in codes or ())


def impact(code: str | None) -> str | None:
    return None if code is None else IMPACTS.get(code, code)


def listed(codes: Iterable[object] | None) -> str:
    return ", ".join(str(one) for one in codes or ())


def unchecked(names: Iterable[str]) -> str:
    """What a checklist leaves open, as the end of a sentence."""
    *others, last = [UNCHECKED.get(name, name) for name in names]
    return f"{', '.join(others)} and {last}" if others else last


def escalation_severity(facts: Mapping[str, Any]) -> str | None:
    """``high severity, shown in red``."""
    if not (severity := facts["escalation_severity"]):
        return None
    return f"{severity} severity" + (f", shown in {facts['colour']}" if facts["colour"] else "")


def owing(audience: str) -> str:
    return OWING.get(audience, audience.replace("-", " "))


def owed(one: DutyState, at: Clock, is_yours: bool) -> str:
    """What is owed, by when and by whom; how often it was missed."""
    if one.due_at is None:
        by_when = "paused until the customer answers"
    elif at.is_past(one.due_at):
        by_when = f"overdue since {at.show(one.due_at)}"
    else:
        by_when = f"by {at.show(one.due_at)}"
    whose = "" if is_yours else f", owed by {owing(one.owed_by)}"
    kind = "" if one.kind == "promise" else "; an expectation, not a promise"
    missed = (
        f"; missed {_times(one.missed_times)} so far" if one.repeats and one.missed_times else ""
    )
    return f"{duty(one.duty)}: {by_when}{whose}{kind}{missed}"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def miss_subject(brief: Mapping[str, Any]) -> str:
    """``Missed: evaluation of the situation``; an expectation is not called missed."""
    entries = brief["missed"]
    if len(entries) == 1 and not brief["more"]:
        promised = entries[0]["kind"] == "promise"
        return f"{'Missed' if promised else 'Not done yet'}: {duty(entries[0]['duty'])}"
    return f"Missed or not done yet: {len(entries) + brief['more']} duties"


def miss_opening(brief: Mapping[str, Any], place: str) -> str:
    where = f" on {place}" if place else ""
    if len(brief["missed"]) == 1 and not brief["more"]:
        kind = (
            "a duty was missed"
            if brief["missed"][0]["kind"] == "promise"
            else ("what is expected was not done in time")
        )
        return f"{kind}{where}:"
    return f"more was not done in time{where} since the last message:"


def miss(entry: Mapping[str, Any], state: DutyState | None, at: Clock) -> str:
    """What was due when, who owed it, and what can still be done."""
    said = f"{duty(entry['duty'])}: due on {at.show(entry['due_at'])}, owed by "
    said += owing(entry["owed_by"])
    if entry["kind"] == "expectation":
        said += "; an expectation, not a promise"
    if state is not None and state.missed_times > 1:
        said += f"; missed {_times(state.missed_times)} in a row"
    if not entry["repeats"]:
        return f"{said}. It can still be done, and is then shown as done late."
    if state is not None and state.is_open and state.due_at is not None:
        return f"{said}. The next one is due on {at.show(state.due_at)}."
    return f"{said}."


def capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def place(subject: str, number: str | None = None) -> str:
    """What a decision is about: a case, by the number that people know it by; an account; or a
    request that named neither."""
    kind, id_ = subject_of(subject)
    if kind == "case":
        return f"case {number or id_}"
    return f"account {id_}" if kind == "account" else ""
