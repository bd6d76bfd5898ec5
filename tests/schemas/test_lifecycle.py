"""The life cycle is one table: every status is reached, and open and over are all there is."""

from __future__ import annotations

from typing import get_args

from schemas.decided import DECISIONS
from schemas.lifecycle import OPEN, OVER, RUNNING, STATUS_AFTER, WATCHED, WITHOUT_DUTIES
from schemas.vocabulary import Status


def test_every_status_is_reached_by_a_decision_and_is_either_open_or_over() -> None:
    every = set(get_args(Status))
    assert set(STATUS_AFTER.values()) == every
    assert every == OPEN | OVER and not OPEN & OVER
    assert RUNNING < WATCHED < OPEN
    assert not WITHOUT_DUTIES & RUNNING
    assert STATUS_AFTER.keys() <= set(DECISIONS)
