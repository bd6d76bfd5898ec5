-- What the page keeps for itself, by name.

-- name: make_link
INSERT INTO board.links (secret, person_id, name, roles, teams, accounts, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, now() + $7::interval)

-- name: use_link
DELETE FROM board.links WHERE secret = $1 AND expires_at > now()
RETURNING person_id, name, roles, teams, accounts

-- name: begin_session
INSERT INTO board.sessions (secret, person_id, name, roles, teams, accounts)
VALUES ($1, $2, $3, $4, $5, $6)

-- name: whose
-- Use is noted once a minute: a page is no reason to write.
WITH found AS (
    SELECT secret, person_id, name, roles, teams, accounts FROM board.sessions
    WHERE secret = $1 AND used_at > now() - $2::interval AND begun_at > now() - $3::interval
), noted AS (
    UPDATE board.sessions AS s SET used_at = now() FROM found
    WHERE s.secret = found.secret AND s.used_at < now() - interval '1 minute'
)
SELECT person_id, name, roles, teams, accounts FROM found

-- name: end_session
DELETE FROM board.sessions WHERE secret = $1

-- name: make_token
INSERT INTO board.tokens (name, secret, accounts) VALUES ($1, $2, $3)

-- name: of_token
SELECT name, accounts FROM board.tokens WHERE secret = $1 AND revoked_at IS NULL

-- name: tokens
SELECT name, accounts, created_at, revoked_at FROM board.tokens ORDER BY name

-- name: revoke_token
UPDATE board.tokens SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL RETURNING name

-- name: submit
-- The first content under this id stands; a second one is told apart by what comes back.
INSERT INTO board.submissions (form_id, content, person_id, subject, type, request_id)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (form_id) DO UPDATE SET form_id = excluded.form_id
RETURNING content, topic_offset

-- name: published
UPDATE board.submissions SET topic_partition = $2, topic_offset = $3 WHERE form_id = $1

-- name: submission
SELECT * FROM board.submissions WHERE form_id = $1 AND person_id = $2

-- name: own_submissions
-- Each with the first decision that it led to.
SELECT s.*, decision.name AS decision
FROM (
    SELECT * FROM board.submissions WHERE person_id = $1 ORDER BY sent_at DESC LIMIT 50
) AS s
LEFT JOIN LATERAL (
    SELECT e.name FROM review.case_events AS e
    WHERE e.subject = s.subject AND e.decided AND s.topic_offset IS NOT NULL
      AND (e.causation_id = s.form_id OR e.data->>'request_id' = s.request_id)
    ORDER BY e.kafka_offset LIMIT 1
) AS decision ON true
ORDER BY s.sent_at DESC

-- name: decisions_on
SELECT name, occurred_at, data FROM review.case_events
WHERE subject = $1 AND decided AND (causation_id = $2 OR data->>'request_id' = $3)
ORDER BY kafka_offset

-- name: applied_up_to
-- How far the projections have read the case topic's partition.
SELECT next_offset FROM analytics.projection_watermark
WHERE partition = $1 AND topic LIKE '%support.case.events.v1'
