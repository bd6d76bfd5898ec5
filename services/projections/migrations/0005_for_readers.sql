-- migrate:up
-- Everything that managers and analysts may read, readable under their role alone, with a
-- comment on every column.
COMMENT ON SCHEMA review IS
    'For managers: how cases and escalations stand. Stable: columns are added, never renamed. '
    'Holds names and words of people, as long as the case topic does.';
COMMENT ON SCHEMA analytics IS
    'For analysts: facts to count. Stable: columns are added, never renamed.';

-- Whose turn it is stands in the view itself: a view reads with its owner's rights, a function in
-- it with the reader's.
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
       CASE WHEN e.subject NOT LIKE '%/%' THEN (
           SELECT CASE
               WHEN said.type = 'support.case.information-requested.v1' THEN 'customer'
               WHEN said.data IS NULL THEN NULL
               WHEN said.type = 'support.case.opened.v1' THEN 'agent'
               WHEN said.data->>'author_role' = 'customer' THEN 'agent'
               ELSE 'customer'
           END
           FROM projections.events AS said
           WHERE said.subject = e.subject
             AND (said.type IN ('support.case.information-requested.v1', 'support.case.opened.v1')
                  OR (said.type = 'support.case.comment-added.v1'
                      AND (said.data IS NULL
                           OR (coalesce(nullif(trim(said.data->>'visibility'), ''), 'public')
                               = 'public'
                               AND said.data->>'author_role' <> 'bot'))))
           ORDER BY said.type = 'support.case.opened.v1', said.kafka_offset DESC
           LIMIT 1
       ) END AS turn,
       e.resources_at, e.communication_at, e.action_plan_at,
       coalesce(e.team, c.team) AS team
FROM projections.escalations e LEFT JOIN projections.cases c ON c.case_id = e.subject;
DROP FUNCTION projections.turn(text);

COMMENT ON COLUMN review.escalation_status.escalation_id IS
    'Id of the escalation; given with the request, kept through approval and acceptance.';
COMMENT ON COLUMN review.escalation_status.case_id IS
    'The case; null for an escalation of an account.';
COMMENT ON COLUMN review.escalation_status.account_id IS 'The customer''s account, where known.';
COMMENT ON COLUMN review.escalation_status.title IS
    'Title of the case; null for an account, where none was reported, and once it has expired.';
COMMENT ON COLUMN review.escalation_status.severity IS
    'Severity of the case now: S1 (worst), S2, S3, S4. Null for an account.';
COMMENT ON COLUMN review.escalation_status.tier IS
    'Support tier of the case as reported: titanium, platinum, gold or another. Null for an account.';
COMMENT ON COLUMN review.escalation_status.reason IS
    'Code of the reason that was chosen; null where the policy offers no codes.';
COMMENT ON COLUMN review.escalation_status.status IS
    'awaiting-approval, escalated, acknowledged, monitored, ended, voided or declined.';
COMMENT ON COLUMN review.escalation_status.level IS
    'How high it was raised: support, team-manager, department-head or executive; null before '
    'acceptance.';
COMMENT ON COLUMN review.escalation_status.colour IS
    'red or orange, by the severity of the escalation; null: none.';
COMMENT ON COLUMN review.escalation_status.requested_at IS 'When it was requested.';
COMMENT ON COLUMN review.escalation_status.accepted_at IS 'When it was accepted; null: not (yet).';
COMMENT ON COLUMN review.escalation_status.acknowledged_at IS
    'When somebody acknowledged it; null: nobody yet.';
COMMENT ON COLUMN review.escalation_status.de_escalated_at IS
    'When it was de-escalated; null: not (yet).';
COMMENT ON COLUMN review.escalation_status.ended_at IS
    'When it ended, was voided or declined; null while it is open.';
COMMENT ON COLUMN review.escalation_status.owner IS
    'Id of the person who owns it (names: review.people); null: nobody yet.';
COMMENT ON COLUMN review.escalation_status.primary_contact IS
    'Id of the one person who leads it; null: nobody yet.';
COMMENT ON COLUMN review.escalation_status.next_duty IS
    'Code of the open duty that is due first; null: nothing is owed, or its clock is paused.';
COMMENT ON COLUMN review.escalation_status.next_due_at IS 'When that duty is due.';
COMMENT ON COLUMN review.escalation_status.last_update_at IS
    'When somebody last turned to the customer: an update, a contact or an attempt, an action '
    'plan; null: not yet.';
COMMENT ON COLUMN review.escalation_status.trend IS 'improving, same or declining; null: not said.';
COMMENT ON COLUMN review.escalation_status.policy IS 'Policy that judged it.';
COMMENT ON COLUMN review.escalation_status.policy_version IS
    'Version of that policy; an escalation keeps the one that it began with.';
COMMENT ON COLUMN review.escalation_status.turn IS
    'Whose turn it is: agent or customer, by the last public comment or question. Null for an '
    'account, and where the comments have expired.';
COMMENT ON COLUMN review.escalation_status.team IS
    'Team of the escalation, else of the case now; null: none.';

-- What the commands for managers read beside the status.
CREATE VIEW review.people AS
SELECT person_id, name, recorded_at FROM projections.people;
COMMENT ON VIEW review.people IS
    'One row per person whose name was reported; gone once the name has expired.';
COMMENT ON COLUMN review.people.person_id IS 'Id of the person in the CRM.';
COMMENT ON COLUMN review.people.name IS 'The name as it was reported last.';
COMMENT ON COLUMN review.people.recorded_at IS
    'When Kafka recorded the event that said so; the name expires counted from here.';

CREATE VIEW review.cases AS
SELECT case_id, account_id, title, severity, tier, program, team, opened_at, closed,
       agent_id, manager_id, recorded_at
FROM projections.cases;
COMMENT ON VIEW review.cases IS
    'One row per case of which a fact was reported; opened_at is null until it was opened.';
COMMENT ON COLUMN review.cases.case_id IS 'The case.';
COMMENT ON COLUMN review.cases.account_id IS 'The customer''s account.';
COMMENT ON COLUMN review.cases.title IS
    'Title of the case; null where none was reported, and once it has expired.';
COMMENT ON COLUMN review.cases.severity IS 'Severity now: S1 (worst), S2, S3 or S4.';
COMMENT ON COLUMN review.cases.tier IS
    'Support tier as reported: titanium, platinum, gold or another.';
COMMENT ON COLUMN review.cases.program IS
    'Program that picks the policy: a policy''s name; # and a digest where no policy had that '
    'name; null: none given.';
COMMENT ON COLUMN review.cases.team IS 'Team that looks after it; null: none.';
COMMENT ON COLUMN review.cases.opened_at IS 'When it was first opened; null: not known.';
COMMENT ON COLUMN review.cases.closed IS 'Whether it is closed now.';
COMMENT ON COLUMN review.cases.agent_id IS 'Id of the assigned agent (names: review.people).';
COMMENT ON COLUMN review.cases.manager_id IS 'Id of the support manager (names: review.people).';
COMMENT ON COLUMN review.cases.recorded_at IS
    'When Kafka recorded the last event that changed this row.';

CREATE VIEW review.case_events AS
SELECT event_id, source, type, split_part(type, '.', 3) AS name,
       type LIKE 'support.escalation.%' AS decided, subject,
       CASE WHEN subject LIKE '%/%' THEN NULL ELSE subject END AS case_id,
       CASE WHEN subject LIKE 'account/%' THEN substr(subject, 9) END AS account_id,
       CASE WHEN type LIKE 'support.case.%' THEN kafka_offset ELSE source_offset END AS case_seq,
       occurred_at, recorded_at, loaded_at, correlation_id, causation_id,
       topic, kafka_partition, kafka_offset, source_offset, data,
       data IS NULL AND type LIKE 'support.case.%' AS text_expired
FROM projections.events;
COMMENT ON VIEW review.case_events IS
    'One row per event, reported or decided, about cases, accounts, requests and reviews.';
COMMENT ON COLUMN review.case_events.event_id IS
    'Id of the event; unique together with subject and source.';
COMMENT ON COLUMN review.case_events.source IS 'Who published it, as it calls itself.';
COMMENT ON COLUMN review.case_events.type IS
    'Its CloudEvents type: support.case.<name>.v1 was reported, support.escalation.<name>.v1 decided.';
COMMENT ON COLUMN review.case_events.name IS 'The name within the type, such as opened or accepted.';
COMMENT ON COLUMN review.case_events.decided IS 'Whether this service decided it.';
COMMENT ON COLUMN review.case_events.subject IS
    'What it is about: a case id, or account/, person/, request/ or review/ and an id.';
COMMENT ON COLUMN review.case_events.case_id IS 'The case; null where it is about anything else.';
COMMENT ON COLUMN review.case_events.account_id IS
    'The account, of events about an account; else null.';
COMMENT ON COLUMN review.case_events.case_seq IS
    'Offset in the case topic: of the event itself, or of what caused the decision.';
COMMENT ON COLUMN review.case_events.occurred_at IS 'When it happened, as the event says.';
COMMENT ON COLUMN review.case_events.recorded_at IS 'When Kafka recorded it.';
COMMENT ON COLUMN review.case_events.loaded_at IS 'When it became visible here.';
COMMENT ON COLUMN review.case_events.correlation_id IS
    'Id of the request that began the conversation; null where the event names none.';
COMMENT ON COLUMN review.case_events.causation_id IS
    'Id of the event that caused this one; null where the event names none.';
COMMENT ON COLUMN review.case_events.topic IS 'Kafka topic that holds it.';
COMMENT ON COLUMN review.case_events.kafka_partition IS 'Its partition there.';
COMMENT ON COLUMN review.case_events.kafka_offset IS 'Its offset there.';
COMMENT ON COLUMN review.case_events.source_offset IS
    'Of a decision: the offset in the case topic of what caused it.';
COMMENT ON COLUMN review.case_events.data IS
    'Its data as published. Of reported events it holds names, addresses and words of people, '
    'and is null once these have expired.';
COMMENT ON COLUMN review.case_events.text_expired IS
    'Whether its data is no longer kept, as it is older than the case topic''s retention.';

CREATE OR REPLACE VIEW analytics.fct_case_event AS
SELECT event_id, source, type, subject,
       CASE WHEN subject LIKE '%/%' THEN NULL ELSE subject END AS case_id,
       CASE WHEN type LIKE 'support.case.%' THEN kafka_offset ELSE source_offset END AS case_seq,
       occurred_at, recorded_at, loaded_at, correlation_id, causation_id,
       topic, kafka_partition, kafka_offset, data,
       CASE WHEN subject LIKE 'account/%' THEN substr(subject, 9) END AS account_id,
       data IS NULL AND type LIKE 'support.case.%' AS text_expired
FROM projections.events;
COMMENT ON COLUMN analytics.fct_case_event.event_id IS
    'Id of the event; unique together with subject and source.';
COMMENT ON COLUMN analytics.fct_case_event.source IS 'Who published it, as it calls itself.';
COMMENT ON COLUMN analytics.fct_case_event.type IS
    'Its CloudEvents type: support.case.<name>.v1 was reported, support.escalation.<name>.v1 decided.';
COMMENT ON COLUMN analytics.fct_case_event.subject IS
    'What it is about: a case id, or account/, person/, request/ or review/ and an id.';
COMMENT ON COLUMN analytics.fct_case_event.case_id IS 'The case; null where it is about anything else.';
COMMENT ON COLUMN analytics.fct_case_event.occurred_at IS 'When it happened, as the event says.';
COMMENT ON COLUMN analytics.fct_case_event.recorded_at IS 'When Kafka recorded it.';
COMMENT ON COLUMN analytics.fct_case_event.loaded_at IS 'When it became visible here.';
COMMENT ON COLUMN analytics.fct_case_event.correlation_id IS
    'Id of the request that began the conversation; null where the event names none.';
COMMENT ON COLUMN analytics.fct_case_event.causation_id IS
    'Id of the event that caused this one; null where the event names none.';
COMMENT ON COLUMN analytics.fct_case_event.topic IS 'Kafka topic that holds it.';
COMMENT ON COLUMN analytics.fct_case_event.kafka_partition IS 'Its partition there.';
COMMENT ON COLUMN analytics.fct_case_event.kafka_offset IS 'Its offset there.';
COMMENT ON COLUMN analytics.fct_case_event.data IS
    'Its data as published. Of reported events it holds names, addresses and words of people, '
    'and is null once these have expired.';
COMMENT ON COLUMN analytics.fct_case_event.account_id IS
    'The account, of events about an account; else null.';
COMMENT ON COLUMN analytics.fct_case_event.text_expired IS
    'Whether its data is no longer kept, as it is older than the case topic''s retention.';

COMMENT ON COLUMN analytics.projection_watermark.topic IS 'Kafka topic.';
COMMENT ON COLUMN analytics.projection_watermark.partition IS 'Its partition.';
COMMENT ON COLUMN analytics.projection_watermark.next_offset IS
    'The first offset that is not yet visible in the views.';
COMMENT ON COLUMN analytics.projection_watermark.event_time IS
    'The latest time of an event that is visible; null before the first.';
COMMENT ON COLUMN analytics.projection_watermark.updated_at IS 'When this row last moved.';

COMMENT ON COLUMN review.rejections.case_id IS
    'The case; null for a request about an account or one that named no case.';
COMMENT ON COLUMN review.rejections.request_id IS 'Id of the request.';
COMMENT ON COLUMN review.rejections.requested_at IS 'When it was requested.';
COMMENT ON COLUMN review.rejections.codes IS
    'Every reason, in the order of the rules: case-unknown, case-closed, already-escalated, '
    'tier-not-covered, too-early, reason-missing, reason-not-offered, comments-missing, '
    'subject-missing, description-missing, case-number-missing, business-impact-missing, '
    'case-number-unknown, role-missing, template-unknown, escalation-severity-missing, '
    'time-in-future.';
COMMENT ON COLUMN review.rejections.eligible_at IS
    'From when the waiting time alone would allow a request; null: no window, case not known, or '
    'tier not covered.';
COMMENT ON COLUMN review.rejections.policy IS 'Policy that judged it.';
COMMENT ON COLUMN review.rejections.policy_version IS 'Version of that policy.';
COMMENT ON COLUMN review.rejections.account_id IS 'The customer''s account, where known.';

COMMENT ON COLUMN review.eligibility.case_id IS 'The case.';
COMMENT ON COLUMN review.eligibility.eligible_at IS
    'From when it may be escalated; null: the policy does not cover its tier.';
COMMENT ON COLUMN review.eligibility.eligible IS 'Whether that is now or before.';

COMMENT ON COLUMN review.missed_duties.escalation_id IS 'The escalation.';
COMMENT ON COLUMN review.missed_duties.case_id IS 'The case; null for an escalation of an account.';
COMMENT ON COLUMN review.missed_duties.subject IS 'The case id, or account/ and the account''s id.';
COMMENT ON COLUMN review.missed_duties.duty IS 'Code of the duty, as the policy calls it.';
COMMENT ON COLUMN review.missed_duties.due_at IS 'When it was due.';
COMMENT ON COLUMN review.missed_duties.done_at IS 'When it was done after all; null: not (yet).';
GRANT SELECT ON ALL TABLES IN SCHEMA review, analytics TO escalation_reader;

-- migrate:down
DROP VIEW review.case_events;
DROP VIEW review.cases;
DROP VIEW review.people;
