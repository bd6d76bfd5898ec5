"""Find the one record of a batch that cannot be applied, and go on without it.

A batch that fails is halved until the record that fails is alone. That record is set aside; all
others are applied, in their order. An outage is nobody's record: it passes through.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from traceback import extract_tb
from typing import Final, TypeVar

Record = TypeVar("Record")
Temporary = tuple[type[BaseException], ...]

_PROJECT: Final = Path(__file__).parents[2]


async def isolate(
    batch: Sequence[Record],
    apply: Callable[[Sequence[Record]], Awaitable[object]],
    set_aside: Callable[[Record, Exception], Awaitable[object]],
    temporary: Temporary = (OSError, TimeoutError),
) -> None:
    """Apply a batch whole if that works, else in ever smaller parts.

    ``apply`` must apply all of what it is given or, if it raises, nothing. ``set_aside`` gets a
    record that fails on its own, with its error. Errors in ``temporary`` say nothing about a
    record (a lost connection, a schema that is not there yet) and are raised to the caller, as is
    whatever ``set_aside`` raises; what was applied before then stays applied.
    """
    if not batch:
        return
    try:
        await apply(batch)
        return
    except temporary:
        raise
    except Exception as error:
        failed = error
    if len(batch) == 1:
        await set_aside(batch[0], failed)
        return
    middle = len(batch) // 2
    for half in (batch[:middle], batch[middle:]):
        await isolate(half, apply, set_aside, temporary)


def what_failed(error: BaseException) -> str:
    """Class and place of an error, for a dead letter: never its message, which may quote the
    record.

    For example ``ValueError at services/escalation/core/deadlines.py:41 in due_at``.
    """
    kind = type(error)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    frames = extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PROJECT)]
    ours = [frame for frame in ours if "site-packages" not in frame.filename] or ours or frames
    if not ours:
        return name
    place = Path(ours[-1].filename)
    if place.is_relative_to(_PROJECT):
        place = place.relative_to(_PROJECT)
    return f"{name} at {place}:{ours[-1].lineno} in {ours[-1].name}"
