"""What a manager asks at the prompt: review, explain, eligibility, timeline."""

from __future__ import annotations

import asyncio
import json as jsonlib
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from infra.runtime import plain_text
from infra.runtime.settings import Settings, load_settings
from services.projections.review import daily
from services.projections.review.queries import Reader, reader
from services.projections.review.story import receipts, show_receipt, show_timeline
from services.projections.review.wording import instant, span

Json = Annotated[bool, typer.Option("--json", help="For machines.")]
CaseId = Annotated[
    str, typer.Argument(metavar="CASE", help="The case id, as the CRM has it, or account/<id>.")
]


def mount(app: typer.Typer) -> None:
    """Add this service's commands to the program."""
    for command in (review, explain, eligibility, timeline):
        app.command()(command)


def review(
    date: Annotated[str | None, typer.Option(help="A day, such as 2026-11-23.")] = None,
    as_of: Annotated[str | None, typer.Option(help="A moment with offset.")] = None,
    json: Json = False,
) -> None:
    """Show the daily review: escalated now, changed, refused.

    Example: escalation review --as-of 2026-11-23T09:00:00Z
    """
    try:
        moment, until = daily.end_of(date, as_of)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    found = asyncio.run(daily.gather(load_settings(), moment, until))
    if json:
        print(daily.dumps(daily.as_dict(found)))
    else:
        daily.show(found, plain_text.console())


def explain(case: CaseId, json: Json = False) -> None:
    """Say why each request about a case was accepted or rejected.

    Example: escalation explain CASE-00042
    """
    found = receipts(asyncio.run(_timeline(case)))
    if json:
        print(daily.dumps(found))
    elif not found:
        print(f"No escalation of {case} was ever requested.")
    else:
        for decision in found:
            show_receipt(decision, case, plain_text.console())


def eligibility(case: CaseId, json: Json = False) -> None:
    """Say whether a case may be escalated, and from when.

    Example: escalation eligibility CASE-00042
    """
    answer = asyncio.run(_eligibility(case))
    print(daily.dumps(answer) if json else _sentence(case, answer))


def timeline(case: CaseId, json: Json = False) -> None:
    """Show everything that happened to a case, with causes.

    Example: escalation timeline CASE-00042
    """
    rows, turn = asyncio.run(_timeline_and_turn(case))
    if json:
        parsed = [row | {"data": row["data"] and jsonlib.loads(row["data"])} for row in rows]
        print(daily.dumps(parsed))
    else:
        show_timeline(case, rows, plain_text.console())
        if turn is not None:
            print(f"It is the {turn}'s turn.")


async def show_review(settings: Settings, console: Console) -> None:
    """The review of now, for the demo."""
    moment, until = daily.end_of(None, None)
    daily.show(await daily.gather(settings, moment, until), console)


async def show_explanation(settings: Settings, console: Console, case: str) -> None:
    """The first receipt of a case, for the demo."""
    async with reader(settings) as ask:
        found = receipts(await ask.timeline(case))
    show_receipt(found[0], case, console)


async def _timeline(case: str) -> list[dict[str, Any]]:
    async with reader(load_settings()) as ask:
        await _known(ask, case)
        return await ask.timeline(case)


async def _timeline_and_turn(case: str) -> tuple[list[dict[str, Any]], str | None]:
    async with reader(load_settings()) as ask:
        await _known(ask, case)
        return await ask.timeline(case), await ask.turn(case)


async def _eligibility(case: str) -> dict[str, Any]:
    async with reader(load_settings()) as ask:
        await _known(ask, case)
        row = await ask.eligibility(case)
        past = await ask.escalations_of(case)
        is_open = None if "/" in case else await ask.is_open(case)
    if row is not None:
        return row
    status = past[-1]["status"] if past else None
    standing = {None: "unknown", True: "open", False: "closed"}[is_open]
    return {
        "case_id": case, "eligible_at": None, "eligible": False,
        "escalation_status": status, "standing": "account" if "/" in case else standing,
    }  # fmt: skip


async def _known(ask: Reader, case: str) -> None:
    if not await ask.is_known(case):
        typer.echo(
            f"{case}: no event of such a case was seen. Is the id as the CRM has it? "
            "escalation review shows cases by their ids.",
            err=True,
        )
        raise typer.Exit(1)


def _sentence(case: str, answer: dict[str, Any]) -> str:
    at = answer["eligible_at"]
    if answer["eligible"]:
        return f"{case} may be escalated: since {instant(at)}."
    if at is not None:
        return f"{case} may be escalated from {instant(at)}, in {span(at - datetime.now(UTC))}."
    if standing := answer.get("standing"):
        return _cannot(case, standing, answer["escalation_status"])
    return f"{case} cannot be escalated: the customer's tier has no window."


def _cannot(case: str, standing: str, status: str | None) -> str:
    if standing == "unknown":
        return f"{case} cannot be escalated: it was never opened, as far as we know."
    if standing == "closed":
        return f"{case} cannot be escalated: it is closed, and would have to be reopened first."
    if standing == "account" and status in (None, "ended", "voided", "declined"):
        return f"{case} has no escalation; one may be requested at any time."
    return f"{case} cannot be escalated again: it has an escalation, which is {status}."
