"""Say and count what a committed batch holds: outcomes, decisions, dead letters, deadlines."""

from __future__ import annotations

from infra.runtime.dead_letters import report_dead_letter
from infra.runtime.logs import get_logger
from services.escalation.decider.batch import Batch
from services.escalation.decider.metrics import DECISIONS, DROPPED, EVENTS
from services.escalation.decider.transactions import Place

log = get_logger(__name__)


def report(place: Place, batch: Batch) -> None:
    """Call this once the batch stands in Kafka."""
    DECISIONS.inc(len(batch.decisions))
    for outcome, number in batch.outcomes.items():
        EVENTS.labels(outcome=outcome.value).inc(number)
    for record, why in batch.dead_letters:
        report_dead_letter(
            "decider", topic=place.source.topic, partition=place.partition,
            offset=record.offset, reason=why.reason,
        )  # fmt: skip
    for one in batch.dropped:
        DROPPED.inc()
        log.warning(
            "deadline-dropped", partition=place.partition, offset=one.offset,
            subject=one.subject, failed=one.failed,
        )  # fmt: skip
