"""The policies that this process judges by, and until when it knows of all that were published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.runtime.logs import get_logger
from policies.catalogue import Policies
from policies.file import parsed
from policies.margins import KNOWN_AHEAD
from policies.topic import PolicyTopic
from schemas import topics
from services.escalation.decider.partition import LATEST

log = get_logger(__name__)


@dataclass
class PolicyCatalogue:
    """The policies as they are now, and the topic of further versions."""

    policies: Policies
    topic: PolicyTopic

    def learn(self, texts: list[str]) -> None:
        """Take further versions. One that cannot be used is said and harms no other."""
        found, problems = parsed(texts, topics.POLICIES.name)
        for problem in problems:
            log.warning("policy-refused", why=problem)
        self.policies = self.policies.with_versions(found)
        log.info("policies-learnt", versions=[f"{one.policy}@{one.version}" for one in found])

    async def until_known_for(self, records: Iterable[Any]) -> bool:
        """Wait until every version that may judge these records is known; whether that took a
        wait, and what was learnt meanwhile must be used for them."""
        stamps = (one.timestamp / 1000 for one in records)
        latest = max((one for one in stamps if 0 <= one < LATEST.timestamp()), default=0.0)
        needed = datetime.fromtimestamp(latest, UTC) - KNOWN_AHEAD
        if needed <= self.topic.caught_up_at:
            return False
        await self.topic.until_caught_up_at(needed)
        return True


def age_of(catalogue: PolicyCatalogue) -> timedelta:
    """How long ago the end of the policies topic was last seen."""
    return datetime.now(UTC) - catalogue.topic.caught_up_at
