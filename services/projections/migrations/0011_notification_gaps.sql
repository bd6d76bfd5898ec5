-- migrate:up
-- Accepted escalations of which nobody heard. Asks the notifier's own view; its schema is migrated
-- before this one.
CREATE VIEW review.notification_gaps AS
SELECT n.escalation_id, min(n.case_id) AS case_id, min(n.account_id) AS account_id,
       min(n.event_time) AS accepted_at, count(DISTINCT n.message_id)::integer AS messages,
       array_agg(DISTINCT n.state ORDER BY n.state) AS states,
       min(coalesce(e.team, c.team)) AS team
FROM analytics.fct_notification AS n
LEFT JOIN projections.escalations AS e ON e.escalation_id = n.escalation_id
LEFT JOIN projections.cases AS c ON c.case_id = n.case_id
WHERE n.event_type = 'support.escalation.accepted.v1' AND n.escalation_id IS NOT NULL
GROUP BY n.escalation_id
HAVING NOT bool_or(n.state IN ('sent', 'planned'));
COMMENT ON VIEW review.notification_gaps IS
    'One row per accepted escalation for which nobody was reached, and nobody is about to be.';
COMMENT ON COLUMN review.notification_gaps.escalation_id IS 'The escalation.';
COMMENT ON COLUMN review.notification_gaps.case_id IS 'The case; null for an account.';
COMMENT ON COLUMN review.notification_gaps.account_id IS 'The account, of account escalations.';
COMMENT ON COLUMN review.notification_gaps.accepted_at IS 'When it was accepted.';
COMMENT ON COLUMN review.notification_gaps.messages IS 'How many messages were meant to tell of it.';
COMMENT ON COLUMN review.notification_gaps.states IS
    'What became of them: failed, cancelled, suppressed (it happened too long ago), no-address.';
COMMENT ON COLUMN review.notification_gaps.team IS 'Team of the escalation, else of the case; null: none.';
GRANT SELECT ON review.notification_gaps TO escalation_reader;

-- migrate:down
DROP VIEW review.notification_gaps;
