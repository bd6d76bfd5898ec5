"""Every code that a decision may hold, and what it means: for the customer, for support, for an
auditor.

One entry a code. Mails, commands, explanations of policies and ``docs/codes.md`` read it here, so
that three readers of one decision get one meaning. ``make check`` fails for a code without entry.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Meaning(NamedTuple):
    """``customer``: a sentence to whoever asked. ``support``: a phrase within a sentence.
    ``auditor``: what exactly holds."""

    customer: str
    support: str
    auditor: str


REFUSALS: Final[dict[str, Meaning]] = {
    "case-unknown": Meaning(
        "We do not know this case. Please check the case number and ask again.",
        "we have never seen this case opened",
        "no `opened` of the case comes before the request in its partition",
    ),
    "case-closed": Meaning(
        "The case is closed. Please have it reopened, or open a new one.",
        "the case is closed",
        "the latest of `closed` and `reopened` before the request is `closed`",
    ),
    "already-escalated": Meaning(
        "It has been escalated already, and that escalation has not ended. Please add what is new "
        "in a comment instead.",
        "another escalation of it is requested, running or watched",
        "an escalation of the case awaits approval, runs or is monitored; under a policy that "
        "allows one a case, one was ever accepted and not voided with its right restored",
    ),
    "tier-not-covered": Meaning(
        "Your support plan does not include the escalation of cases.",
        "the customer's tier has no escalation window",
        "the policy has no window for the tier of the case",
    ),
    "too-early": Meaning(
        "The waiting time for a case of this severity under your support plan has not passed yet.",
        "it is too early after the case was opened",
        "the request's time lies before the first opening plus the window of severity and tier",
    ),
    "reason-missing": Meaning(
        "The reason for escalating is missing.",
        "no reason was chosen",
        "`reason` is absent, null or blank",
    ),
    "reason-not-offered": Meaning(
        "The reason given is not one of those we offer.",
        "the reason is not one of those offered",
        "`reason` is not in the policy's list",
    ),
    "comments-missing": Meaning(
        "The comments are missing. Please describe what you need, how the impact on your business "
        "changed, or where support fell short.",
        "the comments are empty",
        "`comments` is absent, null or blank",
    ),
    "subject-missing": Meaning(
        "The subject is missing.", "the subject is empty", "`subject` is absent, null or blank"
    ),
    "description-missing": Meaning(
        "The description is missing. Details help us to judge the request.",
        "the description is empty",
        "`description` is absent, null or blank",
    ),
    "case-number-missing": Meaning(
        "The case number is missing, and without it a request cannot go on. You find it in your "
        "profile, where your requests are listed.",
        "no case number was given",
        "`case_number` is absent, null or blank",
    ),
    "business-impact-missing": Meaning(
        "The impact on your business is missing: limited, moderate, major or critical.",
        "no business impact was chosen",
        "`business_impact` is absent, null or blank",
    ),
    "case-number-unknown": Meaning(
        "The case number given belongs to another case.",
        "the case number names another case",
        "`case_number`, trimmed, is not the number of the case that the request is about",
    ),
    "role-missing": Meaning(
        "Your account does not have the role that is needed to ask for this.",
        "the person does not have the role for it",
        "none of the roles that the policy asks for is among those of the person",
    ),
    "template-unknown": Meaning(
        "The kind of escalation is not one that is offered here.",
        "the template is not known",
        "`template` is absent, not in the policy, or of the other kind (case, account)",
    ),
    "escalation-severity-missing": Meaning(
        "The severity of the escalation is missing: high, medium or low.",
        "no escalation severity was chosen",
        "`escalation_severity` is absent, null or blank",
    ),
    "time-in-future": Meaning(
        "The request is dated in the future. Please check the clock of the system that sent it.",
        "its time lies in the future",
        "the request's time lies more than five minutes after its record's timestamp",
    ),
    "not-escalated": Meaning(
        "There is no escalation for which this can be done.",
        "there is no escalation that allows it",
        "no escalation, another one than the current, or one in a status that does not allow it",
    ),
    "already-acknowledged": Meaning(
        "Somebody has acknowledged it already.",
        "somebody has acknowledged it already",
        "the escalation's status is acknowledged",
    ),
    "level-not-next": Meaning(
        "Levels are raised one at a time.",
        "levels are raised one at a time",
        "`to` is not the next level of the policy's ladder",
    ),
    "plan-invalid": Meaning(
        "A communication plan needs a frequency from 15 minutes to 366 days and somebody who "
        "attends.",
        "the plan needs a frequency from 15 minutes to 366 days and somebody attending",
        "`frequency` is below PT15M or above P366D, or `attendees` is empty",
    ),
    "action-plan-not-acceptable": Meaning(
        "The action plan is not confirmed as acceptable.",
        "the action plan is not confirmed as acceptable",
        "`action_plan_acceptable` is not true",
    ),
    "troubleshooting-not-on-track": Meaning(
        "Troubleshooting is not confirmed to be on track.",
        "troubleshooting is not confirmed to be on track",
        "`troubleshooting_on_track` is not true",
    ),
    "agreement-not-documented": Meaning(
        "It is not documented where the customer agreed.",
        "the customer's agreement is not documented",
        "`agreement_ref` is absent or blank",
    ),
    "cause-not-resolved": Meaning(
        "The cause is not resolved.", "the cause is not resolved", "`cause_resolved` is not true"
    ),
    "self-approval": Meaning(
        "Nobody approves a request of their own.",
        "nobody approves a request of their own",
        "the ids of approver and requester are equal, trimmed and in one case",
    ),
    "unrelated-account": Meaning(
        "The case belongs to another account.",
        "the case belongs to another account",
        "the case's `account_id` is not the account's id",
    ),
}
ONCE_ONLY: Final = Meaning(
    "This case has been escalated before, and that can be done only once.",
    "it was escalated before, and that is possible only once",
    "under a policy that allows one escalation a case, one was ever accepted",
)
"""``already-escalated`` under a policy that allows one escalation a case."""

SUGGESTIONS: Final[dict[str, Meaning]] = {
    "add-a-reason": Meaning(
        "Please add a comment that says why you escalate: it helps us to help you.",
        "adding the reason in a comment speeds it up",
        "the comment holds nothing but the phrase",
    ),
    "ask-for-higher-severity": Meaning(
        "As the impact grew and you need nobody besides the assigned engineer, asking for a higher "
        "severity in a comment may help you sooner.",
        "asking for a higher severity in a comment may serve better",
        "`impact_changed` is true and `needs_other_than_assigned` is not",
    ),
    "ask-in-a-comment": Meaning(
        "As nothing has changed, an escalation may not be what helps: please ask for an update in "
        "a comment on the case.",
        "asking for an update in a comment may serve better",
        "all three questions are answered with no, and no customer's comment waits",
    ),
    "severity-may-not-match-impact": Meaning(
        "The impact that you describe may not fit the severity of the case. If the severity should "
        "be another, please say so in a comment on the case.",
        "the stated impact and the severity of the case may not fit",
        "severity S3 or S4 with major or critical impact, or S1 with limited impact",
    ),
    "did-you-mean-escalation-request": Meaning(
        "Your comment comes close to the words “escalation request”, but does not contain them. If "
        "you want to escalate the case, please add a comment with exactly these words and the "
        "reason. If not, there is nothing to do.",
        "did you mean “escalation request”?",
        "two neighbouring words of the comment are within two letters of the phrase",
    ),
    "complete-the-checklist": Meaning(
        "Please check again that the problem is stated correctly, that its impact is described, "
        "whether a workaround is practical, and by which date you need it.",
        "problem, impact, workaround and milestone date are worth a check",
        "one of the four entries of `checklist` is not true",
    ),
    "phone-or-email-is-faster": Meaning(
        "A call or a mail to the assigned engineer reaches us fastest.",
        "a call or a mail to the assigned engineer is faster",
        "the channel is one of the policy's web channels",
    ),
}


class RuleMeaning(NamedTuple):
    """``asks``: what the rule demands. ``met`` and ``not_met``: its answer. In braces stand the
    values of the policy or of the receipt."""

    asks: str
    met: str
    not_met: str


RULES: Final[dict[str, RuleMeaning]] = {
    "case-is-known": RuleMeaning(
        "The case must have been opened.",
        "We know the case.",
        "We have never seen this case opened.",
    ),
    "case-is-open": RuleMeaning(
        "The case must be open.",
        "The case is open.",
        "The case is closed; it would have to be reopened first.",
    ),
    "case-is-not-escalated-yet": RuleMeaning(
        "It must not be escalated already{once}.",
        "Nothing else stands in the way: no other escalation of it counts.",
        "There is, or was, an escalation already ({actual}), and another one is not possible now.",
    ),
    "tier-is-covered": RuleMeaning(
        "The customer's tier must be one of: {tiers}.",
        "The support plan ({actual}) includes escalation.",
        "The support plan does not include escalation.",
    ),
    "window-has-passed": RuleMeaning(
        "Enough time must have passed since the case was opened:{windows}.",
        "The waiting time was over: escalation was possible from {expected} on.",
        "It was too early: escalation is possible from {expected} on, and it was {actual}.",
    ),
    "reason-is-given": RuleMeaning(
        "A reason must be given.", "A reason was given.", "No reason was given."
    ),
    "reason-is-offered": RuleMeaning(
        "The reason must be one of: {reasons}.",
        "The reason is one of those offered.",
        "The reason is not one of those offered: {expected}.",
    ),
    "comments-are-given": RuleMeaning(
        "Comments must be given.", "Comments were given.", "The comments were missing."
    ),
    "subject-is-given": RuleMeaning(
        "A subject must be given.", "A subject was given.", "The subject was missing."
    ),
    "description-is-given": RuleMeaning(
        "A description must be given.",
        "A description was given.",
        "The description was missing.",
    ),
    "case-number-is-given": RuleMeaning(
        "The case number must be given.",
        "The case number was given.",
        "The case number was missing; it is in your profile, where your requests are listed.",
    ),
    "business-impact-is-given": RuleMeaning(
        "The impact on the business must be given.",
        "The impact on the business was chosen.",
        "The impact on the business was missing: limited, moderate, major or critical.",
    ),
    "case-number-is-this-case": RuleMeaning(
        "The case number must be that of the case itself.",
        "The case number is that of this case.",
        "The case number belongs to another case.",
    ),
    "requester-has-the-role": RuleMeaning(
        "Whoever asks must have the role {roles}.",
        "Whoever asked has the role for it.",
        "Whoever asked does not have the role for it: {expected}.",
    ),
    "template-is-offered": RuleMeaning(
        "The template must be one of: {templates}.",
        "The template {actual} is one of those offered.",
        "The template is not one of those offered: {expected}.",
    ),
    "escalation-severity-is-given": RuleMeaning(
        "The severity of the escalation must be given.",
        "The severity of the escalation was given.",
        "The severity of the escalation was missing: high, medium or low.",
    ),
    "request-is-not-from-the-future": RuleMeaning(
        "The request must not be dated in the future.",
        "Its date is sound.",
        "It is dated in the future: {actual}.",
    ),
}

ONLY_ONCE: Final = "The case was escalated before ({actual}), and that is possible only once."
"""How ``case-is-not-escalated-yet`` is answered where the policy allows one escalation a case."""

DUTIES: Final[dict[str, str]] = {
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
"""Duties of the shipped policies, as the object of "owes"; another policy's duty is called by its
name."""
STATUSES: Final[dict[str, str]] = {
    "awaiting-approval": "waits for an approver",
    "escalated": "escalated, and nobody has acknowledged it yet",
    "acknowledged": "escalated and acknowledged",
    "monitored": "de-escalated or closed, and still watched",
    "ended": "over",
    "voided": "taken back: it should not have been made",
    "declined": "declined by an approver, or closed before one answered",
}
ENDS: Final[dict[str, str]] = {
    "closed": "the case was closed",
    "resolved": "the case was closed as resolved",
    "de-escalated": "it was de-escalated, and nothing is watched after that",
}
LEVELS: Final[dict[str, str]] = {
    "support": "support",
    "team-manager": "the team manager",
    "department-head": "the head of department",
    "executive": "the executive",
}
RULE_OUTCOMES: Final[dict[str, str]] = {
    "met": "yes",
    "not-met": "NO",
    "not-applicable": "not asked",
}
DUTY_OUTCOMES: Final[dict[str, str]] = {
    "open": "not due yet, or not decided yet",
    "kept": "done by the instant at which it was due",
    "kept-reported-late": "done in time, and reported after it was missed",
    "missed": "not done when the log's clock reached the instant",
    "dropped": "the escalation ended, or stopped running, before it was due",
}
REPLANS: Final[dict[str, str]] = {
    "severity-changed": "the severity of the case changed",
    "calendar-changed": "the working hours or holidays changed",
    "plan-changed": "another communication plan was agreed",
    "paused": "the customer was asked for something",
    "resumed": "the customer answered",
}
REASONS: Final[dict[str, str]] = {
    "lack-of-communication": "lack of communication or response from support",
    "business-impact-or-deadline": "greater impact on the business, or a deadline comes closer",
    "management-request": "escalation by management: the expected quality of service was missed",
}
CHANNELS: Final[dict[str, str]] = {
    "button": "the button on the case",
    "form": "form",
    "comment": "comment on the case",
    "phone": "telephone",
    "email": "mail",
    "related-link": "the link on the form",
    "api": "API",
}
IMPACTS: Final[dict[str, str]] = {
    "limited": "little consequence",
    "moderate": "slows work, does not stop it",
    "major": "slows work considerably; a workaround exists",
    "critical": "work stops until it is resolved",
}
SITUATIONS: Final[dict[str, str]] = {
    "production-down": "production is down",
    "critical-impact": "critical impact on the business",
    "dissatisfaction": "not satisfied with how it is handled",
}
OWING: Final[dict[str, str]] = {
    "support-manager": "the support manager",
    "handling-agent": "the agent of the case",
    "team": "the team",
    "approvers": "whoever may approve",
    "management": "management",
    "requester": "whoever asked",
}
MESSAGE_STATES: Final[dict[str, str]] = {
    "no-address": "no usable address is known",
    "failed": "the mail server refused it",
    "cancelled": "no longer needed",
    "suppressed": "it happened too long ago",
    "planned": "still to be sent",
}
"""Why somebody was not told."""


def why_not_told(state: str, reply_code: int | None) -> str:
    """Why a message did not arrive, with the mail server's code where it refused it."""
    why = MESSAGE_STATES.get(state, in_words(state))
    return f"{why} ({reply_code})" if state == "failed" and reply_code else why


def in_words(code: str | None) -> str:
    """A code that has no entry here, such as one of an organisation's own policy, as people say
    it. The hyphen of de-escalation stays: it is one in the word."""
    return (code or "").replace("-", " ").replace("de escalat", "de-escalat")
