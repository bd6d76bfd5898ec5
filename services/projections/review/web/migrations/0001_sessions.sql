-- migrate:up
-- What the page keeps for itself: who is signed in, links and tokens that let in, what was sent.
CREATE SCHEMA IF NOT EXISTS board;

-- Of every secret only its SHA-256 is kept. teams and accounts null: all of them.
CREATE TABLE board.sessions (
    secret    bytea PRIMARY KEY,
    person_id text NOT NULL,
    name      text NOT NULL,
    roles     text[] NOT NULL,
    teams     text[],
    accounts  text[],
    begun_at  timestamptz NOT NULL DEFAULT now(),
    used_at   timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE board.links (
    secret     bytea PRIMARY KEY,
    person_id  text NOT NULL,
    name       text NOT NULL,
    roles      text[] NOT NULL,
    teams      text[],
    accounts   text[],
    expires_at timestamptz NOT NULL
);
CREATE TABLE board.tokens (
    name       text PRIMARY KEY,
    secret     bytea NOT NULL UNIQUE,
    accounts   text[],
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);

-- One row per form that was sent: what was published, and where it stands in the topic.
CREATE TABLE board.submissions (
    form_id      text PRIMARY KEY,
    content      bytea NOT NULL,
    person_id    text NOT NULL,
    subject      text NOT NULL,
    type         text NOT NULL,
    request_id   text,
    sent_at      timestamptz NOT NULL DEFAULT now(),
    topic_partition integer,
    topic_offset bigint
);
CREATE INDEX submissions_of ON board.submissions (person_id, sent_at DESC);

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'escalation_board') THEN
        CREATE ROLE escalation_board NOLOGIN;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'escalation_reader') THEN
        GRANT escalation_reader TO escalation_board;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'escalation_board') THEN
        GRANT USAGE ON SCHEMA board TO escalation_board;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA board TO escalation_board;
    END IF;
END $$;

-- migrate:down
DROP SCHEMA board CASCADE;
