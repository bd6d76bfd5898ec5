"""Very much was said about a case: its timeline is told in bounded time, the latest of it."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from schemas import reported
from tests.projections.filling import fill
from tests.projections.review.asking import ask
from tests.projections.review.histories import Told, records
from tests.stories import event, opened

BEGAN = datetime(2026, 11, 16, 8, tzinfo=UTC)
COMMENTS = 50_000


def commented(number: int) -> Told:
    at = BEGAN + timedelta(seconds=number + 1)
    fact = reported.CommentAdded.model_validate(
        {"comment_id": f"c-{number}", "author": {"id": "ana"}, "author_role": "customer",
         "body": f"comment number {number}"}
    )  # fmt: skip
    return Told(event(fact, at, subject="LONG-1", event_id=f"comment-{number}"), at)


@pytest.mark.long
async def test_a_timeline_of_50_000_comments_is_told(database: str) -> None:
    first = opened(BEGAN)
    first.subject = "LONG-1"
    history = records([Told(first, BEGAN), *(commented(number) for number in range(COMMENTS))])
    for start in range(0, len(history), 5_000):
        await fill(database, history[start : start + 5_000])

    began = time.monotonic()
    shown = await ask(database, "timeline", "LONG-1")
    assert time.monotonic() - began < 20
    assert shown.exit_code == 0
    assert f"comment number {COMMENTS - 1}" in shown.stdout
    assert "comment number 1 " not in shown.stdout and len(shown.stdout) < 200_000
    assert "49801 earlier events are left out" in shown.stdout

    as_json = await ask(database, "timeline", "LONG-1", "--json", "--last", "10")
    assert len(json.loads(as_json.stdout)) == 10
    everything = await ask(database, "timeline", "LONG-1", "--json", "--last", "0")
    assert len(json.loads(everything.stdout)) == COMMENTS + 1
