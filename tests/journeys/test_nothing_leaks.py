"""After a day of support, nothing personal and no password stands where it must not.

Everything personal in the day is marked, so that the mark can be looked for in all that is kept
or shown: logs, metrics, probes, the process list, decisions, states, dead letters' headers,
Postgres' log and what operators' commands print.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.runtime.registry import SERVICES
from infra.workbench.demo_day import day, salesforce
from infra.workbench.parts import free_port
from schemas import topics
from schemas.codec import STRUCTURED_HEADERS, Record, Unreadable, read_reported
from tests.journeys.test_projections import caught_up
from tests.workbench.test_doctor import run
from tests.world import World, answered, until

MARK = "marked7"
SECRET = "s3cret-pass-7"
PERSONAL = {
    "name", "email", "phone", "title", "body", "comments", "plan", "next_steps", "outcome",
    "reason", "resolution", "resources", "skills", "what", "why", "note", "summary", "link",
    "FirstName", "LastName", "Email", "Phone", "Subject", "Description", "CommentBody",
}  # fmt: skip
SECRETS = ("POSTGRES__DSN", "SMTP__PASSWORD", "KAFKA__SASL_PASSWORD")
COMMANDS = (
    ("doctor",), ("doctor", "--json"), ("dlq", "list"), ("dlq", "list", "--json"),
    ("topics", "check"), ("db", "status"), ("policy", "list", "--published"),
)  # fmt: skip


def marked(value: Any, key: str = "") -> Any:
    """The same with a mark on everything personal."""
    if isinstance(value, dict):
        return {name: marked(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [marked(one, key) for one in value]
    if not isinstance(value, str) or key not in PERSONAL:
        return value
    return f"{MARK}.{value}" if "@" in value else f"{value} {MARK}"


def records() -> Iterator[tuple[bytes, bytes]]:
    """The day, marked where it stays readable; now and then one that nobody can read."""
    for number, (subject, value) in enumerate(day(23, 120, datetime.now(UTC))):
        event = json.loads(value)
        text = json.dumps(event | {"data": marked(event["data"])}).encode()
        record = Record(subject.encode(), text, STRUCTURED_HEADERS)
        is_readable = not isinstance(read_reported(record, None), Unreadable)
        yield subject.encode(), text if is_readable else value
        if number % 40 == 0:
            yield subject.encode(), text[:-20]
            yield subject.encode(), json.dumps(event | {"data": {"title": MARK}}).encode()


def changes() -> Iterator[tuple[None, bytes]]:
    for number, change in enumerate(salesforce(5, 60, datetime.now(UTC))):
        text = json.dumps(marked(json.loads(change))).encode()
        yield None, text if number % 20 else text[:-9]


@pytest.mark.long
async def test_what_is_personal_or_secret_stands_nowhere(world: World) -> None:
    ports = {name: free_port() for name in SERVICES}
    world.dsn = world.dsn.replace("postgres@", f"postgres:{SECRET}@")
    world.more = {"ESCALATION_SMTP__PASSWORD": SECRET, "ESCALATION_KAFKA__SASL_PASSWORD": SECRET}
    for name, port in ports.items():
        world.start_as(name, name, ESCALATION_HEALTH__PORT=str(port))
    await world.publish_raw(records())
    await world.publish_raw(changes(), topics.SALESFORCE, ())
    await world.until_decided()
    await until(lambda: caught_up(world))
    await until(lambda: all_told(world))

    seen = {f"{path} of {name}": await asked(port, path)
            for name, port in ports.items() for path in ("/metrics", "/readyz")}  # fmt: skip
    seen |= dict(logs("log of", world.logs)) | dict(logs("server's", world.servers.data / "logs"))
    seen["processes"] = "\n".join(process_list())
    for words in COMMANDS:
        code, out, error = await run(*words, environment=world.environment())
        assert code in (0, 3), (words, error)
        seen[" ".join(words)] = out + error
    for topic in (topics.ESCALATION_EVENTS, topics.ESCALATION_STATE):
        kept = await world.records(topic.name)
        assert kept
        seen[topic.name] = "\n".join(f"{one.key} {one.headers} {one.value}" for one in kept)
    for name in SERVICES:
        letters = await world.records(topics.dead_letters(name).name)
        seen[f"headers of {name}'s dead letters"] = "\n".join(str(one.headers) for one in letters)

    assert (
        "dead-letter" in seen["log of decider.log"] and "dead-letter" in seen["log of intake.log"]
    )
    assert MARK in str(await world.records(topics.CASE_EVENTS.name)), "the day is marked"
    for where, text in seen.items():
        for mark in (MARK, SECRET):
            at = text.lower().find(mark)
            assert at < 0, f"{where}: …{text[max(0, at - 200) : at + 60]}…"
    assert len(seen) > 25


async def all_told(world: World) -> bool:
    (row,) = await world.query("SELECT notifier.pending() AS number")
    return int(row["number"]) == 0


async def asked(port: int, path: str) -> str:
    code, text = await answered(port, path)
    assert code and text
    return text


def logs(label: str, folder: Path) -> Iterator[tuple[str, str]]:
    for file in folder.glob("*.log*"):
        yield f"{label} {file.name}", file.read_text("utf-8", "replace")


def process_list() -> Iterator[str]:
    """The command line of every process, as anybody on the machine may read it."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield file.read_text("utf-8", "replace")
        except OSError:  # it has ended
            continue
