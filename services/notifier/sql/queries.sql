-- name: seat
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

-- name: meet
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

-- name: remember_asked
-- Who asked, or may have asked in a comment.
INSERT INTO notifier.asked
SELECT * FROM jsonb_to_recordset($1::jsonb) AS n(
    subject text, ref text, source_offset bigint, kind text, person_id text, comments text,
    said_at timestamptz)
ON CONFLICT DO NOTHING

-- name: file_case
-- Who looks after a case: assigned wins over known, known over opened again.
INSERT INTO notifier.case_file AS f (
    subject, title, product, support_manager_id, agent_id, team, said_at)
SELECT
    n.subject, coalesce(k.title, n.title), coalesce(k.product, n.product),
    coalesce(n.assigned_manager_id, k.support_manager_id, n.support_manager_id),
    coalesce(n.assigned_agent_id, k.agent_id, n.agent_id),
    coalesce(n.assigned_team, k.team, n.team), coalesce(k.said_at, n.said_at)
FROM jsonb_to_recordset($1::jsonb) AS n(
    subject text, said_at timestamptz, title text, product text, support_manager_id text,
    agent_id text, team text, assigned_manager_id text, assigned_agent_id text,
    assigned_team text)
LEFT JOIN notifier.case_file AS k USING (subject)
ON CONFLICT (subject) DO UPDATE SET
    title = excluded.title,
    product = excluded.product,
    support_manager_id = excluded.support_manager_id,
    agent_id = excluded.agent_id,
    team = excluded.team

-- name: people_of
-- Everybody with an address on these subjects.
SELECT subject, person_id, email FROM notifier.person
WHERE subject = ANY($1::text[]) AND email IS NOT NULL

-- name: asked_of
-- Who asked on these subjects under these names.
SELECT a.subject, a.ref, a.source_offset, a.kind, a.person_id
FROM notifier.asked AS a
JOIN unnest($1::text[], $2::text[]) AS w(subject, ref) USING (subject, ref)
ORDER BY a.source_offset

-- name: files_of
-- Who looks after these cases.
SELECT subject, support_manager_id, agent_id, team FROM notifier.case_file
WHERE subject = ANY($1::text[])

-- name: escalations_of
-- What we remember of these escalations.
SELECT escalation_id, policy, policy_version, team, owner_id, approvers
FROM notifier.escalation WHERE escalation_id = ANY($1::text[])

-- name: remember_escalations
-- Escalations that began, or wait for approval; an acceptance says more than what came before.
INSERT INTO notifier.escalation AS e
    (escalation_id, subject, policy, policy_version, team, owner_id, contact_id, approvers)
SELECT escalation_id, subject, policy, policy_version, team, owner_id, contact_id, approvers
FROM jsonb_to_recordset($1::jsonb) AS n(
    escalation_id text, subject text, policy text, policy_version integer, team text,
    owner_id text, contact_id text, approvers text[])
ON CONFLICT (escalation_id) DO UPDATE SET
    team = coalesce(excluded.team, e.team),
    owner_id = coalesce(excluded.owner_id, e.owner_id),
    contact_id = coalesce(excluded.contact_id, e.contact_id)

-- name: change_contacts
-- Whom to call from now on, in messages that are still to be written.
UPDATE notifier.escalation AS e SET contact_id = n.contact_id
FROM jsonb_to_recordset($1::jsonb) AS n(escalation_id text, contact_id text)
WHERE e.escalation_id = n.escalation_id

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

-- name: make_pointless
-- Messages that nobody needs any more; the sender records them as cancelled.
UPDATE notifier.message AS m SET pointless = n.why
FROM jsonb_to_recordset($1::jsonb) AS n(
    escalation_id text, templates text[], why text, duty text, due_at timestamptz)
WHERE m.settled_at IS NULL AND m.pointless IS NULL
  AND m.escalation_id = n.escalation_id AND m.template = ANY(n.templates)
  AND (n.duty IS NULL
       OR (m.brief->>'duty' = n.duty AND (m.brief->>'due_at')::timestamptz = n.due_at))

-- name: cancel_pointless
-- Settle what is pointless and not just being sent; who waited for it need not wait any more.
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
-- Take due messages, oldest first, for as long as the lease runs. Slow ones ($4) were put off
-- before, or go to an address to which one that was put off still has to go.
WITH due AS (
    SELECT message_id FROM notifier.message AS m
    WHERE settled_at IS NULL AND pointless IS NULL AND due_at <= now()
      AND (leased_until IS NULL OR leased_until < now())
      AND $4 = (put_off OR EXISTS (
          SELECT FROM notifier.message AS other
          WHERE other.address = m.address AND other.put_off AND other.settled_at IS NULL))
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
    WHERE lease_owner = $1 AND settled_at IS NULL
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
    file.title, file.product,
    to_jsonb(requester) AS requester, to_jsonb(contact) AS contact, asked.comments
FROM current AS m
LEFT JOIN notifier.person AS reader ON (reader.subject, reader.person_id) = (m.subject, m.person_id)
LEFT JOIN notifier.case_file AS file ON file.subject = m.subject
LEFT JOIN LATERAL (
    SELECT a.person_id, a.comments FROM notifier.asked AS a
    WHERE a.subject = m.subject AND a.ref = m.request_id
    ORDER BY a.source_offset = m.source_offset DESC, a.kind = 'request' DESC, a.source_offset
    LIMIT 1
) AS asked ON true
LEFT JOIN notifier.person AS requester
    ON (requester.subject, requester.person_id) = (m.subject, asked.person_id)
LEFT JOIN notifier.escalation AS escalation ON escalation.escalation_id = m.escalation_id
LEFT JOIN notifier.person AS contact ON (contact.subject, contact.person_id)
    = (m.subject, coalesce(escalation.contact_id, m.brief->>'contact_id'))

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
