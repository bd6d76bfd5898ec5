"""What managers ask works with a login that has ``escalation_reader`` and nothing more.

The commands come from where they are mounted, so that one added later is asked too.
"""

from __future__ import annotations

import asyncio
import inspect
from datetime import UTC, datetime, timedelta

import pytest
import typer
from typer.testing import CliRunner

from services.projections.review.cli import commands
from tests.projections.filling import connected

APP = typer.Typer()
commands.mount(APP)
COMMANDS = {
    one.callback.__name__: one.callback
    for one in APP.registered_commands
    if one.callback is not None
}
PAST = ["--as-of", (datetime.now(UTC) - timedelta(hours=1)).isoformat()]
FORMS = [
    (name, *more)
    for name in COMMANDS
    for more in ([], ["--json"], *([PAST] if name == "review" else []))
]


def test_the_commands_are_those_of_the_docs() -> None:
    assert {"review", "explain", "eligibility", "timeline"} <= set(COMMANDS)


async def test_every_command_answers_under_the_role_alone(login: str, filled: str) -> None:
    async with connected(filled) as owner:
        case = await owner.fetchval(
            "SELECT case_id FROM review.escalation_status WHERE case_id IS NOT NULL LIMIT 1"
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ESCALATION_POSTGRES__DSN", login)
        for form in FORMS:
            takes_a_case = "case" in inspect.signature(COMMANDS[form[0]]).parameters
            asked = [form[0], *([case] if takes_a_case else []), *form[1:]]
            answer = await asyncio.to_thread(CliRunner().invoke, APP, asked)
            assert answer.exit_code == 0, (asked, answer.output, answer.exception)
            assert len(answer.output) > 40, asked
