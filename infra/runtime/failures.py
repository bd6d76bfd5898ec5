"""Describe an error without what it may quote: messages often hold the value that was refused.

For logs. A message is kept only where its kind speaks of servers, files or our own state.
"""

from __future__ import annotations

import traceback
from typing import Final

import asyncpg
from aiokafka.errors import KafkaError

DEEPEST: Final = 30
"""Frames of a traceback that are kept, the innermost ones."""
_SAFE: Final = (OSError, RuntimeError, KafkaError, asyncpg.InterfaceError)
_OURS: Final = ("infra.", "services.", "schemas.", "__main__")


def described(error: BaseException) -> str:
    """What happened, in one line: the class, and the message where it can quote nobody."""
    kind = type(error)
    if isinstance(error, asyncpg.PostgresError):
        facts = ("sqlstate", "schema_name", "table_name", "column_name", "constraint_name")
        told = [str(one) for name in facts if (one := getattr(error, name, None))]
        return f"{kind.__name__}: {' '.join(told)}"
    is_safe = isinstance(error, _SAFE) or kind.__module__.startswith(_OURS)
    message = str(error).strip() if is_safe else ""
    return f"{kind.__name__}: {message}" if message else kind.__name__


def traced(error: BaseException) -> list[str]:
    """Where it happened, outermost first, a line per frame; then what was raised on the way."""
    lines = [
        f"{frame.filename}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-DEEPEST:]
    ]
    lines.append(described(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and len(lines) < 4 * DEEPEST:
        lines += ["caused by", *traced(before)]
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions[:3]:
            lines += ["one of", *traced(one)]
    return lines
