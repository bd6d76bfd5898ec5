-- migrate:up

-- What messages say of a case, of a request's form, and of what people said with what they did.
ALTER TABLE notifier.case_file
    ADD COLUMN account_id text,
    ADD COLUMN severity text,
    ADD COLUMN tier text,
    ADD COLUMN number text,
    ADD COLUMN url text,
    ADD COLUMN opened boolean NOT NULL DEFAULT true;
ALTER TABLE notifier.asked ADD COLUMN form jsonb NOT NULL DEFAULT '{}';
CREATE TABLE notifier.words (
    subject text NOT NULL,
    source_offset bigint NOT NULL,
    by_id text,
    words text,
    said_at timestamptz NOT NULL,
    PRIMARY KEY (subject, source_offset)
);
CREATE INDEX ON notifier.words USING brin (said_at);

-- An escalation as it stands, in one document: who owns it, what is owed, what was missed.
ALTER TABLE notifier.escalation ADD COLUMN state jsonb;
UPDATE notifier.escalation SET state = jsonb_build_object(
    'escalation_id', escalation_id, 'subject', subject,
    'policy', jsonb_build_object('name', policy, 'version', policy_version),
    'status', 'running', 'team', team, 'owner_id', owner_id, 'contact_id', contact_id,
    'approvers', to_jsonb(approvers));
ALTER TABLE notifier.escalation
    ALTER COLUMN state SET NOT NULL,
    DROP COLUMN policy, DROP COLUMN policy_version, DROP COLUMN team, DROP COLUMN owner_id,
    DROP COLUMN contact_id, DROP COLUMN approvers;
CREATE INDEX escalation_of ON notifier.escalation (subject);

-- What was told of a case's missed duties to an address last, and what gathers the next ones.
CREATE TABLE notifier.miss_window (
    subject text NOT NULL,
    address text NOT NULL,
    until timestamptz NOT NULL,
    length interval NOT NULL,
    gatherer uuid,
    PRIMARY KEY (subject, address)
);

CREATE OR REPLACE FUNCTION notifier.expire(before timestamptz) RETURNS bigint
LANGUAGE sql AS $$
    WITH people AS (DELETE FROM notifier.person WHERE said_at < before RETURNING 1),
    questions AS (DELETE FROM notifier.asked WHERE said_at < before RETURNING 1),
    said AS (DELETE FROM notifier.words WHERE said_at < before RETURNING 1),
    windows AS (DELETE FROM notifier.miss_window WHERE until < before RETURNING 1),
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
         + (SELECT count(*) FROM said) + (SELECT count(*) FROM windows)
         + (SELECT count(*) FROM files) + (SELECT count(*) FROM addresses)
         + (SELECT count(*) FROM answers)
$$;

-- migrate:down
DROP TABLE notifier.miss_window;
DROP TABLE notifier.words;
