"""What a policy file says that can never happen, is missing, or contradicts itself.

The model in ``policy.py`` refuses what cannot be read; here stands what can be read and still is
not meant. Each check is one function; each finding names the entry and what to do. What is about
lengths, hours and days stands in ``lint_time.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from policies.authoring.finding import Finding
from policies.authoring.lint_sentences import OF_SENTENCES
from policies.authoring.lint_time import OF_TIME
from policies.entries import KeptBy, RuleName
from policies.model import Policy

NEEDS_A_FORM: Final[tuple[RuleName, ...]] = (
    "reason-is-given", "subject-is-given", "description-is-given",
    "case-number-is-given", "business-impact-is-given", "template-is-offered",
    "escalation-severity-is-given",
)  # fmt: skip


def lint(policy: Policy) -> list[Finding]:
    """Everything found, in the order of the checks."""
    return [finding for check in (*CHECKS, *OF_TIME, *OF_SENTENCES) for finding in check(policy)]


def _asks(policy: Policy, rule: str) -> bool:
    return rule in policy.statements


def _rules_stand_once(policy: Policy) -> Iterator[Finding]:
    for rule, number in Counter(entry.rule for entry in policy.rules).items():
        if number > 1:
            yield Finding("rules", f"{rule} appears {number} times", "keep one of them")


def _once_only_is_asked(policy: Policy) -> Iterator[Finding]:
    if not _asks(policy, "case-is-not-escalated-yet"):
        yield Finding(
            "rules", "nothing stops a second escalation beside the first",
            "add the rule case-is-not-escalated-yet",
        )  # fmt: skip
    if not _asks(policy, "case-is-known"):
        yield Finding("rules", "cases never opened are not refused", "add the rule case-is-known")


def _windows_are_asked(policy: Policy) -> Iterator[Finding]:
    asked = _asks(policy, "window-has-passed")
    if policy.windows and not asked:
        yield Finding(
            "windows",
            "no rule asks for them",
            "add the rule window-has-passed, or drop the windows",
        )
    if asked and not policy.windows:
        yield Finding(
            "rules", "window-has-passed has no window to ask for",
            "add windows for S1 to S4, or drop the rule",
        )  # fmt: skip
    if asked and not _asks(policy, "tier-is-covered"):
        yield Finding(
            "rules", "a tier without a window would pass at once", "add the rule tier-is-covered"
        )


def _reasons_can_be_chosen(policy: Policy) -> Iterator[Finding]:
    asked = _asks(policy, "reason-is-offered")
    if policy.reasons and not asked:
        yield Finding(
            "reasons", "nobody can choose them: any reason is taken",
            "add the rule reason-is-offered, or drop the reasons",
        )  # fmt: skip
    if asked and not policy.reasons:
        yield Finding("reasons", "every reason would be refused", "offer at least one reason")
    for reason, number in Counter(policy.reasons).items():
        if number > 1:
            yield Finding("reasons", f"{reason} appears {number} times", "keep one of them")


def _templates_can_be_chosen(policy: Policy) -> Iterator[Finding]:
    asked = _asks(policy, "template-is-offered")
    if policy.templates and not asked:
        yield Finding(
            "templates", "nobody can choose them", "add the rule template-is-offered, or drop them"
        )
    if asked and not policy.templates:
        yield Finding("templates", "every template would be refused", "offer at least one template")
    if _wants_approval(policy) and not policy.roles.approve:
        yield Finding("roles.approve", "anybody could approve", "name the roles that may approve")
    if policy.roles.approve and not _wants_approval(policy):
        yield Finding(
            "roles.approve", "no template wants approval", "add approval: true, or drop the roles"
        )


def _wants_approval(policy: Policy) -> bool:
    return any(template.approval for template in policy.templates.values())


def _roles_are_asked(policy: Policy) -> Iterator[Finding]:
    asked = _asks(policy, "requester-has-the-role")
    if policy.roles.request and not asked:
        yield Finding(
            "roles.request", "no rule asks for them", "add the rule requester-has-the-role"
        )
    if asked and not policy.roles.request:
        yield Finding("roles.request", "the rule asks for no role", "name the roles, or drop it")


def _severities_are_complete(policy: Policy) -> Iterator[Finding]:
    if _asks(policy, "escalation-severity-is-given") and not policy.severities:
        yield Finding(
            "severities", "one must be given, and none is described",
            "describe high, medium and low, or drop the rule escalation-severity-is-given",
        )  # fmt: skip
    missing = [one for one in ("high", "medium", "low") if one not in policy.severities]
    if policy.severities and missing:
        yield Finding(
            "severities", f"{', '.join(missing)} has no colour and text", "describe all three"
        )


def _duties_are_kept(policy: Policy) -> Iterator[Finding]:
    for spec in policy.duties:
        if not any(_can_happen(policy, key) for key in spec.kept_by):
            yield Finding(
                f"duties.{spec.duty}", "nothing keeps it, so it is missed every time",
                "name in kept_by what keeps it under this policy",
            )  # fmt: skip


def _can_happen(policy: Policy, key: KeptBy) -> bool:
    if key == "approval":
        return _wants_approval(policy)
    return key != "agent-comment" or policy.agent_comments_are_updates


def _duties_begin(policy: Policy) -> Iterator[Finding]:
    for spec in policy.duties:
        if spec.begins == "approval-request" and not _wants_approval(policy):
            yield Finding(
                f"duties.{spec.duty}", "it never begins: no template wants approval",
                "let a template want approval, or let it begin with the acceptance",
            )  # fmt: skip


def _duties_are_owed(policy: Policy) -> Iterator[Finding]:
    for spec in policy.duties:
        if spec.owed_by == "approvers" and not policy.roles.approve:
            yield Finding(
                f"duties.{spec.duty}", "approvers owe it and are not told: there are none",
                "name roles.approve, or another owed_by",
            )  # fmt: skip


def _levels_with_an_address_are_reached(policy: Policy) -> Iterator[Finding]:
    for level in sorted(set(policy.addresses.levels) - set(policy.ladder)):
        yield Finding(
            f"addresses.levels.{level}", "no escalation reaches this level",
            "add it to the ladder, or drop the address",
        )  # fmt: skip


def _addresses_are_used(policy: Policy) -> Iterator[Finding]:
    for duty in sorted(set(policy.addresses.duties) - set(policy.specs)):
        yield Finding(
            f"addresses.duties.{duty}", "there is no such duty", "write the name of a duty"
        )
    roles = policy.roles
    named = {*roles.request, *roles.approve, *roles.raise_level, *roles.de_escalate}
    for role in sorted(set(policy.addresses.roles) - named):
        yield Finding(
            f"addresses.roles.{role}", "the policy gives this role nothing to do",
            "write a role that is listed under roles, or drop the address",
        )  # fmt: skip


def _a_phrase_can_be_enough(policy: Policy) -> Iterator[Finding]:
    """A comment brings its author and its words, and nothing of a form."""
    asked = [rule for rule in NEEDS_A_FORM if _asks(policy, rule)]
    if policy.phrase is not None and asked:
        yield Finding(
            "phrase", f"every comment with it would be rejected: it cannot meet {', '.join(asked)}",
            "drop the phrase, or these rules",
        )  # fmt: skip


def _hints_can_be_given(policy: Policy) -> Iterator[Finding]:
    if "add-a-reason" in policy.suggestions and policy.phrase is None:
        yield Finding("suggestions", "add-a-reason needs a phrase", "add a phrase, or drop it")
    if "phone-or-email-is-faster" in policy.suggestions and not policy.web_channels:
        yield Finding("suggestions", "no channel is a web channel", "name web_channels, or drop it")


def _triage_can_be_reached(policy: Policy) -> Iterator[Finding]:
    triage = policy.triage
    if triage is None:
        return
    oldest = triage.each_week_open * triage.at_most_weeks
    for impact, points in triage.impact.items():
        if points + oldest < triage.prioritised_from:
            yield Finding(
                "triage.prioritised_from",
                f"a case of {impact} impact never reaches it, however long it is open: the most "
                f"is {points + oldest}",
                "lower it, or raise at_most_weeks",
            )
    missing = sorted({"limited", "moderate", "major", "critical"} - set(triage.impact))
    if missing:
        yield Finding("triage.impact", f"{', '.join(missing)} has no points", "give all four")


def _what_is_owed_can_be_asked(policy: Policy) -> Iterator[Finding]:
    if policy.improvement_is_owed and policy.watched_until == "de-escalated":
        yield Finding(
            "improvement_is_owed", "the escalation ends before an improvement can be asked for",
            "watch until closed or resolved, or drop it",
        )  # fmt: skip


def _somebody_is_told(policy: Policy) -> Iterator[Finding]:
    if not set(policy.told) - {"requester"}:
        yield Finding("told", "nobody in support hears of an escalation", "add who looks after it")
    for audience, number in Counter(policy.told).items():
        if number > 1:
            yield Finding("told", f"{audience} appears {number} times", "keep one of them")


CHECKS: Final[tuple[Callable[[Policy], Iterator[Finding]], ...]] = (
    _rules_stand_once, _once_only_is_asked, _windows_are_asked,
    _reasons_can_be_chosen, _templates_can_be_chosen, _roles_are_asked, _severities_are_complete,
    _duties_are_kept, _duties_begin, _duties_are_owed, _levels_with_an_address_are_reached,
    _addresses_are_used, _a_phrase_can_be_enough, _hints_can_be_given, _triage_can_be_reached,
    _what_is_owed_can_be_asked, _somebody_is_told,
)  # fmt: skip
