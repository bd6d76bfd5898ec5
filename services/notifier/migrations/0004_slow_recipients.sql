-- migrate:up

-- Put off: its recipient, or the server for it, kept us waiting or asked us to come again. It does
-- not stand in the way of others any more.
ALTER TABLE notifier.message ADD COLUMN put_off boolean NOT NULL DEFAULT false;
CREATE INDEX message_put_off ON notifier.message (address) WHERE put_off AND settled_at IS NULL;

-- migrate:down
ALTER TABLE notifier.message DROP COLUMN put_off;
