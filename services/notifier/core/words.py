"""Codes in words. Every code of a decision that a reader may meet has its sentence here.

A code that is not here (a newer decider's) is shown as it is, never swallowed.
"""

from __future__ import annotations

from typing import Final

REFUSALS: Final = {
    "case-unknown": "We do not know this case. Please check the case number.",
    "case-closed": "The case is closed. Please have it reopened, or open a new one.",
    "already-escalated": "This case has been escalated before, and that can be done only once.",
    "tier-not-covered": "Your support plan does not include the escalation of cases.",
    "too-early": "The waiting time for a case of this severity under your support plan has not "
    "passed yet.",
    "reason-missing": "No reason was chosen. Please choose the one that fits best.",
    "reason-not-offered": "The reason given is none of those that we offer. Please choose one of "
    "the list.",
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
    "template-unknown": "The kind of escalation that was chosen does not exist.",
    "escalation-severity-missing": "The severity of the escalation is missing: high, medium or "
    "low.",
    "time-in-future": "The request is dated in the future. Please check the clock of the system "
    "that sent it.",
}
SUGGESTIONS: Final = {
    "add-a-reason": "Please add a comment that says why you escalate: it helps us to help you.",
    "ask-for-higher-severity": "As the impact grew and you need nobody besides the assigned "
    "engineer, asking for a higher severity in a comment may help you sooner.",
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


def refusal(code: str) -> str:
    return REFUSALS.get(code, f"A condition of the policy is not met ({code}).")


def suggestion(code: str) -> str:
    return SUGGESTIONS.get(code, f"We suggest: {code.replace('-', ' ')}.")


def reason(code: str | None) -> str | None:
    return None if code is None else REASONS.get(code, code)


def duty(code: str) -> str:
    return DUTIES.get(code, code.replace("-", " "))


def level(code: str | None) -> str:
    return LEVELS.get(code or "", (code or "support").replace("-", " "))


def place(subject: str) -> str:
    """What a decision is about: a case, an account, or a request that named neither."""
    kind, slash, rest = subject.partition("/")
    if not slash:
        return f"case {subject}"
    return f"account {rest}" if kind == "account" else ""
