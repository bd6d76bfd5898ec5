-- migrate:up
-- Analysts read what each column means; case_id holds cases only, as everywhere.
CREATE OR REPLACE VIEW analytics.fct_notification AS
SELECT message_id, event_id, event_type,
       CASE WHEN case_id LIKE '%/%' THEN NULL ELSE case_id END AS case_id,
       escalation_id, request_id, policy, audience, channel, template, state, attempt, outcome,
       reply_code, cancelled_because, event_time, planned_at, attempted_at, ended_at, settled_at,
       latency_seconds, possible_duplicate, source_partition, source_offset,
       case_id AS subject,
       CASE WHEN case_id LIKE 'account/%' THEN substr(case_id, 9) END AS account_id
FROM notifier.fct_notification;
COMMENT ON COLUMN analytics.fct_notification.message_id IS
    'Id of the message; one row per attempt to deliver it.';
COMMENT ON COLUMN analytics.fct_notification.event_id IS 'Id of the decision that it tells.';
COMMENT ON COLUMN analytics.fct_notification.event_type IS 'CloudEvents type of that decision.';
COMMENT ON COLUMN analytics.fct_notification.case_id IS
    'The case; null where the message is about an account or a request that named no case.';
COMMENT ON COLUMN analytics.fct_notification.escalation_id IS 'The escalation, where there is one.';
COMMENT ON COLUMN analytics.fct_notification.request_id IS 'The request, where one caused it.';
COMMENT ON COLUMN analytics.fct_notification.policy IS 'Policy that decided it.';
COMMENT ON COLUMN analytics.fct_notification.audience IS
    'Who is told, by role: requester, support-manager, handling-agent, team, approvers and others '
    'that the policy names.';
COMMENT ON COLUMN analytics.fct_notification.channel IS 'How: mail.';
COMMENT ON COLUMN analytics.fct_notification.template IS 'Which text was sent.';
COMMENT ON COLUMN analytics.fct_notification.state IS
    'Where the message stands: planned, sent, failed, cancelled, suppressed, no-address.';
COMMENT ON COLUMN analytics.fct_notification.attempt IS
    'Number of the attempt, from 1; null: never tried.';
COMMENT ON COLUMN analytics.fct_notification.outcome IS
    'How the attempt ended: accepted, deferred, refused, unknown, unwritable, unreachable; '
    'under-way; without an attempt the state of the message.';
COMMENT ON COLUMN analytics.fct_notification.reply_code IS
    'What the mail server answered; null: nothing.';
COMMENT ON COLUMN analytics.fct_notification.cancelled_because IS
    'Why it was not sent after all; null: it was, or will be.';
COMMENT ON COLUMN analytics.fct_notification.event_time IS 'When happened what it tells.';
COMMENT ON COLUMN analytics.fct_notification.planned_at IS 'When the message was planned.';
COMMENT ON COLUMN analytics.fct_notification.attempted_at IS 'When the attempt began.';
COMMENT ON COLUMN analytics.fct_notification.ended_at IS 'When the attempt ended.';
COMMENT ON COLUMN analytics.fct_notification.settled_at IS
    'When the message was done with: sent, failed, cancelled or suppressed; null: still to go.';
COMMENT ON COLUMN analytics.fct_notification.latency_seconds IS
    'Seconds from the plan of the message to the end of this attempt.';
COMMENT ON COLUMN analytics.fct_notification.possible_duplicate IS
    'This attempt was cut off: the server may have taken the message, which then came twice with '
    'the same Message-ID.';
COMMENT ON COLUMN analytics.fct_notification.source_partition IS
    'Partition of the case topic that holds what caused the decision.';
COMMENT ON COLUMN analytics.fct_notification.source_offset IS 'Its offset there.';
COMMENT ON COLUMN analytics.fct_notification.subject IS
    'What it is about: a case id, or account/ or request/ and an id.';
COMMENT ON COLUMN analytics.fct_notification.account_id IS
    'The account, of messages about an account; else null.';

-- migrate:down
DROP VIEW analytics.fct_notification;
CREATE VIEW analytics.fct_notification AS SELECT * FROM notifier.fct_notification;
