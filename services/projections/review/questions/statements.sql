-- What managers' commands ask of Postgres, by name; only views of review and analytics.
-- As of a moment: $1 is the moment and $2 whether it is a past one, which also leaves out what was
-- recorded after it. A decision was known when its cause was recorded; of what the decider reports
-- to itself no row is kept, and then the decision's own record says when.

-- name: open_escalations
SELECT * FROM review.escalation_status WHERE status = ANY($1)

-- name: open_of_case
SELECT * FROM review.escalation_status WHERE status = ANY($1) AND case_id = $2

-- name: cases
SELECT * FROM review.cases WHERE case_id = ANY($1)

-- name: names
SELECT person_id, name FROM review.people WHERE person_id = ANY($1) AND name IS NOT NULL

-- name: freshness
SELECT max(updated_at) AS at FROM analytics.projection_watermark

-- name: is_known
SELECT 1 FROM review.case_events WHERE subject = $1 LIMIT 1

-- name: decisions
-- In the order in which they are folded; $3 null: about everything.
SELECT e.event_id, e.source, e.type, e.name, e.subject, e.case_seq, e.decided, e.occurred_at, e.data
FROM review.case_events AS e
LEFT JOIN review.case_events AS cause ON $2::boolean AND NOT cause.decided
 AND cause.kafka_partition = e.kafka_partition AND cause.kafka_offset = e.source_offset
WHERE e.decided AND e.occurred_at <= $1
  AND (NOT $2 OR coalesce(cause.recorded_at, e.recorded_at) <= $1)
  AND ($3::text IS NULL OR e.subject = $3)
ORDER BY e.kafka_partition, e.kafka_offset

-- name: decisions_between
SELECT e.name, e.subject, e.occurred_at, e.data
FROM review.case_events AS e
LEFT JOIN review.case_events AS cause ON $2::boolean AND NOT cause.decided
 AND cause.kafka_partition = e.kafka_partition AND cause.kafka_offset = e.source_offset
WHERE e.type = ANY($3) AND e.occurred_at > $4 AND e.occurred_at <= $1
  AND (NOT $2 OR coalesce(cause.recorded_at, e.recorded_at) <= $1)
ORDER BY e.occurred_at, e.kafka_partition, e.kafka_offset

-- name: kept
-- Duties of some subjects that were kept.
SELECT e.subject, done->>'duty' AS duty, (done->>'due_at')::timestamptz AS due_at
FROM review.case_events AS e
JOIN LATERAL jsonb_array_elements(
    CASE jsonb_typeof(e.data->'fulfilled') WHEN 'array' THEN e.data->'fulfilled' ELSE '[]' END
) AS done ON (done->>'kept')::boolean AND done->>'due_at' IS NOT NULL
LEFT JOIN review.case_events AS cause ON $2::boolean AND NOT cause.decided
 AND cause.kafka_partition = e.kafka_partition AND cause.kafka_offset = e.source_offset
WHERE e.decided AND e.subject = ANY($3) AND e.occurred_at <= $1
  AND (NOT $2 OR coalesce(cause.recorded_at, e.recorded_at) <= $1)

-- name: facts
-- Reported events of some kinds about some subjects.
SELECT event_id, source, type, name, subject, case_seq, decided, occurred_at, recorded_at, data,
       text_expired
FROM review.case_events
WHERE NOT decided AND subject = ANY($3) AND name = ANY($4)
  AND occurred_at <= $1 AND (NOT $2 OR recorded_at <= $1)
ORDER BY kafka_offset

-- name: last_words
-- The last public word or question on each case, or its opening: whose turn it is.
SELECT DISTINCT ON (subject) subject, name, data, text_expired
FROM review.case_events
WHERE NOT decided AND subject = ANY($3)
  AND occurred_at <= $1 AND (NOT $2 OR recorded_at <= $1)
  AND (name IN ('information-requested', 'opened')
       OR (name = 'comment-added'
           AND (data IS NULL
                OR (coalesce(nullif(trim(data->>'visibility'), ''), 'public') = 'public'
                    AND coalesce(data->>'automatic', 'false') <> 'true'
                    AND data->>'author_role' <> 'bot'))))
ORDER BY subject, name = 'opened', kafka_offset DESC

-- name: improvements
-- What tells whether an improvement is owed now.
SELECT name, subject, case_seq, decided, data->>'escalation_id' AS escalation_id
FROM review.case_events
WHERE subject = ANY($1)
  AND ((decided AND name = ANY($2)) OR (NOT decided AND name = 'reopened'))

-- name: not_told
-- Messages that reached nobody: no usable address, or no server took them.
SELECT DISTINCT ON (message_id) subject, audience, template, state, reply_code, event_time,
       planned_at, settled_at
FROM analytics.fct_notification
WHERE state IN ('no-address', 'failed')
  AND coalesce(settled_at, planned_at) > $1 AND coalesce(settled_at, planned_at) <= $2
ORDER BY message_id, attempt DESC NULLS LAST

-- name: messages
-- Each message about a case or account, with its last attempt.
SELECT DISTINCT ON (message_id) event_id, event_type, audience, channel, template, state, outcome,
       reply_code, cancelled_because, event_time, planned_at, ended_at, settled_at
FROM analytics.fct_notification
WHERE subject = $1
ORDER BY message_id, attempt DESC NULLS LAST

-- name: timeline
-- The last events of a subject; heard is the latest time of what had been recorded before each.
WITH placed AS (
    SELECT event_id, causation_id, correlation_id, type, name, decided, occurred_at, recorded_at,
           topic, kafka_offset, case_seq, data, text_expired,
           max(occurred_at) OVER (
               ORDER BY case_seq, decided, kafka_offset
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
           ) AS heard,
           count(*) OVER () AS every
    FROM review.case_events WHERE subject = $1
)
SELECT * FROM placed
ORDER BY occurred_at DESC, case_seq DESC, decided DESC, kafka_offset DESC LIMIT $2

-- name: missed
SELECT data->>'duty' AS duty, occurred_at AS due_at
FROM review.case_events WHERE subject = $1 AND decided AND name = 'deadline-missed'

-- name: judged
-- Decisions on requests of a subject and what became of them.
SELECT event_id, causation_id, type, name, decided, occurred_at, data
FROM review.case_events WHERE subject = $1 AND decided AND name = ANY($2)
ORDER BY kafka_offset

-- name: causes
SELECT event_id, name, occurred_at, data, text_expired
FROM review.case_events WHERE subject = $1 AND NOT decided AND event_id = ANY($2)
