"""``escalation dlq``: what was set aside, why, and the record itself. Reads only."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from infra.runtime.dead_letter_reading import DeadLetter, dead_letter, dead_letters
from infra.runtime.plain_text import PlainTable, console, visible, visible_lines
from infra.runtime.settings import load_settings
from schemas import topics

dlq_app = typer.Typer(no_args_is_help=True, help="Look at records that could not be used.")
Consumer = StrEnum("Consumer", {name.upper(): name for name in topics.CONSUMERS})  # type: ignore[misc]  # members are computed
Json = Annotated[bool, typer.Option("--json", help="For machines.")]


@dataclass
class DeadLetterSummary:
    """How many there are of which kind, and the latest of them."""

    latest: deque[DeadLetter]
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        names = ("consumer", "reason", "topic")
        return {
            "counts": [
                dict(zip(names, kind, strict=True)) | {"count": number}
                for kind, number in sorted(self.counts.items())
            ],
            "letters": [summary(one) for one in self.latest],
        }


@dlq_app.command("list")
def list_command(
    consumer: Annotated[
        list[Consumer] | None, typer.Option(help="Only what this consumer set aside.")
    ] = None,
    reason: Annotated[
        list[str] | None, typer.Option(help="Only this reason, such as schema-invalid.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="From then on: P1D (a day ago) or 2026-11-23T08:00:00Z."),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to list, the latest first.")] = 20,
    json: Json = False,
) -> None:
    """Count dead letters by consumer, reason and topic, and list the latest.

    Example: escalation dlq list --consumer decider --since P1D
    """
    wanted = [str(one) for one in consumer] if consumer else list(topics.CONSUMERS)
    found = asyncio.run(_collect(wanted, set(reason or ()), _instant(since), limit))
    if json:
        print_json(found.as_dict())
    else:
        _show(found)


@dlq_app.command("show")
def show_command(consumer: Consumer, partition: int, offset: int, json: Json = False) -> None:
    """Show one dead letter: its headers and the record, as it was. It may hold names and addresses.

    Example: escalation dlq show decider 3 17
    """
    found = asyncio.run(dead_letter(load_settings().kafka, str(consumer), partition, offset))
    if found is None:
        topic = topics.dead_letters(str(consumer)).name
        console(stderr=True).print(
            f"{topic} holds no record at partition {partition}, offset {offset}: "
            "escalation dlq list names those that are there"
        )
        raise typer.Exit(1)
    if json:
        print_json(summary(found) | whole(found))
    else:
        _show_whole(found)


async def _collect(
    consumers: list[str], reasons: set[str], since: datetime | None, limit: int
) -> DeadLetterSummary:
    found = DeadLetterSummary(deque())
    letters: list[DeadLetter] = []
    async for one in dead_letters(load_settings().kafka, consumers, since):
        if reasons and one.reason not in reasons:
            continue
        found.counts[one.consumer, one.reason, (one.source or "unknown").split(" ")[0]] += 1
        letters.append(one)
        if len(letters) > 2 * limit + 1_000:
            letters = _latest(letters, limit)
    found.latest.extend(_latest(letters, limit))
    return found


def _latest(letters: list[DeadLetter], limit: int) -> list[DeadLetter]:
    return sorted(letters, key=lambda one: one.at, reverse=True)[:limit]


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        if text.startswith("P"):
            return datetime.now(UTC) - TypeAdapter(timedelta).validate_python(text)
        instant = datetime.fromisoformat(text)
    except (ValidationError, ValueError, OverflowError):
        raise typer.BadParameter("--since takes P1D, PT2H or 2026-11-23T08:00:00Z") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def summary(one: DeadLetter) -> dict[str, Any]:
    """What identifies a dead letter, without the record."""
    return {
        "consumer": one.consumer, "partition": one.partition, "offset": one.offset,
        "at": one.at.isoformat(), "reason": one.reason, "text": one.text, "source": one.source,
        "size": len(one.value or b""),
    }  # fmt: skip


def whole(one: DeadLetter) -> dict[str, Any]:
    """Key, headers and value: as text, or where they are no UTF-8 as ``{"base64": …}``."""
    return {
        "key": _readable(one.key),
        "headers": [[name, _readable(value)] for name, value in one.headers],
        "value": _readable(one.value),
    }


def _readable(value: bytes | None) -> Any:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}


def _show(found: DeadLetterSummary) -> None:
    out = console()
    if not found.counts:
        out.print("no dead letters")
        return
    counts = PlainTable("consumer", "reason", "topic", "count")
    for kind, number in sorted(found.counts.items()):
        counts.add_row(*kind, str(number))
    out.print(counts)
    for one in found.latest:
        print(f"{one.consumer} {one.partition} {one.offset}  {one.at:%Y-%m-%d %H:%M:%S}Z  ", end="")
        print(f"{visible(one.reason)}  (record: {visible(one.source or 'unknown')})")
        print(f"    {visible(one.text)}")
    if found.latest:
        first = found.latest[0]
        out.print(f"\nthe record: escalation dlq show {first.consumer} {first.partition} "
                  f"{first.offset}")  # fmt: skip


def _show_whole(one: DeadLetter) -> None:
    shown = summary(one)
    for name in ("consumer", "partition", "offset", "at", "reason", "text", "source"):
        print(f"{name + ':':<11}{visible(shown[name])}")
    said = whole(one)
    print(f"{'key:':<11}{visible(said['key'])}\nheaders:")
    for name, value in said["headers"]:
        print(f"  {visible(name)}: {visible(value)}")
    print(f"value ({len(one.value or b'')} bytes):")
    value = said["value"]
    print(visible_lines(value) if isinstance(value, str) else visible(value))


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, default=str))
