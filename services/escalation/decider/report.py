"""Say and count what a committed batch holds: outcomes, decisions, dead letters, deadlines."""

from __future__ import annotations

import time

from infra.runtime.dead_letters import report_dead_letter
from infra.runtime.logs import get_logger
from services.escalation.decider import metrics
from services.escalation.decider.batch import Counts, DecidedBatch
from services.escalation.decider.transactions import SourcePartition

log = get_logger(__name__)


def report(place: SourcePartition, batch: DecidedBatch) -> None:
    """Call this once the batch stands in Kafka."""
    for outcome, number in batch.outcomes.items():
        metrics.EVENTS.labels(outcome=outcome.value).inc(number)
    _count(batch.counts)
    for record, why in batch.dead_letters:
        report_dead_letter(
            "decider", topic=place.source.topic, partition=place.partition,
            offset=record.offset, reason=why.reason,
        )  # fmt: skip
    for one in batch.dropped:
        metrics.DROPPED.inc()
        log.warning(
            "deadline-dropped", partition=place.partition, offset=one.offset,
            subject=one.subject, failed=one.failed,
        )  # fmt: skip


def _count(counts: Counts) -> None:
    for type_, number in counts.decisions.items():
        metrics.DECISIONS.labels(type=type_).inc(number)
    for type_, number in counts.unknown_types.items():
        metrics.UNKNOWN_TYPES.labels(type=metrics.as_label(type_)).inc(number)
    metrics.UNKNOWN_PROGRAMS.inc(counts.unknown_programs)
    now = time.time()
    for due_at in counts.missed:
        metrics.LATENESS.observe(max(0.0, now - due_at.timestamp()))
