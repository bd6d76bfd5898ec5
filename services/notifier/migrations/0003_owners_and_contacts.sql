-- migrate:up

-- Who owns an escalation, who may approve it, and whom to call about it now. Ids and roles only.
ALTER TABLE notifier.escalation
    ADD COLUMN policy_version integer NOT NULL DEFAULT 1,
    ADD COLUMN owner_id text,
    ADD COLUMN contact_id text,
    ADD COLUMN approvers text[] NOT NULL DEFAULT '{}';

-- migrate:down
ALTER TABLE notifier.escalation
    DROP COLUMN policy_version, DROP COLUMN owner_id, DROP COLUMN contact_id,
    DROP COLUMN approvers;
