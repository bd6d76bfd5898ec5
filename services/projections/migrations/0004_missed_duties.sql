-- migrate:up
-- What became of each duty that was missed: a report that comes late does not rewrite history.
CREATE VIEW review.missed_duties AS
SELECT m.data->>'escalation_id' AS escalation_id,
       CASE WHEN m.subject LIKE '%/%' THEN NULL ELSE m.subject END AS case_id,
       m.subject,
       m.data->>'duty' AS duty,
       (m.data->>'due_at')::timestamptz AS due_at,
       done.at AS done_at,
       CASE WHEN done.kept THEN 'kept, reported late'
            WHEN done.at IS NOT NULL THEN 'done late'
            ELSE 'missed' END AS outcome
FROM projections.events AS m
LEFT JOIN LATERAL (
    SELECT (one->>'at')::timestamptz AS at, (one->>'kept')::boolean AS kept
    FROM projections.events AS e, jsonb_array_elements(e.data->'fulfilled') AS one
    WHERE e.subject = m.subject AND e.type LIKE 'support.escalation.%'
      AND e.data->>'escalation_id' = m.data->>'escalation_id'
      AND jsonb_typeof(e.data->'fulfilled') = 'array'
      AND one->>'duty' = m.data->>'duty'
      AND (one->>'due_at')::timestamptz = (m.data->>'due_at')::timestamptz
    ORDER BY e.kafka_offset LIMIT 1
) AS done ON true
WHERE m.type = 'support.escalation.deadline-missed.v1';
COMMENT ON VIEW review.missed_duties IS
    'One row per duty that was missed, and what became of it since.';
COMMENT ON COLUMN review.missed_duties.outcome IS
    'missed; done late; or kept, reported late: it was done in time, and only told after.';
GRANT SELECT ON review.missed_duties TO escalation_reader;

-- migrate:down
DROP VIEW review.missed_duties;
