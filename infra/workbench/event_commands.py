"""``escalation validate`` and ``escalation send``: a file of events checked, and published.

Kafka's client is imported by ``send`` alone: a check of a file should answer at once.
"""

from __future__ import annotations

import asyncio
import json as as_json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from infra.runtime.plain_text import PlainTable, console, visible
from infra.runtime.settings import Settings, load_settings
from infra.workbench.event_file import Line, NotLines, read_lines
from infra.workbench.event_hints import Hints
from policies.catalogue import policies_in, shipped
from policies.file import PolicyProblem
from schemas import topics

Json = Annotated[bool, typer.Option("--json", help="For machines.")]
Strict = Annotated[bool, typer.Option("--strict", help="A warning counts as a wrong line.")]
SHOWN: Final = 50
"""Lines of a table; the rest is counted."""


def mount(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for command in (send, validate):
        app.command()(command)


def send(file: Path, strict: Strict = False, json: Json = False) -> None:
    """Publish a file of CloudEvents, one JSON object a line. Nothing is sent if a line is wrong.

    What may not be meant is a warning and is sent; with --strict nothing is sent then either.

    Example: escalation send events.jsonl
    """
    settings = load_settings()
    lines = _lines(file, settings)
    stopped = [one for one in lines if one.problem or (strict and _remarks(one))]
    _tell(lines)
    if stopped:
        _say(f"nothing was sent: {_are(len(stopped), len(lines))} wrong")
        raise typer.Exit(1)
    number = _publish(settings, lines)
    topic = topics.CASE_EVENTS.name
    if json:
        print(as_json.dumps({"sent": number, "topic": topic, "warnings": _found(lines)}, indent=2))
    else:
        _say(f"{number} {'event' if number == 1 else 'events'} sent to {topic}")


def validate(file: Path, strict: Strict = False, json: Json = False) -> None:
    """Check a file of CloudEvents without sending it; exit 3 where a line is wrong.

    A line is wrong if readers will not take it, or if its id and source stand in the file
    already. What may not be meant is a warning; with --strict it is wrong too.

    Example: escalation validate events.jsonl
    """
    lines = [_held_against(one) for one in _lines(file, load_settings())]
    wrong = [one for one in lines if one.problem or (strict and _remarks(one))]
    if json:
        print(as_json.dumps(_found(lines), indent=2))
    else:
        _tell(lines)
        print(f"{_are(len(lines) - len(wrong), len(lines))} right")
    if wrong:
        raise typer.Exit(3)


def _lines(file: Path, settings: Settings) -> list[Line]:
    own = settings.decider
    try:
        hints = Hints(policies_in(shipped(), own.default_policy, own.policies_folder))
    except (PolicyProblem, ValueError) as problem:
        _say(f"programs and tiers were not checked: {problem}")
        hints = Hints(None)
    try:
        return read_lines(file, hints)
    except NotLines as problem:
        _say(f"{file}: {problem}")
        raise typer.Exit(3) from None
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}") from None


def _publish(settings: Settings, lines: list[Line]) -> int:
    from aiokafka.errors import KafkaError

    from infra.workbench.publish import NotAllSent, publish, to_case_topic

    records = (to_case_topic(line.subject, line.text) for line in lines)
    try:
        return asyncio.run(publish(settings.kafka, records))
    except NotAllSent as problem:
        missing = ", ".join(str(lines[at].number) for at in problem.missing[:SHOWN])
        _say(f"{problem.sent} of {len(lines)} events were sent; these lines were not: {missing}")
        _say(f"The reason: {problem}. To send the whole file again is safe: repeats are ignored.")
        raise typer.Exit(1) from None
    except (KafkaError, OSError):
        _say("nothing was sent")
        raise


# --- what people and machines read ---------------------------------------------------------


def _held_against(line: Line) -> Line:
    """Sent again, a repeat does no harm; within one file it is a mistake."""
    if line.repeats is None:
        return line
    problem = f"repeated: the id and source of line {line.repeats}, so it would be ignored"
    return replace(line, problem=problem, repeats=None)


def _remarks(line: Line) -> list[str]:
    again = [] if line.repeats is None else [f"the same id and source as in line {line.repeats}"]
    return [*again, *line.warnings]


def _found(lines: list[Line]) -> list[dict[str, Any]]:
    wrong = [{"line": one.number, "problem": one.problem} for one in lines if one.problem]
    return wrong + [
        {"line": one.number, "warning": remark} for one in lines for remark in _remarks(one)
    ]


def _tell(lines: list[Line]) -> None:
    rows = [(one.number, "wrong", one.problem) for one in lines if one.problem]
    rows += [(one.number, "warning", remark) for one in lines for remark in _remarks(one)]
    table = PlainTable("line", "kind", "what was found")
    for number, kind, text in sorted(rows, key=lambda row: row[0])[:SHOWN]:
        table.add_row(str(number), kind, text)
    if rows:
        console(stderr=True).print(table)
    if len(rows) > SHOWN:
        _say(f"and {len(rows) - SHOWN} more")


def _are(some: int, all_: int) -> str:
    verb = "is" if some == 1 or all_ == 1 else "are"
    return f"{some} of {all_} {'line' if all_ == 1 else 'lines'} {verb}"


def _say(sentence: str) -> None:
    console(stderr=True).print(visible(sentence), soft_wrap=True)
