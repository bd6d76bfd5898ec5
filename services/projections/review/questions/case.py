"""Answers about one case or account, read once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from infra.runtime.settings import Settings
from policies.catalogue import Policies
from services.projections.review.questions import past
from services.projections.review.questions.eligibility import CaseFacts, answer
from services.projections.review.questions.judgements import Telling, receipts
from services.projections.review.questions.queries import ReviewQueries, Row, Until, reader
from services.projections.review.questions.story import Story


class NeverSeen(LookupError):
    """No event names such a case."""


@dataclass(frozen=True)
class About:
    """Which case or account is asked about, and how the answer is told."""

    subject: str
    zone: tzinfo
    policies: Policies


async def receipts_of(settings: Settings, about: About) -> tuple[list[dict[str, Any]], Telling]:
    """Every decision on a request about it. Errors: ``CannotRead``, ``NeverSeen``."""
    async with reader(settings) as ask:
        await _seen(ask, about.subject)
        return await receipts_asked(ask, about)


async def receipts_asked(ask: ReviewQueries, about: About) -> tuple[list[dict[str, Any]], Telling]:
    """The same of a case that was seen."""
    rows = await ask.judged(about.subject)
    said = [past.data_of(row) or {} for row in rows]
    names = await ask.names({one["by_id"] for one in said if one.get("by_id")})
    causes = await ask.causes(about.subject, {row["causation_id"] for row in rows} - {None})
    telling = Telling(about.policies, names, causes, about.zone)
    return receipts(rows, telling), telling


async def eligibility_of(settings: Settings, about: About, until: Until) -> dict[str, Any]:
    """Whether it may be escalated as of a moment. Errors: ``CannotRead``, ``NeverSeen``."""
    async with reader(settings) as ask:
        await _seen(ask, about.subject)
        return await eligibility_asked(ask, about, until)


async def eligibility_asked(ask: ReviewQueries, about: About, until: Until) -> dict[str, Any]:
    """The same of a case that was seen."""
    if until.is_past:
        facts = await ask.facts([about.subject], past.CASE_FACTS, until)
        cases = past.case_rows(facts, about.policies)
    else:
        cases = {row["case_id"]: row for row in await ask.cases([about.subject])}
    decisions = await ask.decisions(until, about.subject)
    return answer(
        CaseFacts(
            about.subject, until.moment, cases.get(about.subject),
            past.all_rows(decisions, until.moment), past.right_is_spent(decisions),
        ),
        about.policies,
    )  # fmt: skip


async def story_of(settings: Settings, about: About, last: int | None) -> tuple[Story, str | None]:
    """Its last events and messages, and whose turn it is. Errors: ``CannotRead``, ``NeverSeen``."""
    async with reader(settings) as ask:
        await _seen(ask, about.subject)
        return await story_asked(ask, about, last)


async def story_asked(
    ask: ReviewQueries, about: About, last: int | None
) -> tuple[Story, str | None]:
    """The same of a case that was seen."""
    events, every = await ask.timeline(about.subject, last)
    ids = {id_ for row in events for id_ in _people(past.data_of(row) or {})}
    story = Story(
        about.subject,
        events,
        about.policies,
        await ask.messages(about.subject),
        left_out=every - len(events),
        names=await ask.names(ids),
        missed=await ask.missed(about.subject),
        zone=about.zone,
    )
    return story, await _turn(ask, about.subject)


def _people(said: dict[str, Any]) -> list[str]:
    """Ids of people in a decision, or of people whom a report names by id alone."""
    ids = [said[key] for key in ("by_id", "contact_id") if said.get(key)]
    people = [one for one in said.values() if isinstance(one, dict) and not one.get("name")]
    return ids + [str(one["id"]) for one in people if one.get("id")]


async def _turn(ask: ReviewQueries, subject: str) -> str | None:
    """Whose turn it is on a case with an open escalation."""
    rows: list[Row] = await ask.open_of_case(subject)
    return rows[0]["turn"] if rows else None


async def _seen(ask: ReviewQueries, subject: str) -> None:
    if not await ask.is_known(subject):
        raise NeverSeen(
            f"{subject}: no event of such a case was seen. Is the id as the CRM has it? "
            "escalation review shows cases by their ids."
        )
