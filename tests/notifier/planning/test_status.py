"""The notifier tells an escalation's status in the words of the life cycle."""

from __future__ import annotations

import re
from importlib.resources import files

from schemas import decided
from schemas.lifecycle import OVER
from services.notifier.planning.escalations import OF_OLDER, EscalationState, after
from tests.notifier.decisions import NOON, accepted, decision

ONE = "escalation-1"


def test_each_decision_leads_to_the_status_of_the_life_cycle() -> None:
    now = after(None, accepted(), {})
    assert now is not None and now.status == "escalated"
    now = after(now, decision(decided.Acknowledged, NOON, escalation_id=ONE), {})
    assert now is not None and now.status == "acknowledged"
    held = decision(decided.MonitoringHeld, NOON, escalation_id=ONE, owed=["improvement"])
    now = after(now, held, {})
    assert now is not None and now.status == "monitored"
    over = decision(decided.MonitoringEnded, NOON, escalation_id=ONE, why="closed")
    now = after(now, over, {})
    assert now is not None and now.status == "ended" and now.duties == {}


def test_what_an_older_process_wrote_is_read() -> None:
    now = after(None, accepted(), {})
    assert now is not None
    for written, read in OF_OLDER.items():
        old = now.model_dump(mode="json") | {"status": written}
        assert EscalationState.model_validate(old).status == read


def test_sql_asks_for_what_is_over_by_the_same_words() -> None:
    text = (files("services.notifier") / "sql" / "statements.sql").read_text("utf-8")
    (listed,) = re.findall(r"state->>'status' NOT IN \(([^)]+)\)", text)
    assert set(re.findall(r"'([a-z-]+)'", listed)) == set(OVER)
