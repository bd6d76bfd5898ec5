-- migrate:up

-- The deliveries as analysts read them; they may not look into this service's own schema.
CREATE SCHEMA IF NOT EXISTS analytics;
CREATE VIEW analytics.fct_notification AS SELECT * FROM notifier.fct_notification;
COMMENT ON VIEW analytics.fct_notification IS
    'One row per attempt to deliver a message, and one per message that was never tried';
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'escalation_reader') THEN
        GRANT SELECT ON analytics.fct_notification TO escalation_reader;
    END IF;
END $$;

-- migrate:down
DROP VIEW analytics.fct_notification;
