"""Which messages nobody needs any more."""

from __future__ import annotations

import pytest

from schemas import decided
from services.notifier.planning.plan import Superseded, superseded
from tests.notifier.decisions import NOON, accepted, decision


def test_a_voided_escalation_makes_what_support_would_read_pointless() -> None:
    event = decision(
        decided.Voided, escalation_id="escalation-1", reason="entered-by-mistake",
        restores_right=True,
    )  # fmt: skip
    (found,) = superseded(event.data)
    assert found.why == "voided"
    assert "handover" in found.templates and "accepted" not in found.templates


def test_a_fulfilled_duty_makes_only_its_own_alarm_pointless() -> None:
    event = decision(
        decided.CustomerContacted, escalation_id="escalation-1",
        fulfilled=[{"duty": "first-contact", "due_at": NOON, "at": NOON, "kept": True}],
    )  # fmt: skip
    assert superseded(event.data) == (
        Superseded("escalation-1", ("deadline-missed",), "fulfilled", "first-contact", NOON),
    )


@pytest.mark.parametrize("kind", [decided.Accepted, decided.Declined])
def test_an_answered_approval_is_wanted_no_more(kind: type[decided.Decision]) -> None:
    event = (
        accepted()
        if kind is decided.Accepted
        else decision(kind, escalation_id="escalation-1", by_id=None)
    )
    found, *_ = superseded(event.data)
    assert "approval-wanted" in found.templates


def test_an_acknowledgement_makes_nothing_pointless() -> None:
    assert superseded(decision(decided.Acknowledged, escalation_id="escalation-1").data) == ()
