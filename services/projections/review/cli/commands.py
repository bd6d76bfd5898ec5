"""What a manager asks at the prompt: review, explain, eligibility, timeline."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.console import Console

from infra.runtime import plain_text
from infra.runtime.plain_text import visible
from infra.runtime.settings import Settings, load_settings
from policies.catalogue import Policies, policies_in, shipped
from schemas.zones import zone as zone_named
from services.projections.review.cli.as_json import as_dict, dumps
from services.projections.review.cli.daily_review import show
from services.projections.review.cli.eligibility import sentences
from services.projections.review.cli.receipts import show_receipt
from services.projections.review.cli.timeline import show_timeline
from services.projections.review.questions import case as case_questions
from services.projections.review.questions import periods
from services.projections.review.questions.connection import CannotRead
from services.projections.review.questions.daily_review import ReviewScope, gather
from services.projections.review.questions.queries import Until

Found = TypeVar("Found")
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
CaseId = Annotated[
    str, typer.Argument(metavar="CASE", help="The case id, as the CRM has it, or account/<id>.")
]
ZoneName = Annotated[
    str, typer.Option("--zone", help="The time zone to tell times in, such as Europe/Berlin.")
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="A past moment with offset, such as 2026-11-23T09:00:00Z."),
]
EVENTS: Final = 200
"""How many events a timeline shows people unless they ask for more."""


def mount(app: typer.Typer) -> None:
    """Add this service's commands to the program."""
    for command in (review, explain, eligibility, timeline):
        app.command()(command)


def review(
    date: Annotated[
        str | None, typer.Option(help="A day of the zone, such as 2026-11-23, up to its end.")
    ] = None,
    as_of: AsOf = None,
    since: Annotated[
        str | None,
        typer.Option(
            help="New is what happened after this moment, with offset. Without it: the same time "
            "of the working day before."
        ),
    ] = None,
    team: Annotated[
        str | None, typer.Option(help="Only cases of this team; unassigned: of none.")
    ] = None,
    zone: ZoneName = "UTC",
    json: Json = False,
) -> None:
    """Show the daily review: what is overdue, due, watched, new, refused, and who was not told.

    Example: escalation review --as-of 2026-11-23T09:00:00Z
    """
    settings = load_settings()
    policies = _policies(settings)
    calendar = policies.judging(None, datetime.now(UTC)).calendar
    try:
        asked = periods.PeriodOptions(date, as_of, since, zone)
        scope = ReviewScope(periods.period(asked, calendar, datetime.now(UTC)), team)
    except ValueError as error:
        raise typer.BadParameter(visible(error)) from None
    board = _answer(gather(settings, scope, policies))
    if json:
        print(dumps(as_dict(board)))
    else:
        show(board, plain_text.console())


def explain(case: CaseId, zone: ZoneName = "UTC", json: Json = False) -> None:
    """Say why each request about a case was accepted or rejected, and what became of it.

    Example: escalation explain CASE-00042
    """
    settings = load_settings()
    about = case_questions.About(case, _zone(zone), _policies(settings))
    found, telling = _answer(case_questions.receipts_of(settings, about))
    if json:
        print(dumps(found))
    elif not found:
        print(f"No escalation of {visible(case)} was ever requested.")
    else:
        for decision in found:
            show_receipt(decision, case, telling, plain_text.console())


def eligibility(
    case: CaseId, as_of: AsOf = None, zone: ZoneName = "UTC", json: Json = False
) -> None:
    """Say whether a case may be escalated, from when, and which policy says so.

    Example: escalation eligibility CASE-00042
    """
    settings = load_settings()
    about = case_questions.About(case, _zone(zone), _policies(settings))
    until = _until(as_of)
    found = _answer(case_questions.eligibility_of(settings, about, until))
    if json:
        print(dumps(found))
    else:
        for line in sentences(found, until.moment, about.zone):
            print(visible(line))


def timeline(
    case: CaseId,
    last: Annotated[
        int | None,
        typer.Option(
            min=0,
            help=f"Only the last so many events; 0 for all. Without it: the last {EVENTS}, with "
            "--json all.",
        ),
    ] = None,
    zone: ZoneName = "UTC",
    json: Json = False,
) -> None:
    """Show everything that happened to a case in order of time, and who was told of it.

    Example: escalation timeline CASE-00042
    """
    settings = load_settings()
    about = case_questions.About(case, _zone(zone), _policies(settings))
    number = last if last is not None else (0 if json else EVENTS)
    story, turn = _answer(case_questions.story_of(settings, about, number or None))
    if json:
        print(dumps(story.entries()))
        return
    show_timeline(story, plain_text.console())
    if turn is not None:
        print(f"It is the {turn}'s turn.")


# --- for the demo ----------------------------------------------------------------------------


async def show_review(settings: Settings, console: Console) -> None:
    """The review of now."""
    policies, now = _policies(settings), datetime.now(UTC)
    scope = ReviewScope(
        periods.period(periods.PeriodOptions(), policies.judging(None, now).calendar, now)
    )
    show(await gather(settings, scope, policies), console)


async def show_explanation(settings: Settings, console: Console, case: str) -> None:
    """The first receipt of a case."""
    about = case_questions.About(case, UTC, _policies(settings))
    found, telling = await case_questions.receipts_of(settings, about)
    show_receipt(found[0], case, telling, console)


# --- what goes wrong, in a sentence ----------------------------------------------------------


def _answer(asking: Coroutine[Any, Any, Found]) -> Found:
    try:
        return asyncio.run(asking)
    except CannotRead as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(problem.code) from None
    except case_questions.NeverSeen as problem:
        typer.echo(visible(problem), err=True)
        raise typer.Exit(1) from None


def _zone(name: str) -> Any:
    try:
        return zone_named(name)
    except ValueError as error:
        raise typer.BadParameter(visible(error)) from None


def _until(as_of: str | None) -> Until:
    now = datetime.now(UTC)
    if as_of is None:
        return Until(now)
    try:
        at = periods.moment(as_of)
    except ValueError as error:
        raise typer.BadParameter(visible(error)) from None
    if at > now:
        raise typer.BadParameter("that is still to come; give a moment up to now")
    return Until(at, is_past=True)


def _policies(settings: Settings) -> Policies:
    """What is owed by whom, and which rules count. Files that cannot be used are for the services
    to refuse: the policies that come along are read then."""
    own = settings.decider
    try:
        return policies_in(shipped(), own.default_policy, own.policies_folder)
    except ValueError:
        return policies_in(shipped(), type(own)().default_policy)
