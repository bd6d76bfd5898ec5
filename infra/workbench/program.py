"""The ``escalation`` program: every service's commands under one name.

Data goes to stdout, everything else to stderr. Exit 0 ok, 1 failure, 2 usage, 3 a check found
something.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

import typer

from infra.workbench.command_index import mount, mount_all

COMPLETING = "_ESCALATION_COMPLETE"
"""Set by a shell that wants to know what could follow."""


def program() -> typer.Typer:
    """The program without its commands."""
    app = typer.Typer(
        no_args_is_help=True,
        help="Which cases are escalated, why each request was decided as it was, who owes what.",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(lambda: None)
    return app


def complete_program() -> typer.Typer:
    """The program with every command."""
    app = program()
    mount_all(app)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; what a person can mend is said in a sentence, not in a traceback."""
    logging.basicConfig(level=logging.CRITICAL)  # what libraries say is not for this reader
    given = sys.argv[1:] if arguments is None else list(arguments)
    if COMPLETING in os.environ:
        app = complete_program()
    else:
        app = program()
        mount(app, next((one for one in given if not one.startswith("-")), None))
    try:
        app(given, prog_name="escalation")
    except Exception as problem:
        _say(problem)


def _say(problem: Exception) -> None:
    """Errors: the problem itself, where nobody at the prompt can mend it."""
    from rich.console import Console

    from infra.runtime.plain_text import visible_lines
    from infra.workbench.remedies import MENDABLE, explained

    if not isinstance(problem, MENDABLE):
        raise problem
    sentence, code = explained(problem)
    Console(stderr=True).print(visible_lines(sentence), markup=False, soft_wrap=True)
    sys.exit(code)
