-- name: offset_of
-- Where to read on; a partition that was never read begins at 0.
WITH wanted AS (
    SELECT * FROM unnest($1::text[], $2::int[]) AS w(topic, partition)
), added AS (
    INSERT INTO notifier.position (topic, partition, next_offset)
    SELECT topic, partition, 0 FROM wanted
    ON CONFLICT DO NOTHING
    RETURNING topic, partition, next_offset
)
SELECT topic, partition, next_offset FROM added
UNION ALL
SELECT p.topic, p.partition, p.next_offset FROM notifier.position AS p JOIN wanted USING (topic, partition)

-- name: rewind
-- The topic ends before our position: it is another one than before, so read it anew.
UPDATE notifier.position SET next_offset = $3, moved_at = now() WHERE topic = $1 AND partition = $2

-- name: advance
-- Move positions, each only from where we read; fewer rows than asked mean another owner.
UPDATE notifier.position AS p SET next_offset = m.next_offset, moved_at = now()
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[])
    AS m(topic, partition, expected, next_offset)
WHERE p.topic = m.topic AND p.partition = m.partition AND p.next_offset = m.expected

-- name: upsert_people
-- What a case says of people. said_at stays the older one unless everything was said again.
INSERT INTO notifier.person AS p
SELECT * FROM jsonb_to_recordset($1::jsonb) AS n(
    subject text, person_id text, name text, email text, phone text, timezone text,
    working_hours text, said_at timestamptz)
ON CONFLICT (subject, person_id) DO UPDATE SET
    name = coalesce(excluded.name, p.name),
    email = coalesce(excluded.email, p.email),
    phone = coalesce(excluded.phone, p.phone),
    timezone = coalesce(excluded.timezone, p.timezone),
    working_hours = coalesce(excluded.working_hours, p.working_hours),
    said_at = CASE
        WHEN num_nonnulls(excluded.name, excluded.email, excluded.phone, excluded.timezone,
                          excluded.working_hours)
           = num_nonnulls(coalesce(excluded.name, p.name), coalesce(excluded.email, p.email),
                          coalesce(excluded.phone, p.phone),
                          coalesce(excluded.timezone, p.timezone),
                          coalesce(excluded.working_hours, p.working_hours))
        THEN greatest(excluded.said_at, p.said_at) ELSE least(excluded.said_at, p.said_at) END

-- name: upsert_requesters
-- Who asked, or may have asked in a comment.
INSERT INTO notifier.asked
SELECT * FROM jsonb_to_recordset($1::jsonb) AS n(
    subject text, ref text, source_offset bigint, kind text, person_id text, comments text,
    said_at timestamptz, form jsonb)
ON CONFLICT DO NOTHING

-- name: upsert_statements
-- What people said when they raised, approved or declined something, or shared a plan.
INSERT INTO notifier.words
SELECT * FROM jsonb_to_recordset($1::jsonb) AS n(
    subject text, source_offset bigint, by_id text, words text, said_at timestamptz)
ON CONFLICT DO NOTHING

-- name: upsert_case_owner
-- Who looks after a case: assigned wins over known, known over opened again.
INSERT INTO notifier.case_file AS f (
    subject, title, product, support_manager_id, agent_id, team, said_at,
    account_id, severity, tier, number, url, opened)
SELECT
    n.subject, coalesce(k.title, n.title), coalesce(k.product, n.product),
    coalesce(n.assigned_manager_id, k.support_manager_id, n.support_manager_id),
    coalesce(n.assigned_agent_id, k.agent_id, n.agent_id),
    coalesce(n.assigned_team, k.team, n.team), coalesce(k.said_at, n.said_at),
    coalesce(k.account_id, n.account_id),
    coalesce(n.changed_severity, k.severity, n.severity),
    coalesce(k.tier, n.tier), coalesce(k.number, n.number), coalesce(k.url, n.url),
    n.opened OR coalesce(k.opened, false)
FROM jsonb_to_recordset($1::jsonb) AS n(
    subject text, said_at timestamptz, title text, product text, support_manager_id text,
    agent_id text, team text, account_id text, severity text, tier text, number text, url text,
    opened boolean, changed_severity text, assigned_manager_id text, assigned_agent_id text,
    assigned_team text)
LEFT JOIN notifier.case_file AS k USING (subject)
ON CONFLICT (subject) DO UPDATE SET
    title = excluded.title,
    product = excluded.product,
    support_manager_id = excluded.support_manager_id,
    agent_id = excluded.agent_id,
    team = excluded.team,
    account_id = excluded.account_id,
    severity = excluded.severity,
    tier = excluded.tier,
    number = excluded.number,
    url = excluded.url,
    opened = excluded.opened

-- name: people_of
-- Everybody with an address on these subjects.
SELECT subject, person_id, email FROM notifier.person
WHERE subject = ANY($1::text[]) AND email IS NOT NULL

-- name: requesters_of
-- Who asked on these subjects under these names.
SELECT a.subject, a.ref, a.source_offset, a.kind, a.person_id,
    a.form->>'on_behalf_of' AS behalf_id,
    ARRAY(SELECT jsonb_array_elements_text(a.form->'situations')) AS situations
FROM notifier.asked AS a
JOIN unnest($1::text[], $2::text[]) AS w(subject, ref) USING (subject, ref)
ORDER BY a.source_offset

-- name: case_owners_of
-- Who looks after these cases.
SELECT subject, support_manager_id, agent_id, team FROM notifier.case_file
WHERE subject = ANY($1::text[])

-- name: escalations_of
-- What we remember of these escalations.
SELECT state FROM notifier.escalation WHERE escalation_id = ANY($1::text[])

-- name: keep_escalations
-- The escalations as they stand after the decisions of a batch.
INSERT INTO notifier.escalation (escalation_id, subject, state)
SELECT escalation_id, subject, state FROM jsonb_to_recordset($1::jsonb)
    AS n(escalation_id text, subject text, state jsonb)
ON CONFLICT (escalation_id) DO UPDATE SET state = excluded.state

-- name: comments_while_watched
-- Comments of customers, from these offsets on, on cases whose escalation is only watched by then.
SELECT escalation.state, a.ref, a.person_id, a.source_offset, a.said_at
FROM unnest($1::text[], $2::bigint[]) AS w(subject, from_offset)
JOIN notifier.escalation AS escalation USING (subject)
JOIN notifier.asked AS a ON a.subject = w.subject AND a.kind = 'comment'
    AND a.source_offset >= w.from_offset
    AND a.source_offset > (escalation.state->>'monitored_from')::bigint
WHERE escalation.state->>'status' = 'monitored'
  AND $3 > (SELECT count(*) FROM notifier.message AS m WHERE m.escalation_id
      = escalation.escalation_id AND m.template = 'customer-commented'
      AND m.planned_at > now() - interval '1 day')
ORDER BY a.source_offset LIMIT $3

-- name: windows_of
-- What was told of missed duties on these subjects last; a message that gathers counts while it
-- can still be added to.
SELECT w.subject, w.address, w.until, w.length, m.message_id AS gatherer
FROM notifier.miss_window AS w
LEFT JOIN notifier.message AS m
    ON m.message_id = w.gatherer AND m.settled_at IS NULL AND m.pointless IS NULL
    AND m.due_at > now()
WHERE w.subject = ANY($1::text[])

-- name: keep_windows
-- The windows after the misses of a batch.
INSERT INTO notifier.miss_window (subject, address, until, length, gatherer)
SELECT subject, address, until, make_interval(secs => seconds), gatherer
FROM jsonb_to_recordset($1::jsonb) AS n(
    subject text, address text, until timestamptz, seconds double precision, gatherer uuid)
ON CONFLICT (subject, address) DO UPDATE SET
    until = excluded.until, length = excluded.length, gatherer = excluded.gatherer

-- name: join_gatherers
-- Add misses to the messages that gather them; beyond the most that one names they are counted.
UPDATE notifier.message AS m SET brief = m.brief || jsonb_build_object(
    'missed', (SELECT coalesce(jsonb_agg(one ORDER BY n), '[]') FROM (
        SELECT one, n FROM jsonb_array_elements(m.brief->'missed' || j.missed)
            WITH ORDINALITY AS e(one, n) ORDER BY n LIMIT $2) AS listed),
    'more', (m.brief->>'more')::int
        + greatest(0, jsonb_array_length(m.brief->'missed' || j.missed) - $2))
FROM jsonb_to_recordset($1::jsonb) AS j(message_id uuid, missed jsonb)
WHERE m.message_id = j.message_id AND m.settled_at IS NULL

-- name: plan_messages
-- One row per intent; planned again, nothing is added.
INSERT INTO notifier.message (
    message_id, event_id, audience, channel, template, event_type, event_time, subject,
    escalation_id, request_id, policy, brief, source_partition, source_offset, person_id,
    address, said_at, state, after, due_at, settled_at)
SELECT
    message_id, event_id, audience, channel, template, event_type, event_time, subject,
    escalation_id, request_id, policy, brief, source_partition, source_offset, person_id,
    address, said_at, state, after, due_at, CASE WHEN state <> 'planned' THEN now() END
FROM jsonb_to_recordset($1::jsonb) AS n(
    message_id uuid, event_id text, audience text, channel text, template text,
    event_type text, event_time timestamptz, subject text, escalation_id text,
    request_id text, policy text, brief jsonb, source_partition int, source_offset bigint,
    person_id text, address text, said_at timestamptz, state text, after uuid,
    due_at timestamptz)
ON CONFLICT (event_id, audience, channel) DO NOTHING

-- name: supersede
-- Messages that nobody needs any more; the sender records them as cancelled.
UPDATE notifier.message AS m SET pointless = n.why
FROM jsonb_to_recordset($1::jsonb) AS n(escalation_id text, templates text[], why text, duty text)
WHERE m.settled_at IS NULL AND m.pointless IS NULL AND n.duty IS NULL
  AND m.escalation_id = n.escalation_id AND m.template = ANY(n.templates)

-- name: strike_misses
-- Misses that were made good are struck from the messages that tell of them; one that has none
-- left to tell is superseded.
WITH good AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb)
        AS n(escalation_id text, why text, duty text, due_at timestamptz)
    WHERE n.duty IS NOT NULL
), left_over AS (
    SELECT m.message_id, coalesce(jsonb_agg(one) FILTER (WHERE NOT EXISTS (
        SELECT FROM good WHERE good.escalation_id = m.escalation_id
            AND good.duty = one->>'duty' AND good.due_at = (one->>'due_at')::timestamptz)), '[]')
        AS missed
    FROM notifier.message AS m, jsonb_array_elements(m.brief->'missed') AS one
    WHERE m.settled_at IS NULL AND m.pointless IS NULL AND m.template = 'deadline-missed'
      AND m.escalation_id IN (SELECT escalation_id FROM good)
    GROUP BY m.message_id
)
UPDATE notifier.message AS m SET
    brief = m.brief || jsonb_build_object('missed', left_over.missed),
    pointless = CASE WHEN left_over.missed = '[]' AND (m.brief->>'more')::int = 0
        THEN 'fulfilled' END
FROM left_over WHERE m.message_id = left_over.message_id

-- name: cancel_superseded
-- Settle what is superseded and not just being sent; who waited for it need not wait any more.
WITH settled AS (
    UPDATE notifier.message SET state = 'cancelled', settled_at = now(),
        lease_owner = NULL, leased_until = NULL
    WHERE settled_at IS NULL AND pointless IS NOT NULL
      AND (leased_until IS NULL OR leased_until < now())
    RETURNING message_id
), lost AS (
    UPDATE notifier.attempt AS a SET outcome = 'unknown', ended_at = clock_timestamp()
    FROM settled WHERE a.message_id = settled.message_id AND a.ended_at IS NULL
)
UPDATE notifier.message AS m SET due_at = least(m.due_at, now()) FROM settled
WHERE m.after = settled.message_id AND m.settled_at IS NULL AND m.pointless IS NULL

-- name: claim
-- Take due messages of a channel ($6), oldest first, for as long as the lease runs. Slow ones ($4)
-- were put off before, or go to an address to which one that was put off still has to go.
WITH due AS (
    SELECT message_id FROM notifier.message AS m
    WHERE settled_at IS NULL AND pointless IS NULL AND due_at <= now() AND channel = $6
      AND (leased_until IS NULL OR leased_until < now())
      AND $4 = (put_off OR EXISTS (
          SELECT FROM notifier.message AS other
          WHERE other.address = m.address AND other.put_off AND other.settled_at IS NULL))
      AND NOT (source_partition = ANY($5::int[]) AND planned_at > now() - interval '1 minute')
    ORDER BY due_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
UPDATE notifier.message AS m SET lease_owner = $1, leased_until = now() + $3
FROM due WHERE m.message_id = due.message_id
RETURNING m.message_id, m.due_at

-- name: release
-- Give back what was claimed and not tried.
UPDATE notifier.message SET lease_owner = NULL, leased_until = NULL
WHERE message_id = ANY($1::uuid[]) AND lease_owner = $2 AND settled_at IS NULL

-- name: release_mine
-- What an earlier life of this process had claimed. What it was sending then is unknown.
WITH freed AS (
    UPDATE notifier.message SET lease_owner = NULL, leased_until = NULL
    WHERE lease_owner = $1 AND channel = $2 AND settled_at IS NULL
    RETURNING message_id
)
UPDATE notifier.attempt AS a SET outcome = 'unknown', ended_at = clock_timestamp() FROM freed
WHERE a.message_id = freed.message_id AND a.ended_at IS NULL

-- name: begin
-- Look again, just before sending: still ours, still needed, and still in the right lane ($4: the
-- slow one)? Then record the attempt and say what is known now.
WITH current AS (
    UPDATE notifier.message AS m SET attempts = attempts + 1, leased_until = now() + $3
    WHERE message_id = $1 AND lease_owner = $2 AND settled_at IS NULL AND pointless IS NULL
      AND ($4 OR NOT EXISTS (
          SELECT FROM notifier.message AS other
          WHERE other.address = m.address AND other.put_off AND other.settled_at IS NULL))
    RETURNING *
), lost AS (
    UPDATE notifier.attempt SET outcome = 'unknown', ended_at = clock_timestamp()
    WHERE message_id = $1 AND ended_at IS NULL AND EXISTS (SELECT FROM current)
), begun AS (
    INSERT INTO notifier.attempt (message_id, attempt)
    SELECT message_id, attempts FROM current
)
SELECT
    m.message_id, m.attempts, m.planned_at, m.template, m.audience, m.event_id, m.event_time,
    m.subject, m.request_id, m.escalation_id, m.brief,
    reader.email, m.address, reader.name, reader.timezone,
    to_jsonb(file) AS file, escalation.state AS escalation,
    EXISTS (SELECT FROM notifier.escalation AS other WHERE other.subject = m.subject
        AND other.state->>'status' NOT IN ('ended', 'voided', 'declined')) AS is_escalated,
    to_jsonb(requester) AS requester, to_jsonb(behalf) AS behalf, to_jsonb(contact) AS contact,
    to_jsonb(owner) AS owner, to_jsonb(primary_contact) AS primary_contact, to_jsonb(by) AS by,
    asked.comments, asked.form, coalesce(words.words, comment.comments) AS words, words.by_id
FROM current AS m
LEFT JOIN notifier.person AS reader ON (reader.subject, reader.person_id) = (m.subject, m.person_id)
LEFT JOIN notifier.case_file AS file ON file.subject = m.subject
LEFT JOIN notifier.escalation AS escalation ON escalation.escalation_id = m.escalation_id
LEFT JOIN LATERAL (
    SELECT a.person_id, a.comments, a.form FROM notifier.asked AS a
    WHERE a.subject = m.subject
      AND a.ref = coalesce(escalation.state->>'request_id', m.request_id)
    ORDER BY a.source_offset = m.source_offset DESC, a.kind = 'request' DESC, a.source_offset
    LIMIT 1
) AS asked ON true
LEFT JOIN notifier.words AS words
    ON (words.subject, words.source_offset) = (m.subject, m.source_offset)
LEFT JOIN LATERAL (
    SELECT c.comments FROM notifier.asked AS c
    WHERE c.subject = m.subject AND c.ref = m.brief->>'comment_id' AND c.kind = 'comment' LIMIT 1
) AS comment ON true
LEFT JOIN notifier.person AS requester
    ON (requester.subject, requester.person_id) = (m.subject, asked.person_id)
LEFT JOIN notifier.person AS behalf
    ON (behalf.subject, behalf.person_id) = (m.subject, asked.form->>'on_behalf_of')
LEFT JOIN notifier.person AS contact ON (contact.subject, contact.person_id)
    = (m.subject, coalesce(escalation.state->>'contact_id', m.brief->>'contact_id'))
LEFT JOIN notifier.person AS owner ON (owner.subject, owner.person_id)
    = (m.subject, coalesce(escalation.state->>'owner_id', m.brief->>'owner_id'))
LEFT JOIN notifier.person AS primary_contact
    ON (primary_contact.subject, primary_contact.person_id)
    = (m.subject, escalation.state->>'primary_contact_id')
LEFT JOIN notifier.person AS by ON (by.subject, by.person_id)
    = (m.subject, coalesce(words.by_id, m.brief->>'by_id'))

-- name: end_attempt
-- How an attempt ended.
UPDATE notifier.attempt SET ended_at = clock_timestamp(), outcome = $3, code = $4, answer = $5
WHERE message_id = $1 AND attempt = $2

-- name: settle
-- The message was sent, or failed for good; who waited for it need not wait any more.
WITH ended AS (
    UPDATE notifier.attempt SET ended_at = clock_timestamp(), outcome = $3, code = $4, answer = $5
    WHERE message_id = $1 AND attempt = $2
), settled AS (
    UPDATE notifier.message SET state = $6, settled_at = now(), lease_owner = NULL, leased_until = NULL
    WHERE message_id = $1 AND settled_at IS NULL
    RETURNING message_id
)
UPDATE notifier.message AS m SET due_at = least(m.due_at, now()) FROM settled
WHERE m.after = settled.message_id AND m.settled_at IS NULL

-- name: defer
-- Try again later.
WITH ended AS (
    UPDATE notifier.attempt SET ended_at = clock_timestamp(), outcome = $3, code = $4, answer = $5
    WHERE message_id = $1 AND attempt = $2
)
UPDATE notifier.message SET due_at = now() + $6, lease_owner = NULL, leased_until = NULL,
    put_off = put_off OR $3 IN ('deferred', 'unknown')
WHERE message_id = $1 AND settled_at IS NULL

-- name: expire
-- Forget what the case topic no longer holds.
SELECT notifier.expire(now() - $1::interval)
