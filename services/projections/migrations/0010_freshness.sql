-- migrate:up
-- When each partition was last known to be read to its end: also while nothing happens.
ALTER TABLE projections.offsets
    ADD COLUMN seen_end bigint,
    ADD COLUMN caught_up_at timestamptz;

CREATE VIEW review.freshness AS
SELECT topic, partition, greatest(0, seen_end - next_offset) AS behind, caught_up_at AS seen_at
FROM projections.offsets;
COMMENT ON VIEW review.freshness IS
    'One row per partition: whether what the views show is up to date. The slowest one counts.';
COMMENT ON COLUMN review.freshness.topic IS 'Kafka topic.';
COMMENT ON COLUMN review.freshness.partition IS 'Its partition.';
COMMENT ON COLUMN review.freshness.behind IS
    'Records there that were not yet applied when the service looked last; null: it never looked.';
COMMENT ON COLUMN review.freshness.seen_at IS
    'When everything that stood there was last known to be visible here; the service looks every 2 '
    'seconds, also while nothing happens. Null: not yet.';
GRANT SELECT ON review.freshness TO escalation_reader;

-- migrate:down
DROP VIEW review.freshness;
ALTER TABLE projections.offsets DROP COLUMN seen_end, DROP COLUMN caught_up_at;
