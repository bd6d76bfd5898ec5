-- migrate:up

CREATE SCHEMA IF NOT EXISTS notifier;

-- How far each partition has been read. Moves in the transaction that stores what was read.
CREATE TABLE notifier.position (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition)
);

-- What the case topic says about people, until it has aged out there. said_at is the time of
-- the record; expire() forgets by it.
CREATE TABLE notifier.person (
    subject text NOT NULL,
    person_id text NOT NULL,
    name text,
    email text,
    phone text,
    timezone text,
    working_hours text,
    said_at timestamptz NOT NULL,
    PRIMARY KEY (subject, person_id)
);
CREATE INDEX ON notifier.person USING brin (said_at);

CREATE TABLE notifier.asked (
    subject text NOT NULL,
    ref text NOT NULL,
    source_offset bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('request', 'comment')),
    person_id text,
    comments text,
    said_at timestamptz NOT NULL,
    PRIMARY KEY (subject, ref, source_offset)
);
CREATE INDEX ON notifier.asked USING brin (said_at);

CREATE TABLE notifier.case_file (
    subject text PRIMARY KEY,
    title text,
    product text,
    support_manager_id text,
    agent_id text,
    team text,
    said_at timestamptz NOT NULL
);
CREATE INDEX ON notifier.case_file USING brin (said_at);

-- What later decisions on an escalation do not repeat. Nothing personal.
CREATE TABLE notifier.escalation (
    escalation_id text PRIMARY KEY,
    subject text NOT NULL,
    policy text NOT NULL,
    team text
);

-- One row per intent: (event, audience, channel). Its words are written when it is sent.
CREATE TABLE notifier.message (
    message_id uuid PRIMARY KEY,
    event_id text NOT NULL,
    audience text NOT NULL,
    channel text NOT NULL,
    template text NOT NULL,
    event_type text NOT NULL,
    event_time timestamptz NOT NULL,
    subject text NOT NULL,
    escalation_id text,
    request_id text,
    policy text,
    brief jsonb NOT NULL,
    source_partition integer,
    source_offset bigint,
    person_id text,
    address text,
    said_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'planned' CHECK (state IN (
        'planned', 'sent', 'failed', 'cancelled', 'suppressed', 'no-address')),
    after uuid,
    due_at timestamptz NOT NULL,
    planned_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    pointless text,
    attempts integer NOT NULL DEFAULT 0,
    lease_owner text,
    leased_until timestamptz,
    UNIQUE (event_id, audience, channel)
);
CREATE INDEX message_due ON notifier.message (due_at) WHERE settled_at IS NULL;
CREATE INDEX message_pointless ON notifier.message (message_id)
    WHERE settled_at IS NULL AND pointless IS NOT NULL;
CREATE INDEX message_waiting ON notifier.message (after) WHERE settled_at IS NULL;
CREATE INDEX message_open_of ON notifier.message (escalation_id) WHERE settled_at IS NULL;
CREATE INDEX ON notifier.message USING brin (said_at);

-- Every try to deliver. One that never ended is unknown: the server may have taken the message.
CREATE TABLE notifier.attempt (
    message_id uuid NOT NULL REFERENCES notifier.message ON DELETE CASCADE,
    attempt integer NOT NULL,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    outcome text CHECK (outcome IN (
        'accepted', 'deferred', 'refused', 'unknown', 'unwritable', 'unreachable')),
    code integer,
    answer text,
    PRIMARY KEY (message_id, attempt)
);

-- Messages that still have to go: nothing of what has been planned is under way when this is 0.
CREATE FUNCTION notifier.pending() RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT count(*) FROM notifier.message WHERE settled_at IS NULL
$$;

-- Forget what the case topic no longer holds. Returns the number of rows that changed.
CREATE FUNCTION notifier.expire(before timestamptz) RETURNS bigint
LANGUAGE sql AS $$
    WITH people AS (DELETE FROM notifier.person WHERE said_at < before RETURNING 1),
    questions AS (DELETE FROM notifier.asked WHERE said_at < before RETURNING 1),
    files AS (
        UPDATE notifier.case_file SET title = NULL, product = NULL
        WHERE said_at < before AND (title IS NOT NULL OR product IS NOT NULL) RETURNING 1),
    addresses AS (
        UPDATE notifier.message SET address = NULL, person_id = NULL
        WHERE said_at < before AND settled_at IS NOT NULL
          AND (address IS NOT NULL OR person_id IS NOT NULL) RETURNING message_id),
    answers AS (
        UPDATE notifier.attempt AS a SET answer = NULL FROM addresses
        WHERE a.message_id = addresses.message_id AND a.answer IS NOT NULL RETURNING 1)
    SELECT (SELECT count(*) FROM people) + (SELECT count(*) FROM questions)
         + (SELECT count(*) FROM files) + (SELECT count(*) FROM addresses)
         + (SELECT count(*) FROM answers)
$$;

-- For analysts: one row per attempt, and one for a message that was never tried. No addresses.
CREATE VIEW notifier.fct_notification AS
SELECT
    m.message_id,
    m.event_id,
    m.event_type,
    m.subject AS case_id,
    m.escalation_id,
    m.request_id,
    m.policy,
    m.audience,
    m.channel,
    m.template,
    m.state,
    a.attempt,
    coalesce(a.outcome, CASE WHEN a.attempt IS NULL THEN m.state ELSE 'under-way' END) AS outcome,
    a.code AS reply_code,
    m.pointless AS cancelled_because,
    m.event_time,
    m.planned_at,
    a.began_at AS attempted_at,
    a.ended_at,
    m.settled_at,
    extract(epoch FROM a.ended_at - m.planned_at)::double precision AS latency_seconds,
    a.outcome = 'unknown' AS possible_duplicate,
    m.source_partition,
    m.source_offset
FROM notifier.message AS m
LEFT JOIN notifier.attempt AS a USING (message_id);

COMMENT ON VIEW notifier.fct_notification IS
    'One row per attempt to deliver a message, and one per message that was never tried';
COMMENT ON COLUMN notifier.fct_notification.state IS
    'Where the message stands: planned, sent, failed, cancelled, suppressed, no-address';
COMMENT ON COLUMN notifier.fct_notification.outcome IS
    'How the attempt ended: accepted, deferred, refused, unknown, unwritable, unreachable; under-way; '
    'without an attempt the state of the message';
COMMENT ON COLUMN notifier.fct_notification.latency_seconds IS
    'From the plan of the message to the end of this attempt';
COMMENT ON COLUMN notifier.fct_notification.possible_duplicate IS
    'This attempt was cut off: the server may have taken the message, which then came twice with '
    'the same Message-ID';
