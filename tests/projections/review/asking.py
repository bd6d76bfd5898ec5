"""Ask the program, in this process, as somebody with a login of a database would."""

from __future__ import annotations

import asyncio
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO

import pytest

from infra.workbench.program import main


@dataclass(frozen=True)
class Answer:
    """What the program answered."""

    exit_code: int
    stdout: str
    stderr: str


async def ask(dsn: str, *words: str, columns: int = 132) -> Answer:
    """The answer with this database, on a terminal of so many columns."""
    settings = {"ESCALATION_POSTGRES__DSN": dsn, "COLUMNS": str(columns), "TERM": "xterm"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        return await asyncio.to_thread(_answer, words)


def _answer(words: tuple[str, ...]) -> Answer:
    out, error = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(error):
        try:
            main(words)
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    return Answer(code, out.getvalue(), error.getvalue())
