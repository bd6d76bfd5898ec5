-- name: claim_offsets
-- A row for each partition, so that there is something to lock from the first batch on.
INSERT INTO projections.offsets (topic, partition, next_offset)
SELECT topic, partition, 0 FROM unnest($1::text[], $2::int[]) AS owned (topic, partition)
ON CONFLICT DO NOTHING

-- name: read_offsets
SELECT topic, partition, next_offset FROM projections.offsets
WHERE (topic, partition) IN (SELECT * FROM unnest($1::text[], $2::int[]))

-- name: rewind_offset
-- The topic ends before this place: it was made anew, and is read from its beginning.
UPDATE projections.offsets SET next_offset = 0, source_offset = -1, updated_at = now()
WHERE topic = $1 AND partition = $2

-- name: lock_offsets
-- The places of these partitions, held until the rows are in.
SELECT topic, partition, next_offset, source_offset FROM projections.offsets
WHERE (topic, partition) IN (SELECT * FROM unnest($1::text[], $2::int[]))
ORDER BY topic, partition FOR UPDATE

-- name: move_offset
-- Forward from where we expected it to be; nothing is returned where another owner moved it.
INSERT INTO projections.offsets AS o (topic, partition, next_offset, event_time, source_offset)
VALUES ($1, $2, $4, $5, $6)
ON CONFLICT (topic, partition) DO UPDATE
SET next_offset = $4, event_time = greatest(o.event_time, $5), source_offset = $6, updated_at = now()
WHERE o.next_offset = $3
RETURNING next_offset

-- name: known_events
-- Which of these are there already, by their number in the lists.
SELECT one.number::int - 1 AS number
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY
     AS one (subject, source, event_id, number)
JOIN projections.events AS e USING (subject, source, event_id)

-- name: expire
SELECT projections.expire(now() - $1::interval)

-- name: note_ends
-- What a look at Kafka saw: where each partition ends, and whether all of it is applied.
UPDATE projections.offsets AS o
SET seen_end = saw.ends, caught_up_at = CASE WHEN saw.caught_up THEN now() ELSE o.caught_up_at END
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::boolean[])
     AS saw (topic, partition, ends, caught_up)
WHERE o.topic = saw.topic AND o.partition = saw.partition
