-- migrate:up
CREATE SCHEMA IF NOT EXISTS projections;
CREATE SCHEMA IF NOT EXISTS review;
CREATE SCHEMA IF NOT EXISTS analytics;

-- How far each partition has been applied: moves in the same transaction as the rows.
CREATE TABLE projections.offsets (
    topic       text    NOT NULL,
    partition   integer NOT NULL,
    next_offset bigint  NOT NULL,
    event_time  timestamptz,
    source_offset bigint NOT NULL DEFAULT -1,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition)
);

-- Every event of both topics, once per subject, source and id.
CREATE TABLE projections.events (
    event_id        text NOT NULL,
    source          text NOT NULL,
    subject         text NOT NULL,
    type            text NOT NULL,
    occurred_at     timestamptz NOT NULL,
    recorded_at     timestamptz NOT NULL,
    loaded_at       timestamptz NOT NULL DEFAULT now(),
    correlation_id  text,
    causation_id    text,
    topic           text NOT NULL,
    kafka_partition integer NOT NULL,
    kafka_offset    bigint NOT NULL,
    source_offset   bigint,
    data            jsonb,
    PRIMARY KEY (subject, source, event_id)
);
CREATE INDEX events_by_place ON projections.events (topic, kafka_partition, kafka_offset);
CREATE INDEX events_by_type ON projections.events (type, occurred_at);

-- What the case topic says about a case; folded as the decider folds it.
CREATE TABLE projections.cases (
    case_id      text PRIMARY KEY,
    account_id   text,
    title        text,
    severity     text,
    tier         text,
    program      text,
    team         text,
    opened_at    timestamptz,
    closed       boolean NOT NULL,
    agent_id     text,
    manager_id   text,
    eligible_at  timestamptz,
    once_only    boolean NOT NULL,
    recorded_at  timestamptz NOT NULL
);

-- Names of people, from the case topic; they expire with it.
CREATE TABLE projections.people (
    person_id   text PRIMARY KEY,
    name        text,
    recorded_at timestamptz NOT NULL
);

-- What was decided about each escalation.
CREATE TABLE projections.escalations (
    escalation_id   text PRIMARY KEY,
    subject         text NOT NULL,
    account_id      text,
    team            text,
    reason          text,
    status          text NOT NULL,
    level           text,
    colour          text,
    requested_at    timestamptz,
    accepted_at     timestamptz,
    acknowledged_at timestamptz,
    de_escalated_at timestamptz,
    ended_at        timestamptz,
    owner_id        text,
    primary_contact text,
    duties          jsonb NOT NULL,
    next_duty       text,
    next_due_at     timestamptz,
    last_update_at  timestamptz,
    trend           text,
    policy          text,
    policy_version  integer
);
CREATE INDEX escalations_by_subject ON projections.escalations (subject);
CREATE INDEX escalations_by_status ON projections.escalations (status);

-- Whether a case's right to escalate is spent, and how its latest escalation stands.
CREATE TABLE projections.rights (
    case_id      text PRIMARY KEY,
    rights_spent integer NOT NULL,
    status       text NOT NULL
);

CREATE TABLE projections.rejections (
    case_id        text NOT NULL,
    request_id     text NOT NULL,
    team           text,
    requested_at   timestamptz NOT NULL,
    codes          text[] NOT NULL,
    eligible_at    timestamptz,
    policy         text NOT NULL,
    policy_version integer NOT NULL,
    PRIMARY KEY (case_id, request_id)
);

CREATE VIEW review.escalation_status AS
SELECT e.escalation_id,
       CASE WHEN e.subject LIKE 'account/%' THEN NULL ELSE e.subject END AS case_id,
       coalesce(e.account_id, c.account_id) AS account_id,
       c.title, c.severity, c.tier, e.reason, e.status, e.level, e.colour,
       e.requested_at, e.accepted_at, e.acknowledged_at, e.de_escalated_at, e.ended_at,
       e.owner_id AS owner, e.primary_contact, e.next_duty, e.next_due_at,
       coalesce(e.next_due_at < now(), false) AS overdue,
       e.last_update_at, e.trend, e.policy, e.policy_version
FROM projections.escalations e LEFT JOIN projections.cases c ON c.case_id = e.subject;
COMMENT ON VIEW review.escalation_status IS
    'One row per escalation, or request that awaits approval or was declined.';
COMMENT ON COLUMN review.escalation_status.overdue IS 'Whether the next duty is past due, computed for now.';
COMMENT ON COLUMN review.escalation_status.owner IS 'Id of the person who owns it; null: nobody yet.';

CREATE VIEW review.rejections AS
SELECT case_id, request_id, requested_at, codes, eligible_at, policy, policy_version
FROM projections.rejections;
COMMENT ON VIEW review.rejections IS 'One row per rejected request, with every reason.';

CREATE VIEW review.eligibility AS
SELECT c.case_id, c.eligible_at, coalesce(c.eligible_at <= now(), false) AS eligible
FROM projections.cases c LEFT JOIN projections.rights r ON r.case_id = c.case_id
WHERE c.opened_at IS NOT NULL AND NOT c.closed
  AND NOT (c.once_only AND coalesce(r.rights_spent, 0) > 0)
  AND coalesce(r.status, 'ended') IN ('ended', 'voided', 'declined');
COMMENT ON VIEW review.eligibility IS
    'One row per known, open case whose next request would not be already-escalated.';

CREATE VIEW analytics.fct_case_event AS
SELECT event_id, source, type, subject,
       CASE WHEN subject LIKE '%/%' THEN NULL ELSE subject END AS case_id,
       CASE WHEN type LIKE 'support.case.%' THEN kafka_offset ELSE source_offset END AS case_seq,
       occurred_at, recorded_at, loaded_at, correlation_id, causation_id,
       topic, kafka_partition, kafka_offset, data
FROM projections.events;
COMMENT ON VIEW analytics.fct_case_event IS 'One row per event of both topics, append only.';
COMMENT ON COLUMN analytics.fct_case_event.case_seq IS
    'Offset in the case topic: of the event itself, or of what caused the decision.';

CREATE VIEW analytics.projection_watermark AS
SELECT topic, partition, next_offset, event_time, updated_at FROM projections.offsets;
COMMENT ON VIEW analytics.projection_watermark IS 'How far each partition is visible in the views.';

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'escalation_reader') THEN
        CREATE ROLE escalation_reader NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT USAGE ON SCHEMA review, analytics TO escalation_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA review, analytics TO escalation_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA review, analytics GRANT SELECT ON TABLES TO escalation_reader;

-- Reported text and names live as long as the case topic does; decisions stay.
CREATE FUNCTION projections.expire(before timestamptz) RETURNS void LANGUAGE sql AS $$
    UPDATE projections.events SET data = NULL
    WHERE type LIKE 'support.case.%' AND recorded_at < before AND data IS NOT NULL;
    UPDATE projections.cases SET title = NULL WHERE recorded_at < before;
    DELETE FROM projections.people WHERE recorded_at < before;
$$;

-- migrate:down
DROP SCHEMA projections CASCADE;
DROP SCHEMA review CASCADE;
DROP SCHEMA analytics CASCADE;
