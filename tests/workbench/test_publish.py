"""Publishing into a real Kafka: what was not taken is named."""

from __future__ import annotations

import pytest

from infra.workbench.publish import NotAllSent, publish, to_case_topic
from tests.world import World


async def test_the_records_that_the_broker_did_not_take_are_named(world: World) -> None:
    fits, is_too_large = to_case_topic("case-1", b"{}"), to_case_topic("case-1", b"x" * 2_000_000)
    with pytest.raises(NotAllSent) as caught:
        await publish(world.kafka, [fits, is_too_large, fits])
    assert (caught.value.sent, caught.value.missing) == (1, [1, 2])
    assert "2000" in str(caught.value), "how large it was"
    assert await publish(world.kafka, [fits, fits]) == 2
