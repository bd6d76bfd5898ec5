-- migrate:up

-- Account escalations have cases; 003-19 asks for three lamps; a clock may stand still.
ALTER TABLE projections.escalations
    ADD COLUMN case_ids text[] NOT NULL DEFAULT '{}',
    ADD COLUMN escalation_severity text,
    ADD COLUMN paused boolean NOT NULL DEFAULT false,
    ADD COLUMN resources_at timestamptz,
    ADD COLUMN communication_at timestamptz,
    ADD COLUMN action_plan_at timestamptz;

-- Whose turn it is on a case: the last public word, or question, decides. Null where its events
-- have aged out.
CREATE FUNCTION projections.turn(case_subject text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN e.type = 'support.case.information-requested.v1' THEN 'customer'
        WHEN e.data IS NULL THEN NULL
        WHEN e.type = 'support.case.opened.v1' OR e.data->>'author_role' = 'customer' THEN 'agent'
        ELSE 'customer'
    END
    FROM projections.events AS e
    WHERE e.subject = case_subject
      AND (e.type IN ('support.case.information-requested.v1', 'support.case.opened.v1')
           OR (e.type = 'support.case.comment-added.v1'
               AND coalesce(nullif(trim(e.data->>'visibility'), ''), 'public') = 'public'
               AND e.data->>'author_role' <> 'bot'))
    ORDER BY e.type = 'support.case.opened.v1', e.kafka_offset DESC
    LIMIT 1
$$;

CREATE OR REPLACE VIEW review.escalation_status AS
SELECT e.escalation_id,
       CASE WHEN e.subject LIKE '%/%' THEN NULL ELSE e.subject END AS case_id,
       coalesce(e.account_id, c.account_id) AS account_id,
       c.title, c.severity, c.tier, e.reason, e.status, e.level, e.colour,
       e.requested_at, e.accepted_at, e.acknowledged_at, e.de_escalated_at, e.ended_at,
       e.owner_id AS owner, e.primary_contact, e.next_duty, e.next_due_at,
       coalesce(e.next_due_at < now(), false) AS overdue,
       e.last_update_at, e.trend, e.policy, e.policy_version,
       e.escalation_severity, e.case_ids, e.paused,
       CASE WHEN e.subject NOT LIKE '%/%' THEN projections.turn(e.subject) END AS turn,
       e.resources_at, e.communication_at, e.action_plan_at
FROM projections.escalations e LEFT JOIN projections.cases c ON c.case_id = e.subject;
COMMENT ON COLUMN review.escalation_status.case_ids IS
    'The cases of an account escalation that are linked to it.';
COMMENT ON COLUMN review.escalation_status.turn IS
    'Whose turn it is: agent or customer, by the last public comment or question.';
COMMENT ON COLUMN review.escalation_status.paused IS
    'Whether a clock stands still because the customer was asked for something.';
COMMENT ON COLUMN review.escalation_status.escalation_severity IS
    'high, medium or low: what the colour stands for.';
COMMENT ON COLUMN review.escalation_status.resources_at IS
    'When resources were decided on (evaluated); null: not yet.';
COMMENT ON COLUMN review.escalation_status.communication_at IS
    'When a communication plan was agreed; null: not yet.';
COMMENT ON COLUMN review.escalation_status.action_plan_at IS
    'When an action plan was shared; null: not yet.';

CREATE OR REPLACE VIEW review.rejections AS
SELECT CASE WHEN case_id LIKE '%/%' THEN NULL ELSE case_id END AS case_id,
       request_id, requested_at, codes, eligible_at, policy, policy_version,
       CASE WHEN case_id LIKE 'account/%' THEN substr(case_id, 9) END AS account_id
FROM projections.rejections;

-- migrate:down
DROP FUNCTION projections.turn CASCADE;
