"""What mails say about the codes of a decision: ``schemas/codes.py`` says what each means.

A code that is not there (a newer decider's) is shown as it is, never swallowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from schemas import codes
from schemas.subject import subject_of
from schemas.vocabulary import parse_duration
from services.notifier.planning.clock import Clock
from services.notifier.planning.escalations import DutyState

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
    if code == "already-escalated" and brief.get("once_only"):
        return codes.ONCE_ONLY.customer
    meaning = codes.REFUSALS.get(code)
    said = meaning.customer if meaning else f"A condition of the policy is not met ({code})."
    if code in ("reason-missing", "reason-not-offered"):
        return said + _choice([reason(one) or one for one in brief.get("reasons", ())])
    if code == "template-unknown":
        given = form.get("template")
        named = f" ({given})" if given else ""
        return f"The kind of escalation{named} is not one that is offered here." + _choice(
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
    meaning = codes.SUGGESTIONS.get(code)
    return meaning.customer if meaning else f"We suggest: {codes.in_words(code)}."


def reason(code: str | None) -> str | None:
    return None if code is None else codes.REASONS.get(code, code)


def duty(code: str) -> str:
    return codes.DUTIES.get(code, codes.in_words(code))


def level(code: str | None) -> str:
    return codes.LEVELS.get(code or "support", codes.in_words(code))


def channel(code: str | None) -> str:
    return codes.CHANNELS.get(code or "api", code or "")


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


def situations(named: Iterable[str] | None) -> str:
    return listed(codes.SITUATIONS.get(code, code) for code in named or ())


def impact(code: str | None) -> str | None:
    """``major (slows work considerably; a workaround exists)``."""
    meaning = codes.IMPACTS.get(code or "")
    return f"{code} ({meaning})" if meaning else code


def listed(named: Iterable[object] | None) -> str:
    return ", ".join(str(one) for one in named or ())


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
    return codes.OWING.get(audience, codes.in_words(audience))


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
