"""The order in which escalations want attention: six bands by plain rules, inside a band a score.

One table says what counts how much. The SQL that computes both for any instant is built from it,
and so is the page that explains the order: they cannot differ. Points come from elapsed time only,
and from the escalation alone: an event of another case changes no score. The customer's tier is
left out on purpose: deadlines already depend on it, and the order has to be fair to all (002-12).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Band:
    """``rule`` is what the page says; ``sql`` is true where the band fits. The first fits."""

    code: str
    name: str
    rule: str
    sql: str


@dataclass(frozen=True)
class ScorePart:
    """``counts`` is what the page says of the points; ``sql`` computes them, null for none."""

    code: str
    name: str
    counts: str
    sql: str


BANDS: Final = (
    Band("broken", "Broken promises", "a promise is past due, also where its clock stands still",
         "promise_late_since IS NOT NULL"),
    Band("waits", "Waits for a decision", "an approver has to decide",
         "status = 'awaiting-approval'"),
    Band("at-risk", "At risk",
         "something is due within 4 hours, an expectation is past due, there was no update for 24 "
         "hours, the trend is declining, or nobody owns it",
         "status <> 'monitored' AND (next_in <= interval '4 hours' "
         "OR expected_late_since IS NOT NULL OR silent_for >= interval '24 hours' "
         "OR trend = 'declining' OR owner IS NULL)"),
    Band("on-track", "On track", "none of the above, and its clock runs",
         "status <> 'monitored' AND NOT paused"),
    Band("customer", "Waits for the customer", "its clock stands still, and nothing is past due",
         "status <> 'monitored'"),
    Band("watched", "Watched", "it calmed down and is watched until its end", "true"),
)  # fmt: skip

PARTS: Final = (
    ScorePart("overdue-promise", "promise past due", "30, and 1 per full hour, at most 60",
              "30 + least(30, floor(extract(epoch FROM at - promise_late_since) / 3600))"),
    ScorePart("overdue-expectation", "expectation past due",
              "20, and 1 per two full hours, at most 35; not beside a promise past due",
              "CASE WHEN promise_late_since IS NULL THEN "
              "20 + least(15, floor(extract(epoch FROM at - expected_late_since) / 7200)) END"),
    ScorePart("due-soon", "next duty due", "within 1 hour 20, within 4 hours 14, within 24 hours 8",
              "CASE WHEN promise_late_since IS NULL AND expected_late_since IS NULL THEN "
              "CASE WHEN next_in <= interval '1 hour' THEN 20 "
              "WHEN next_in <= interval '4 hours' THEN 14 "
              "WHEN next_in <= interval '24 hours' THEN 8 END END"),
    ScorePart("severity", "severity", "S1 or high 20, S2 or medium 12, S3 or low 6, S4 2; the "
              "larger of case and escalation",
              "greatest(CASE severity WHEN 'S1' THEN 20 WHEN 'S2' THEN 12 WHEN 'S3' THEN 6 "
              "WHEN 'S4' THEN 2 END, CASE escalation_severity WHEN 'high' THEN 20 "
              "WHEN 'medium' THEN 12 WHEN 'low' THEN 6 END)"),
    ScorePart("level", "level", "team manager 4, department head 8, executive 12",
              "CASE level WHEN 'team-manager' THEN 4 WHEN 'department-head' THEN 8 "
              "WHEN 'executive' THEN 12 END"),
    ScorePart("nobody", "nobody owns it", "10",
              "CASE WHEN owner IS NULL AND status <> 'awaiting-approval' THEN 10 END"),
    ScorePart("triage", "triage says it goes first", "10", "CASE WHEN prioritised THEN 10 END"),
    ScorePart("silent", "no update", "for 24 hours 6, 48 hours 10, 72 hours 14",
              "CASE WHEN silent_for >= interval '72 hours' THEN 14 "
              "WHEN silent_for >= interval '48 hours' THEN 10 "
              "WHEN silent_for >= interval '24 hours' THEN 6 END"),
    ScorePart("trend", "trend", "declining 8, improving -4",
              "CASE trend WHEN 'declining' THEN 8 WHEN 'improving' THEN -4 END"),
    ScorePart("misses", "duties missed before", "3 each, at most 9",
              "nullif(least(9, 3 * misses), 0)"),
)  # fmt: skip

_DUTY: Final = """
    SELECT min(late.since) FILTER (WHERE late.kind = 'promise') AS promise_late_since,
           min(late.since) FILTER (WHERE late.kind IS DISTINCT FROM 'promise')
               AS expected_late_since,
           min(late.due_at) FILTER (WHERE late.since IS NULL) - at AS next_in
    FROM (
        SELECT one->>'kind' AS kind, (one->>'due_at')::timestamptz AS due_at,
               least((one->>'missed_since')::timestamptz,
                     CASE WHEN (one->>'due_at')::timestamptz < at
                          THEN (one->>'due_at')::timestamptz END) AS since
        FROM jsonb_array_elements(o.open_duties) AS one
    ) AS late
"""


def _bands() -> str:
    cases = " ".join(f"WHEN {band.sql} THEN {rank}" for rank, band in enumerate(BANDS))
    return f"CASE {cases} END"


def _parts() -> str:
    return ", ".join(f"'{part.code}', ({part.sql})::integer" for part in PARTS)


def ordered(rows: str) -> str:
    """A query for the open escalations of ``rows``, each with band, score and its parts; ``$1`` is
    the instant. In the order of attention: band, score, what is due first, id."""
    return f"""
WITH moment AS (SELECT $1::timestamptz AS at),
placed AS (
    SELECT o.*, moment.at, late.*,
           CASE WHEN o.status IN ('escalated', 'acknowledged')
                THEN moment.at - coalesce(o.last_update_at, o.accepted_at) END AS silent_for
    FROM moment CROSS JOIN (SELECT * FROM {rows} AS every OFFSET 0) AS o  -- computed once a row
    CROSS JOIN LATERAL ({_DUTY}) AS late
), judged AS (
    SELECT placed.*, {_bands()} AS band_rank,
           jsonb_strip_nulls(jsonb_build_object({_parts()})) AS parts
    FROM placed
), scored AS (
    SELECT judged.*, (ARRAY{[band.code for band in BANDS]}::text[])[band_rank + 1] AS band,
           coalesce((SELECT sum(value::integer) FROM jsonb_each_text(parts)), 0)::integer AS score
    FROM judged
)
SELECT * FROM scored ORDER BY band_rank, score DESC, next_due_at NULLS LAST, escalation_id
"""  # noqa: S608 - parts of this file


NOW: Final = ordered("review.open_escalations")
"""As of now; ``$1`` is the database's now."""
ONE: Final = ordered("(SELECT * FROM review.open_escalations WHERE case_id = $16)")
"""Of one case alone; ``$16`` is its id."""
THEN: Final = ordered("review.open_escalations_at($1, $1)")
"""As of a past moment, as known then."""
