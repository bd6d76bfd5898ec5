"""The program lists its commands without importing them, and imports for each what it needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from infra.workbench.command_index import COMMANDS, mount
from infra.workbench.program import complete_program, program
from schemas.codec import write
from tests.stories import NOON, opened

RUN = """
import json, sys
from infra.workbench.program import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
SERVERS = {"aiokafka", "aiohttp", "asyncpg", "structlog", "jinja2", "holidays", "faust"}
"""Libraries that take long to import, and which only those need who talk to servers."""


def imported(*arguments: str) -> set[str]:
    """The modules that a command has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    ("arguments", "without", "at_most"),
    [
        (["--help"], {*SERVERS, "pydantic", "yaml"}, 360),
        (["policy", "lint", "policies/shipped/time-gated/1.yaml"], SERVERS - {"holidays"}, 440),
        (["validate", "{events}"], SERVERS, 500),
        (["run", "--help"], {"aiokafka", "asyncpg", "jinja2"}, 520),
        (["review", "--help"], SERVERS - {"asyncpg"}, 660),
    ],
)
def test_a_command_imports_what_it_needs(
    arguments: list[str], without: set[str], at_most: int, tmp_path: Path
) -> None:
    events = tmp_path / "events.jsonl"
    events.write_bytes(write(opened(NOON)) + b"\n")
    found = imported(*(one.format(events=events) for one in arguments))
    assert not {one.partition(".")[0] for one in found} & without
    assert len(found) <= at_most, len(found)


def test_the_list_of_commands_says_what_the_commands_say() -> None:
    assert listed(complete_program()) == listed(only_listed())
    assert set(typer.main.get_command(complete_program()).commands) == set(COMMANDS)  # type: ignore[attr-defined]


def test_an_unknown_command_is_told_what_may_be_meant() -> None:
    answer = CliRunner().invoke(only_listed(), ["revew"])
    assert answer.exit_code == 2 and "Did you mean 'review'?" in answer.output


def only_listed() -> typer.Typer:
    app = program()
    mount(app, None)
    return app


def listed(app: typer.Typer) -> dict[str, str]:
    """The first sentence of each command's help, as the list of commands shows it."""
    text = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    lines = (line.strip("│ ") for line in text.splitlines())
    pairs = (line.split(maxsplit=1) for line in lines)
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and pair[0] in COMMANDS}
