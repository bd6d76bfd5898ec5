"""Each rule's answer as a sentence that a customer may read."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Any, Final, NamedTuple

from services.projections.review.wording import shown, words


class Sentence(NamedTuple):
    """A rule's answer when it is met, and when it is not."""

    met: str
    not_met: str


SENTENCES: Final = {
    "case-is-known": Sentence("We know the case.", "We have never seen this case opened."),
    "case-is-open": Sentence(
        "The case is open.", "The case is closed; it would have to be reopened first."
    ),
    "case-is-not-escalated-yet": Sentence(
        "Nothing else stands in the way: no other escalation of it counts.",
        "There is, or was, an escalation already ({actual}), and another one is not possible now.",
    ),
    "tier-is-covered": Sentence(
        "The support plan ({actual}) includes escalation.",
        "The support plan does not include escalation.",
    ),
    "window-has-passed": Sentence(
        "The waiting time was over: escalation was possible from {expected} on.",
        "It was too early: escalation is possible from {expected} on, and it was {actual}.",
    ),
    "reason-is-given": Sentence("A reason was given.", "No reason was given."),
    "reason-is-offered": Sentence(
        "The reason is one of those offered.", "The reason is none of those offered: {expected}."
    ),
    "comments-are-given": Sentence("Comments were given.", "The comments were missing."),
    "subject-is-given": Sentence("A subject was given.", "The subject was missing."),
    "description-is-given": Sentence("A description was given.", "The description was missing."),
    "case-number-is-given": Sentence(
        "The case number was given.",
        "The case number was missing; it stands in your profile, where your requests are listed.",
    ),
    "business-impact-is-given": Sentence(
        "The impact on the business was chosen.",
        "The impact on the business was missing: limited, moderate, major or critical.",
    ),
    "case-number-is-this-case": Sentence(
        "The case number is that of this case.", "The case number belongs to another case."
    ),
    "requester-has-the-role": Sentence(
        "Who asked has the role for it.", "Who asked does not have the role for it: {expected}."
    ),
    "template-is-offered": Sentence(
        "The template {actual} is one of those offered.",
        "The template is none of those offered: {expected}.",
    ),
    "escalation-severity-is-given": Sentence(
        "The severity of the escalation was given.",
        "The severity of the escalation was missing: high, medium or low.",
    ),
    "request-is-not-from-the-future": Sentence(
        "Its date is sound.", "It is dated in the future: {actual}."
    ),
}


ONLY_ONCE: Final = "The case was escalated before ({actual}), and that is possible only once."


def sentence(rule: dict[str, Any], once_only: bool = False, zone: tzinfo = UTC) -> str:
    """The answer of one rule of a receipt."""
    found = SENTENCES.get(rule["rule"])
    name = words(rule["rule"])
    if found is None:
        return name
    if rule["outcome"] == "not-applicable":
        return f"{name.capitalize()}: this could not be asked here."
    said = found.met if rule["outcome"] == "met" else found.not_met
    if once_only and said is SENTENCES["case-is-not-escalated-yet"].not_met:
        said = ONLY_ONCE
    return said.format(expected=shown(rule["expected"], zone), actual=shown(rule["actual"], zone))
