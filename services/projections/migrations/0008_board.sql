-- migrate:up
-- How escalations stood at any moment, and what became of each duty.

-- Which status a decision leads to. The table is that of schemas/lifecycle.py; a test compares.
CREATE FUNCTION projections.status_after(decision text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE decision
        WHEN 'approval-requested' THEN 'awaiting-approval'
        WHEN 'declined' THEN 'declined'
        WHEN 'accepted' THEN 'escalated'
        WHEN 'acknowledged' THEN 'acknowledged'
        WHEN 'de-escalated' THEN 'monitored'
        WHEN 'monitoring-held' THEN 'monitored'
        WHEN 'monitoring-ended' THEN 'ended'
        WHEN 'voided' THEN 'voided'
    END
$$;

-- Decisions about escalations that were known at a moment; seq is the order in which they are
-- folded. A decision was known when its cause was recorded; of what the decider reports to itself
-- no row is kept, and then the decision's own record says when. Null: every moment. A view that
-- calls it reads with its owner's rights only if the function does.
CREATE FUNCTION projections.known_decisions(as_of timestamptz, known_at timestamptz)
RETURNS TABLE (escalation_id text, subject text, name text, at timestamptz, seq bigint, data jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.data->>'escalation_id', d.subject, split_part(d.type, '.', 3), d.occurred_at,
           d.kafka_offset, d.data
    FROM projections.events AS d
    LEFT JOIN projections.events AS cause
        ON known_at IS NOT NULL AND cause.type LIKE 'support.case.%'
       AND cause.kafka_partition = d.kafka_partition AND cause.kafka_offset = d.source_offset
    WHERE d.type LIKE 'support.escalation.%' AND d.data->>'escalation_id' IS NOT NULL
      AND (as_of IS NULL OR d.occurred_at <= as_of)
      AND (known_at IS NULL OR coalesce(cause.recorded_at, d.recorded_at) <= known_at)
$$;

-- The same, of those escalations alone that may have been open then: they are open now, or what
-- ended them happened, or was known, later. The broker's clock and the decider's may differ by an
-- hour. Most decisions have a cause of their own subject, which is found without a search.
CREATE FUNCTION projections.known_decisions_of_open(as_of timestamptz, known_at timestamptz)
RETURNS TABLE (escalation_id text, subject text, name text, at timestamptz, seq bigint, data jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH limits AS (
        SELECT coalesce(known_decisions_of_open.known_at, 'infinity') AS known_at
    ), candidate AS MATERIALIZED (
        SELECT e.subject FROM projections.escalations AS e
        WHERE e.status IN ('awaiting-approval', 'escalated', 'acknowledged', 'monitored')
        UNION
        SELECT d.subject FROM projections.events AS d
        WHERE d.type IN ('support.escalation.monitoring-ended.v1',
                         'support.escalation.voided.v1', 'support.escalation.declined.v1')
          AND (d.occurred_at > known_decisions_of_open.as_of
               OR d.recorded_at > (SELECT l.known_at FROM limits AS l) - interval '1 hour')
    ), decision AS MATERIALIZED (
        SELECT d.data->>'escalation_id' AS escalation_id, d.subject,
               split_part(d.type, '.', 3) AS name, d.occurred_at, d.kafka_offset, d.data,
               d.recorded_at, d.kafka_partition, d.source_offset,
               d.recorded_at <= (SELECT l.known_at FROM limits AS l) - interval '1 hour' AS is_known
        FROM candidate AS c JOIN projections.events AS d ON d.subject = c.subject
        WHERE d.type LIKE 'support.escalation.%' AND d.data->>'escalation_id' IS NOT NULL
          AND d.occurred_at <= known_decisions_of_open.as_of
    ), own AS MATERIALIZED (
        SELECT d.*, (
            SELECT cause.recorded_at FROM projections.events AS cause
            WHERE cause.subject = d.subject AND cause.type LIKE 'support.case.%'
              AND cause.kafka_partition = d.kafka_partition
              AND cause.kafka_offset = d.source_offset LIMIT 1
        ) AS caused_at
        FROM decision AS d WHERE NOT d.is_known
    ), others AS (
        SELECT o.escalation_id, o.kafka_offset, coalesce(cause.recorded_at, o.recorded_at) AS at
        FROM own AS o
        LEFT JOIN projections.events AS cause
            ON cause.type LIKE 'support.case.%' AND cause.kafka_partition = o.kafka_partition
           AND cause.kafka_offset = o.source_offset
        WHERE o.caused_at IS NULL
    )
    SELECT d.escalation_id, d.subject, d.name, d.occurred_at, d.kafka_offset, d.data
    FROM decision AS d WHERE d.is_known
    UNION ALL
    SELECT d.escalation_id, d.subject, d.name, d.occurred_at, d.kafka_offset, d.data
    FROM own AS d WHERE d.caused_at <= (SELECT l.known_at FROM limits AS l)
    UNION ALL
    SELECT d.escalation_id, d.subject, d.name, d.occurred_at, d.kafka_offset, d.data
    FROM own AS d JOIN others AS o USING (escalation_id, kafka_offset)
    WHERE d.caused_at IS NULL AND o.at <= (SELECT l.known_at FROM limits AS l)
$$;

-- The rows of review.board, and what the order of attention is computed from.
CREATE FUNCTION projections.board_rows(
    as_of timestamptz, known_at timestamptz, only_open boolean
)
RETURNS TABLE (
    escalation_id text, case_id text, account_id text, title text, severity text, tier text,
    reason text, status text, level text, colour text, requested_at timestamptz,
    accepted_at timestamptz, acknowledged_at timestamptz, de_escalated_at timestamptz,
    ended_at timestamptz, owner text, primary_contact text, next_duty text,
    next_due_at timestamptz, overdue boolean, last_update_at timestamptz, trend text, policy text,
    policy_version integer, escalation_severity text, case_ids text[], paused boolean, turn text,
    resources_at timestamptz, communication_at timestamptz, action_plan_at timestamptz, team text,
    missed_times integer, missed_since timestamptz, text_expired boolean,
    open_duties jsonb, misses integer, prioritised boolean
)
LANGUAGE sql STABLE AS $$
WITH known AS MATERIALIZED (
    SELECT k.*, projections.status_after(k.name) AS status,
           min(k.seq) FILTER (WHERE k.name IN ('approval-requested', 'accepted'))
               OVER (PARTITION BY k.escalation_id) AS first_seq
    FROM (
        SELECT * FROM projections.known_decisions(board_rows.as_of, board_rows.known_at)
        WHERE NOT board_rows.only_open
        UNION ALL
        SELECT * FROM projections.known_decisions_of_open(board_rows.as_of, board_rows.known_at)
        WHERE board_rows.only_open
    ) AS k
), told AS MATERIALIZED (  -- what comes before an escalation began is about nothing
    SELECT k.*, k.status IN ('monitored', 'ended', 'voided', 'declined') AS drops_duties
    FROM known AS k WHERE k.seq >= k.first_seq
), folded AS (
    SELECT t.escalation_id,
           (array_agg(t.subject ORDER BY t.seq))[1] AS subject,
           (array_agg(t.status ORDER BY t.seq DESC) FILTER (WHERE t.status IS NOT NULL))[1]
               AS status,
           (array_agg(t.data ORDER BY t.seq DESC)
               FILTER (WHERE t.name IN ('approval-requested', 'accepted')))[1] AS begun,
           (array_agg(t.data ORDER BY t.seq DESC) FILTER (WHERE t.name = 'accepted'))[1]
               AS accepted,
           (array_agg(coalesce(t.data->>'to', t.data->>'level') ORDER BY t.seq DESC)
               FILTER (WHERE t.name IN ('accepted', 'level-raised')))[1] AS level,
           (array_agg(t.data->>'trend' ORDER BY t.seq DESC)
               FILTER (WHERE t.name = 'trend-changed'))[1] AS trend,
           (array_agg(t.data->>'contact_id' ORDER BY t.seq DESC)
               FILTER (WHERE t.name = 'primary-contact-assigned'))[1] AS primary_contact,
           (array_agg(t.at ORDER BY t.seq DESC) FILTER (WHERE t.name = 'accepted'))[1]
               AS accepted_at,
           (array_agg(t.at ORDER BY t.seq DESC) FILTER (WHERE t.name = 'acknowledged'))[1]
               AS acknowledged_at,
           (array_agg(t.at ORDER BY t.seq DESC) FILTER (WHERE t.name = 'de-escalated'))[1]
               AS de_escalated_at,
           (array_agg(t.at ORDER BY t.seq DESC)
               FILTER (WHERE t.status IN ('ended', 'voided', 'declined')))[1] AS ended_at,
           (array_agg(t.at ORDER BY t.seq DESC) FILTER (WHERE t.name = 'evaluated'))[1]
               AS resources_at,
           (array_agg(t.at ORDER BY t.seq DESC)
               FILTER (WHERE t.name = 'communication-plan-set'))[1] AS communication_at,
           (array_agg(t.at ORDER BY t.seq DESC) FILTER (WHERE t.name = 'action-plan-shared'))[1]
               AS action_plan_at,
           max(t.at) FILTER (WHERE t.name IN ('update-given', 'customer-contacted',
                                              'contact-attempted', 'action-plan-shared'))
               AS last_update_at,
           count(*) FILTER (WHERE t.name = 'deadline-missed')::integer AS misses,
           max(t.seq) FILTER (WHERE t.drops_duties) AS dropped_seq,
           max(t.seq) FILTER (WHERE t.drops_duties OR t.name IN ('approval-requested', 'accepted'))
               AS cleared_seq
    FROM told AS t GROUP BY t.escalation_id
), fulfilled AS MATERIALIZED (
    SELECT t.escalation_id, t.seq, one->>'duty' AS duty, (one->>'due_at')::timestamptz AS due_at
    FROM told AS t
    CROSS JOIN jsonb_array_elements(
        CASE jsonb_typeof(t.data->'fulfilled') WHEN 'array' THEN t.data->'fulfilled' END) AS one
    WHERE t.name <> 'accepted'
), set_by AS (
    SELECT t.escalation_id, t.seq, one->>'duty' AS duty, (one->>'due_at')::timestamptz AS due_at
    FROM told AS t
    CROSS JOIN jsonb_array_elements(
        CASE jsonb_typeof(t.data->'duties') WHEN 'array' THEN t.data->'duties' END) AS one
    UNION ALL
    SELECT t.escalation_id, t.seq, t.data->>'duty', (t.data->>'due_at')::timestamptz
    FROM told AS t WHERE t.name IN ('approval-requested', 'duty-replanned')
), missed AS MATERIALIZED (  -- of recurring duties: the next one is set at once
    SELECT t.escalation_id, t.seq, t.data->>'duty' AS duty,
           (t.data->>'due_at')::timestamptz AS due_at
    FROM told AS t
    WHERE t.name = 'deadline-missed'
      AND t.data->'duties' @> jsonb_build_array(jsonb_build_object('duty', t.data->'duty'))
), closing AS (  -- a report credited to the period missed last closes that one alone
    SELECT f.* FROM fulfilled AS f
    WHERE f.due_at IS NULL OR NOT EXISTS (
        SELECT FROM missed AS m
        WHERE m.escalation_id = f.escalation_id AND m.duty = f.duty AND m.seq < f.seq
          AND m.due_at >= f.due_at
          AND NOT EXISTS (
              SELECT FROM fulfilled AS g
              WHERE g.escalation_id = f.escalation_id AND g.duty = f.duty
                AND g.seq > m.seq AND g.seq < f.seq))
), last_set AS (
    SELECT DISTINCT ON (s.escalation_id, s.duty) s.*
    FROM set_by AS s JOIN folded AS e USING (escalation_id)
    WHERE s.seq >= e.cleared_seq
    ORDER BY s.escalation_id, s.duty, s.seq DESC
), missing_by_duty AS (
    SELECT m.escalation_id, m.duty, count(*)::integer AS times, min(m.due_at) AS since
    FROM missed AS m JOIN folded AS e USING (escalation_id)
    WHERE (e.dropped_seq IS NULL OR m.seq > e.dropped_seq)
      AND NOT EXISTS (
          SELECT FROM fulfilled AS f
          WHERE f.escalation_id = m.escalation_id AND f.duty = m.duty AND f.seq > m.seq)
    GROUP BY m.escalation_id, m.duty
), open AS (
    SELECT s.escalation_id,
           min(s.due_at) AS next_due_at,
           (array_agg(s.duty ORDER BY s.due_at, s.duty COLLATE "C")
               FILTER (WHERE s.due_at IS NOT NULL))[1] AS next_duty,
           bool_or(s.due_at IS NULL) AS paused,
           jsonb_agg(jsonb_build_object('duty', s.duty, 'due_at', s.due_at,
                                        'missed_since', m.since)) AS duties
    FROM last_set AS s
    LEFT JOIN missing_by_duty AS m ON m.escalation_id = s.escalation_id AND m.duty = s.duty
    WHERE NOT EXISTS (
        SELECT FROM closing AS f
        WHERE f.escalation_id = s.escalation_id AND f.duty = s.duty AND f.seq > s.seq)
    GROUP BY s.escalation_id
), missing AS (
    SELECT m.escalation_id, sum(m.times)::integer AS times, min(m.since) AS since
    FROM missing_by_duty AS m GROUP BY m.escalation_id
), linked AS (
    SELECT one.escalation_id, array_agg(one.case_id ORDER BY one.case_id COLLATE "C") AS case_ids
    FROM (
        SELECT DISTINCT ON (t.escalation_id, t.data->>'case_id')
               t.escalation_id, t.data->>'case_id' AS case_id, t.name
        FROM told AS t
        WHERE t.name IN ('case-linked', 'case-unlinked') AND t.data->>'case_id' IS NOT NULL
        ORDER BY t.escalation_id, t.data->>'case_id', t.seq DESC
    ) AS one
    WHERE one.name = 'case-linked' GROUP BY one.escalation_id
), facts AS (
    SELECT f.subject, split_part(f.type, '.', 3) AS name, f.kafka_offset AS seq, f.data
    FROM projections.events AS f
    WHERE f.type IN ('support.case.opened.v1', 'support.case.severity-changed.v1',
                     'support.case.assigned.v1')
      AND f.subject IN (SELECT e.subject FROM folded AS e)
      AND (board_rows.as_of IS NULL OR f.occurred_at <= board_rows.as_of)
      AND (board_rows.known_at IS NULL OR f.recorded_at <= board_rows.known_at)
), cases AS (
    SELECT f.subject,
           (array_agg(f.data->>'account_id' ORDER BY f.seq)
               FILTER (WHERE f.name = 'opened' AND f.data->>'account_id' IS NOT NULL))[1]
               AS account_id,
           (array_agg(f.data->>'title' ORDER BY f.seq)
               FILTER (WHERE f.name = 'opened' AND f.data->>'title' IS NOT NULL))[1] AS title,
           (array_agg(f.data->>'tier' ORDER BY f.seq)
               FILTER (WHERE f.name = 'opened' AND f.data->>'tier' IS NOT NULL))[1] AS tier,
           coalesce(
               (array_agg(f.data->>'severity' ORDER BY f.seq DESC)
                   FILTER (WHERE f.name = 'severity-changed' AND f.data IS NOT NULL))[1],
               (array_agg(f.data->>'severity' ORDER BY f.seq)
                   FILTER (WHERE f.name = 'opened' AND f.data IS NOT NULL))[1]) AS severity,
           coalesce(
               (array_agg(f.data->>'team' ORDER BY f.seq DESC)
                   FILTER (WHERE f.name = 'assigned' AND nullif(f.data->>'team', '') IS NOT NULL))[1],
               (array_agg(f.data->>'team' ORDER BY f.seq)
                   FILTER (WHERE f.name = 'opened'
                             AND f.data->>'team' ~ '^[A-Za-z0-9._-]{1,64}$'))[1]) AS team,
           bool_or(f.name = 'opened' AND f.data IS NULL) AS text_expired
    FROM facts AS f GROUP BY f.subject
)
SELECT e.escalation_id,
       CASE WHEN e.subject NOT LIKE '%/%' THEN e.subject END,
       coalesce(e.begun->>'account_id', c.account_id), c.title, c.severity, c.tier,
       e.accepted->>'reason', e.status, e.level, e.accepted->>'colour',
       coalesce(e.begun->>'requested_at', e.begun->'receipt'->>'at')::timestamptz,
       e.accepted_at, e.acknowledged_at, e.de_escalated_at, e.ended_at,
       e.accepted->>'owner_id', e.primary_contact, o.next_duty, o.next_due_at,
       coalesce(o.next_due_at < coalesce(board_rows.as_of, now()), false) OR m.since IS NOT NULL,
       e.last_update_at, e.trend,
       coalesce(e.begun->'policy', e.begun->'receipt'->'policy')->>'name',
       (coalesce(e.begun->'policy', e.begun->'receipt'->'policy')->>'version')::integer,
       e.accepted->>'escalation_severity', coalesce(l.case_ids, '{}'), coalesce(o.paused, false),
       CASE WHEN e.subject NOT LIKE '%/%' THEN (
           SELECT CASE
               WHEN said.type = 'support.case.information-requested.v1' THEN 'customer'
               WHEN said.data IS NULL THEN NULL
               WHEN said.type = 'support.case.opened.v1' THEN 'agent'
               WHEN said.data->>'author_role' = 'customer' THEN 'agent'
               ELSE 'customer'
           END
           FROM projections.events AS said
           WHERE said.subject = e.subject
             AND (board_rows.as_of IS NULL OR said.occurred_at <= board_rows.as_of)
             AND (board_rows.known_at IS NULL OR said.recorded_at <= board_rows.known_at)
             AND (said.type IN ('support.case.information-requested.v1', 'support.case.opened.v1')
                  OR (said.type = 'support.case.comment-added.v1'
                      AND (said.data IS NULL
                           OR (coalesce(nullif(trim(said.data->>'visibility'), ''), 'public')
                               = 'public'
                               AND coalesce(said.data->>'automatic', 'false') <> 'true'
                               AND said.data->>'author_role' <> 'bot'))))
           ORDER BY said.type = 'support.case.opened.v1', said.kafka_offset DESC
           LIMIT 1
       ) END,
       e.resources_at, e.communication_at, e.action_plan_at,
       coalesce(e.begun->>'team',
                CASE WHEN c.team ~ '^[A-Za-z0-9._-]{1,64}$' THEN c.team END),
       coalesce(m.times, 0), m.since,
       CASE WHEN e.subject NOT LIKE '%/%' THEN c.title IS NULL AND c.text_expired END,
       coalesce(o.duties, '[]'), e.misses,
       coalesce((e.accepted->'receipt'->'facts'->>'prioritised')::boolean, false)
FROM folded AS e
LEFT JOIN open AS o USING (escalation_id)
LEFT JOIN missing AS m USING (escalation_id)
LEFT JOIN linked AS l USING (escalation_id)
LEFT JOIN cases AS c ON c.subject = e.subject
$$;

CREATE FUNCTION review.board(as_of timestamptz, known_at timestamptz DEFAULT NULL)
RETURNS TABLE (
    escalation_id text, case_id text, account_id text, title text, severity text, tier text,
    reason text, status text, level text, colour text, requested_at timestamptz,
    accepted_at timestamptz, acknowledged_at timestamptz, de_escalated_at timestamptz,
    ended_at timestamptz, owner text, primary_contact text, next_duty text,
    next_due_at timestamptz, overdue boolean, last_update_at timestamptz, trend text, policy text,
    policy_version integer, escalation_severity text, case_ids text[], paused boolean, turn text,
    resources_at timestamptz, communication_at timestamptz, action_plan_at timestamptz, team text,
    missed_times integer, missed_since timestamptz, text_expired boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT escalation_id, case_id, account_id, title, severity, tier, reason, status, level, colour,
           requested_at, accepted_at, acknowledged_at, de_escalated_at, ended_at, owner,
           primary_contact, next_duty, next_due_at, overdue, last_update_at, trend, policy,
           policy_version, escalation_severity, case_ids, paused, turn, resources_at,
           communication_at, action_plan_at, team, missed_times, missed_since, text_expired
    FROM projections.board_rows(board.as_of, board.known_at, false)
$$;
COMMENT ON FUNCTION review.board(timestamptz, timestamptz) IS
    'The rows of review.escalation_status as of a past moment: as_of keeps what happened at or '
    'before it, known_at (null: all) what comes from case records stamped at or before it. The '
    'same moments always give the same rows: board(T, T) is what review --as-of T shows.';
REVOKE ALL ON FUNCTION review.board(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION review.board(timestamptz, timestamptz) TO escalation_reader;

-- Open escalations with what their place in the order of attention is computed from.
CREATE VIEW review.open_escalations AS
SELECT v.*,
       coalesce((
           SELECT jsonb_agg(jsonb_build_object(
               'duty', one->>'duty', 'due_at', one->>'due_at',
               'missed_since', e.missed->(one->>'duty')->>'since',
               'kind', spec.kind, 'owed_by', spec.owed_by))
           FROM jsonb_array_elements(e.duties) AS one
           LEFT JOIN projections.policy_duties AS spec
               ON spec.policy = e.policy AND spec.version = e.policy_version
              AND spec.duty = one->>'duty'
       ), '[]') AS open_duties,
       (SELECT count(*)::integer FROM projections.events AS m
        WHERE m.subject = e.subject AND m.type = 'support.escalation.deadline-missed.v1'
          AND m.data->>'escalation_id' = e.escalation_id) AS misses,
       coalesce((
           SELECT (a.data->'receipt'->'facts'->>'prioritised')::boolean
           FROM projections.events AS a
           WHERE a.subject = e.subject AND a.type = 'support.escalation.accepted.v1'
             AND a.data->>'escalation_id' = e.escalation_id LIMIT 1
       ), false) AS prioritised,
       c.agent_id, c.manager_id
FROM projections.escalations AS e
JOIN review.escalation_status AS v ON v.escalation_id = e.escalation_id
LEFT JOIN projections.cases AS c ON c.case_id = e.subject
WHERE e.status IN ('awaiting-approval', 'escalated', 'acknowledged', 'monitored')
  AND v.status IN ('awaiting-approval', 'escalated', 'acknowledged', 'monitored');  -- both indexed
COMMENT ON VIEW review.open_escalations IS
    'One row per escalation that somebody looks after now, with what its place in the order of '
    'attention is computed from.';
COMMENT ON COLUMN review.open_escalations.open_duties IS
    'What is owed: duty, due_at (null: its clock stands still), missed_since (of a recurring one, since '
    'when it was missed and not kept again), kind and owed_by by the policy.';
COMMENT ON COLUMN review.open_escalations.misses IS 'How many duties of it were ever missed.';
COMMENT ON COLUMN review.open_escalations.prioritised IS 'Whether triage says that it goes first.';
COMMENT ON COLUMN review.open_escalations.agent_id IS 'Id of the assigned agent; null: none.';
COMMENT ON COLUMN review.open_escalations.manager_id IS 'Id of the support manager; null: none.';
DO $$
DECLARE name text;
BEGIN
    -- The other columns mean what they mean in the view that they come from.
    FOR name IN SELECT a.attname FROM pg_attribute AS a
                WHERE a.attrelid = 'review.escalation_status'::regclass AND a.attnum > 0 LOOP
        EXECUTE format('COMMENT ON COLUMN review.open_escalations.%I IS %L', name,
            (SELECT col_description(a.attrelid, a.attnum) FROM pg_attribute AS a
             WHERE a.attrelid = 'review.escalation_status'::regclass AND a.attname = name));
    END LOOP;
END $$;

CREATE FUNCTION review.open_escalations_at(as_of timestamptz, known_at timestamptz)
RETURNS SETOF review.open_escalations
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT b.escalation_id, b.case_id, b.account_id, b.title, b.severity, b.tier, b.reason,
           b.status, b.level, b.colour, b.requested_at, b.accepted_at, b.acknowledged_at,
           b.de_escalated_at, b.ended_at, b.owner, b.primary_contact, b.next_duty, b.next_due_at,
           b.overdue, b.last_update_at, b.trend, b.policy, b.policy_version,
           b.escalation_severity, b.case_ids, b.paused, b.turn, b.resources_at,
           b.communication_at, b.action_plan_at, b.team, b.missed_times, b.missed_since,
           b.text_expired,
           coalesce((
               SELECT jsonb_agg(one || jsonb_build_object('kind', spec.kind,
                                                          'owed_by', spec.owed_by))
               FROM jsonb_array_elements(b.open_duties) AS one
               LEFT JOIN projections.policy_duties AS spec
                   ON spec.policy = b.policy AND spec.version = b.policy_version
                  AND spec.duty = one->>'duty'
           ), '[]'),
           b.misses, b.prioritised, c.agent_id, c.manager_id
    FROM projections.board_rows(
        open_escalations_at.as_of, open_escalations_at.known_at, true) AS b
    LEFT JOIN projections.cases AS c ON c.case_id = b.case_id
    WHERE b.status IN ('awaiting-approval', 'escalated', 'acknowledged', 'monitored')
$$;
COMMENT ON FUNCTION review.open_escalations_at(timestamptz, timestamptz) IS
    'The rows of review.open_escalations as of a past moment (known_at null: all that is known now); who is assigned is as of now.';
REVOKE ALL ON FUNCTION review.open_escalations_at(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION review.open_escalations_at(timestamptz, timestamptz) TO escalation_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA review TO escalation_reader;

-- migrate:down
DROP FUNCTION review.open_escalations_at(timestamptz, timestamptz);
DROP VIEW review.open_escalations;
DROP FUNCTION review.board(timestamptz, timestamptz);
DROP FUNCTION projections.board_rows(timestamptz, timestamptz, boolean);
DROP FUNCTION projections.known_decisions_of_open(timestamptz, timestamptz);
DROP FUNCTION projections.known_decisions(timestamptz, timestamptz);
DROP FUNCTION projections.status_after(text);
