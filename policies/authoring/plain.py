"""A policy in plain sentences: what its file says, for people who do not read files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date
from typing import Final

from policies.authoring.amounts import hours, length_of, week
from policies.entries import DutySpec
from policies.model import Policy
from policies.sentences import written
from schemas import codes

UNTIL: Final = {
    "closed": "the case is closed",
    "resolved": "the case is closed, best with a resolution",
    "de-escalated": "it is de-escalated",
}


def sentences(policy: Policy) -> Iterator[tuple[str, str]]:
    """A heading and a sentence at a time."""
    yield "What it is", policy.summary.strip()
    yield "What it is", f"Source: {policy.source_ref}, {policy.published_on}."
    counts = f"{policy.effective_from.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    yield (
        "What it is",
        f"This is {policy.policy}, version {policy.version}; it counts from {counts}.",
    )
    for entry in policy.rules:
        yield "Before a request is accepted", f"{_asked(policy, entry.rule)} ({entry.statement})"
    yield from _around_requests(policy)
    for spec in policy.duties:
        yield "Who owes what", _owed(spec)
    if policy.agent_comments_are_updates:
        yield "Who owes what", "An agent's public comment counts as an update to the customer."
    yield from _afterwards(policy)


def _owed(spec: DutySpec) -> str:
    again = "; then again and again" if spec.repeats else ""
    stops = "; it stands still while the customer is asked for something" if spec.pauses else ""
    kind = "a promise" if spec.kind == "promise" else "an expectation, not a promise"
    return (
        f"{spec.duty}: {length_of(spec)}, owed by the {spec.owed_by}, kept by "
        f"{' or '.join(spec.kept_by)}{again}{stops}. It is {kind}. ({spec.statement})"
    )


def _asked(policy: Policy, rule: str) -> str:
    return codes.RULES[rule].asks.format(
        once=": once per case" if policy.once_only else "",
        tiers=", ".join(sorted({tier for one in policy.windows.values() for tier in one})),
        windows="".join(
            f" {severity} {', '.join(f'{t} {hours(w.total_seconds())}' for t, w in by.items())};"
            for severity, by in policy.windows.items()
        ).rstrip(";"),
        reasons=", ".join(policy.reasons),
        roles=" or ".join(policy.roles.request),
        templates=", ".join(policy.templates),
    )


def _around_requests(policy: Policy) -> Iterator[tuple[str, str]]:
    heading = "Around a request"
    if policy.phrase is not None:
        words = policy.phrase.words
        yield heading, f"A customer's public comment with the words “{words}” is a request."
        if (distance := policy.phrase.near_miss_distance) > 0:
            yield heading, f"Up to {distance} wrong letters in them are answered with a hint."
    for name, template in policy.templates.items():
        approval = "with approval" if template.approval else "without approval"
        yield heading, f"The template {name} is for {template.kind}s, {approval}."
    if policy.roles.approve:
        yield heading, f"Who approves needs the role {' or '.join(policy.roles.approve)}."
    for severity, shown in policy.severities.items():
        colour = shown.colour or "without colour"
        yield heading, f"Severity {severity} is shown as “{shown.text}”, {colour}."
    if policy.triage is not None:
        yield (
            heading,
            f"From {policy.triage.prioritised_from} triage points on a request goes first.",
        )
    for hint in policy.suggestions:
        yield heading, f"It may be answered with the hint {hint}."
    yield heading, f"Told, in this order: {', '.join(policy.told)}."


def _afterwards(policy: Policy) -> Iterator[tuple[str, str]]:
    heading = "Until it ends"
    yield heading, f"Levels: {' > '.join(policy.ladder)}, one at a time."
    if policy.roles.raise_level:
        yield heading, f"Who raises needs the role {' or '.join(policy.roles.raise_level)}."
    for condition in policy.conditions:
        yield heading, f"Before it is de-escalated: {condition.replace('-', ' ')}."
    if policy.roles.de_escalate:
        yield heading, f"Who de-escalates needs the role {' or '.join(policy.roles.de_escalate)}."
    if policy.improvement_is_owed:
        yield heading, "An improvement, or the waiver of one, is owed before the end."
    yield heading, f"It is watched until {UNTIL[policy.watched_until]}."
    yield heading, f"It belongs to the {policy.owner} of the case."
    for sentence in policy.next_steps:
        yield "What the requester reads", written(sentence.text, policy).strip()
    for sentence in policy.when_rejected:
        yield "What the requester reads when rejected", written(sentence.text, policy).strip()
    yield from _hours(policy)
    yield from _reached(policy)


def _hours(policy: Policy) -> Iterator[tuple[str, str]]:
    heading, calendar = "Working hours", policy.calendar
    zone = calendar.timezone.key
    yield heading, f"Calendar {policy.calendar_name}, zone {zone}: {week(calendar)}."
    if calendar.country:
        part = f", {calendar.subdivision}" if calendar.subdivision else ""
        yield heading, f"The public holidays of {calendar.country}{part} are off."
    if calendar.holidays:
        yield heading, f"Off beside them: {_days(calendar.holidays)}."
    if calendar.worked:
        yield heading, f"Worked all the same: {_days(calendar.worked_days)}."


def _days(days: Iterable[date]) -> str:
    return ", ".join(day.isoformat() for day in sorted(days))


def _reached(policy: Policy) -> Iterator[tuple[str, str]]:
    book = policy.addresses
    places: dict[str, Mapping[str, str]] = {
        "the team": {"": book.team} if book.team else {},
        "the team of": book.teams, "who hears of a missed": book.duties,
        "the level": {str(level): at for level, at in book.levels.items()}, "the role": book.roles,
    }  # fmt: skip
    for what, addresses in places.items():
        for name, address in addresses.items():
            yield "Where support is reached", f"{what} {name}".strip() + f": {address}."
