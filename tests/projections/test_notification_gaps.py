"""``review.notification_gaps``: an accepted escalation of which nobody heard."""

from __future__ import annotations

import pytest

from tests.projections.filling import connected

MESSAGE = """
    INSERT INTO notifier.message (message_id, event_id, audience, channel, template, event_type,
        event_time, subject, escalation_id, brief, said_at, due_at, state)
    VALUES (gen_random_uuid(), $1 || $2, $2, 'mail', 'accepted',
        'support.escalation.accepted.v1', now(), 'case-' || $1, $1, '{}', now(), now(), $3)
"""


@pytest.mark.parametrize(
    ("states", "is_gap"),
    [
        (("no-address",), True),
        (("failed", "suppressed"), True),
        (("failed", "sent"), False),
        (("no-address", "planned"), False),
    ],
)
async def test_a_gap_is_where_nobody_was_reached_and_nobody_will_be(
    database: str, states: tuple[str, ...], is_gap: bool
) -> None:
    async with connected(database) as owner:
        for number, state in enumerate(states):
            await owner.execute(MESSAGE, "one", str(number), state)
        rows = await owner.fetch("SELECT * FROM review.notification_gaps")
    assert [row["escalation_id"] for row in rows] == (["one"] if is_gap else [])
    for row in rows:
        assert (row["messages"], row["states"]) == (len(states), sorted(states))
