-- migrate:up
-- What each duty became, what a day changed for a team, and who signed it off.

-- The teams of teams.yaml, as the service knows them; it writes them when it starts.
CREATE TABLE projections.teams (
    team        text PRIMARY KEY,
    name        text NOT NULL,
    zone        text NOT NULL,
    weekdays    integer[] NOT NULL,
    days_off    date[] NOT NULL,
    days_worked date[] NOT NULL,
    sign_off_by time
);

-- The duties of one subject, or of all (null).
CREATE FUNCTION projections.duty_rows(of_subject text)
RETURNS TABLE (
    escalation_id text, case_id text, duty text, kind text, owner text, set_at timestamptz,
    due_at timestamptz, paused boolean, outcome text, fulfilled_at timestamptz, lateness interval,
    number integer, planned_anew integer, owed_by text, policy text, policy_version integer,
    account_id text, team text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
WITH told AS MATERIALIZED (
    SELECT k.*, projections.status_after(k.name) IN ('monitored', 'ended', 'voided', 'declined')
               AS drops_duties
    FROM (
        SELECT * FROM projections.known_decisions(NULL, NULL) WHERE of_subject IS NULL
        UNION ALL
        SELECT d.data->>'escalation_id', d.subject, split_part(d.type, '.', 3), d.occurred_at,
               d.kafka_offset, d.data
        FROM projections.events AS d
        WHERE d.subject = of_subject AND d.type LIKE 'support.escalation.%'
          AND d.data->>'escalation_id' IS NOT NULL
    ) AS k
), set_by AS (
    SELECT t.escalation_id, t.subject, t.seq, t.at, one->>'duty' AS duty,
           (one->>'due_at')::timestamptz AS due_at, t.name
    FROM told AS t
    CROSS JOIN jsonb_array_elements(
        CASE jsonb_typeof(t.data->'duties') WHEN 'array' THEN t.data->'duties' END) AS one
    UNION ALL
    SELECT t.escalation_id, t.subject, t.seq, t.at, t.data->>'duty',
           (t.data->>'due_at')::timestamptz, t.name
    FROM told AS t WHERE t.name = 'approval-requested'
), period AS (
    -- The next of a recurring duty counts as set when its predecessor was due.
    SELECT s.*, lead(s.seq) OVER of_duty AS next_seq,
           row_number() OVER of_duty::integer AS number
    FROM set_by AS s WINDOW of_duty AS (PARTITION BY s.escalation_id, s.duty ORDER BY s.seq)
), planned AS (
    SELECT p.*, coalesce(r.times, 0) AS planned_anew,
           CASE WHEN r.times > 0 THEN r.due_at ELSE p.due_at END AS due_now
    FROM period AS p
    LEFT JOIN LATERAL (
        SELECT count(*)::integer AS times,
               (array_agg((t.data->>'due_at')::timestamptz ORDER BY t.seq DESC))[1] AS due_at
        FROM told AS t
        WHERE t.escalation_id = p.escalation_id AND t.name = 'duty-replanned'
          AND t.data->>'duty' = p.duty AND t.seq > p.seq
          AND (p.next_seq IS NULL OR t.seq < p.next_seq)
    ) AS r ON true
), fulfilled AS MATERIALIZED (
    SELECT t.escalation_id, t.seq, one->>'duty' AS duty, (one->>'due_at')::timestamptz AS due_at,
           (one->>'at')::timestamptz AS at, (one->>'kept')::boolean AS kept
    FROM told AS t
    CROSS JOIN jsonb_array_elements(
        CASE jsonb_typeof(t.data->'fulfilled') WHEN 'array' THEN t.data->'fulfilled' END) AS one
), missed AS MATERIALIZED (
    SELECT t.escalation_id, t.seq, t.data->>'duty' AS duty,
           (t.data->>'due_at')::timestamptz AS due_at
    FROM told AS t WHERE t.name = 'deadline-missed'
), dropped AS (
    SELECT t.escalation_id, min(t.seq) AS seq FROM told AS t WHERE t.drops_duties
    GROUP BY t.escalation_id
), judged AS (
    SELECT p.*, f.at AS fulfilled_at, f.kept, m.due_at IS NOT NULL AS was_missed,
           f.at IS NULL AND m.due_at IS NULL
               AND (p.next_seq IS NOT NULL OR d.seq IS NOT NULL) AS was_dropped
    FROM planned AS p
    LEFT JOIN LATERAL (
        SELECT * FROM fulfilled AS f
        WHERE f.escalation_id = p.escalation_id AND f.duty = p.duty AND f.seq >= p.seq
          AND (f.due_at = p.due_now
               OR f.due_at IS NULL AND p.due_now IS NULL
                  AND (p.next_seq IS NULL OR f.seq <= p.next_seq))
        ORDER BY f.seq LIMIT 1
    ) AS f ON true
    LEFT JOIN LATERAL (
        SELECT * FROM missed AS m
        WHERE m.escalation_id = p.escalation_id AND m.duty = p.duty AND m.seq > p.seq
          AND m.due_at = p.due_now
        ORDER BY m.seq LIMIT 1
    ) AS m ON true
    LEFT JOIN dropped AS d ON d.escalation_id = p.escalation_id AND d.seq >= p.seq
)
SELECT j.escalation_id, CASE WHEN j.subject NOT LIKE '%/%' THEN j.subject END AS case_id,
       j.duty, spec.kind,
       CASE WHEN j.subject LIKE '%/%' THEN e.owner_id
            WHEN spec.owed_by = 'support-manager' THEN c.manager_id
            WHEN spec.owed_by = 'handling-agent' THEN c.agent_id END AS owner,
       CASE WHEN j.name = 'deadline-missed' THEN (
           SELECT max(m.due_at) FROM missed AS m
           WHERE m.escalation_id = j.escalation_id AND m.duty = j.duty AND m.seq = j.seq
       ) ELSE j.at END AS set_at,
       j.due_now AS due_at,
       j.due_now IS NULL AND j.fulfilled_at IS NULL AND NOT j.was_dropped AS paused,
       CASE WHEN j.kept AND j.was_missed THEN 'kept-reported-late'
            WHEN j.kept THEN 'kept'
            WHEN j.was_missed OR j.fulfilled_at IS NOT NULL THEN 'missed'
            WHEN j.was_dropped THEN 'dropped'
            ELSE 'open' END AS outcome,
       j.fulfilled_at,
       CASE WHEN j.fulfilled_at > j.due_now THEN j.fulfilled_at - j.due_now
            WHEN j.fulfilled_at IS NULL AND NOT j.was_dropped AND j.due_now < now()
                THEN now() - j.due_now END AS lateness,
       j.number, j.planned_anew, spec.owed_by, e.policy, e.policy_version,
       coalesce(e.account_id, c.account_id) AS account_id, coalesce(e.team, c.team) AS team
FROM judged AS j
JOIN projections.escalations AS e ON e.escalation_id = j.escalation_id
LEFT JOIN projections.cases AS c ON c.case_id = j.subject
LEFT JOIN projections.policy_duties AS spec
    ON spec.policy = e.policy AND spec.version = e.policy_version AND spec.duty = j.duty
$$;

CREATE VIEW review.duties AS SELECT * FROM projections.duty_rows(NULL);
CREATE FUNCTION review.duties_of(of_case text) RETURNS SETOF review.duties
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM projections.duty_rows(of_case)
$$;
COMMENT ON FUNCTION review.duties_of(text) IS
    'The rows of review.duties about one case, without looking at the others.';
REVOKE ALL ON FUNCTION review.duties_of(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION review.duties_of(text) TO escalation_reader;
COMMENT ON VIEW review.duties IS
    'One row per duty of an escalation, of a recurring one per period: what was owed, by whom, by '
    'when, and what became of it.';
COMMENT ON COLUMN review.duties.escalation_id IS 'The escalation that it belongs to.';
COMMENT ON COLUMN review.duties.case_id IS 'The case; null for an account.';
COMMENT ON COLUMN review.duties.duty IS 'Code of the duty, such as first-contact.';
COMMENT ON COLUMN review.duties.kind IS 'promise or expectation, by the policy.';
COMMENT ON COLUMN review.duties.owner IS
    'Id of the person who owes it as the case stands now (names: review.people); of an account its '
    'owner. Null: a team or a role owes it, or nobody is assigned.';
COMMENT ON COLUMN review.duties.set_at IS
    'From when it was owed; of the next of a recurring duty that was missed, when that one was due.';
COMMENT ON COLUMN review.duties.due_at IS 'By when, as planned last; null: its clock stands still.';
COMMENT ON COLUMN review.duties.paused IS 'Whether its clock stands still now.';
COMMENT ON COLUMN review.duties.outcome IS
    'open; kept; kept-reported-late (done in time, and told only after it counted as missed); '
    'missed (fulfilled_at: it was done later); dropped (the escalation ended, or a new plan took its '
    'place).';
COMMENT ON COLUMN review.duties.fulfilled_at IS 'When it was done; null: not done.';
COMMENT ON COLUMN review.duties.lateness IS
    'How long after due_at it was done; of what is not done, how long it has been past due until '
    'now. Null: in time.';
COMMENT ON COLUMN review.duties.number IS 'Which period of a recurring duty, from 1 on.';
COMMENT ON COLUMN review.duties.planned_anew IS 'How often its due instant was changed.';
COMMENT ON COLUMN review.duties.owed_by IS
    'Who owes it, by the policy: support-manager, handling-agent, team, approvers or requester.';
COMMENT ON COLUMN review.duties.policy IS 'Policy of the escalation.';
COMMENT ON COLUMN review.duties.policy_version IS 'Its version.';
COMMENT ON COLUMN review.duties.account_id IS 'The customer''s account, where known.';
COMMENT ON COLUMN review.duties.team IS 'Team of the escalation, else of the case; null: none.';

CREATE VIEW review.improvements AS
SELECT d.data->>'escalation_id' AS escalation_id,
       CASE WHEN d.subject NOT LIKE '%/%' THEN d.subject END AS case_id,
       CASE WHEN d.type = 'support.escalation.improvement-waived.v1' THEN 'waiver'
            ELSE 'improvement' END AS kind,
       d.occurred_at AS given_at, d.data->>'by_id' AS given_by,
       said.data->>'category' AS category, said.data->>'link' AS link,
       coalesce(said.data->>'note', said.data->>'reason') AS words,
       e.policy, coalesce(e.account_id, c.account_id) AS account_id,
       coalesce(e.team, c.team) AS team, said.data IS NULL AS text_expired
FROM projections.events AS d
LEFT JOIN projections.events AS said
    ON said.subject = d.subject AND said.event_id = d.causation_id
   AND said.type LIKE 'support.case.improvement-%'
LEFT JOIN projections.escalations AS e ON e.escalation_id = d.data->>'escalation_id'
LEFT JOIN projections.cases AS c ON c.case_id = d.subject
WHERE d.type IN ('support.escalation.improvement-identified.v1',
                 'support.escalation.improvement-waived.v1');
COMMENT ON VIEW review.improvements IS 'One row per improvement that was named, or waiver of one.';
COMMENT ON COLUMN review.improvements.escalation_id IS 'The escalation that led to it.';
COMMENT ON COLUMN review.improvements.case_id IS 'The case; null for an account.';
COMMENT ON COLUMN review.improvements.kind IS 'improvement or waiver.';
COMMENT ON COLUMN review.improvements.given_at IS 'When it was named, or waived.';
COMMENT ON COLUMN review.improvements.given_by IS 'Id of the person who did.';
COMMENT ON COLUMN review.improvements.category IS 'Kind of improvement, as reported; null of a waiver.';
COMMENT ON COLUMN review.improvements.link IS 'Where it is worked on; null: none was given.';
COMMENT ON COLUMN review.improvements.words IS 'The note, or the reason of a waiver; null: none.';
COMMENT ON COLUMN review.improvements.policy IS 'Policy of the escalation.';
COMMENT ON COLUMN review.improvements.account_id IS 'The customer''s account, where known.';
COMMENT ON COLUMN review.improvements.team IS 'Team of the escalation, else of the case; null: none.';
COMMENT ON COLUMN review.improvements.text_expired IS
    'Whether category, link and words are no longer kept, as they are older than the case topic''s '
    'retention.';

-- The first sign-off of each day; a repeated one changes nothing. A date that no calendar has
-- (a text that only looks like one) never gets here.
CREATE VIEW projections.signed AS
SELECT DISTINCT ON (subject, data->>'review_date')
       substr(subject, 8) AS team, (data->>'review_date')::date AS review_date,
       occurred_at AS signed_off_at, recorded_at, data->'by'->>'id' AS signed_off_by,
       data->>'note' AS note
FROM projections.events
WHERE type = 'support.case.review-signed-off.v1' AND subject LIKE 'review/%' AND data IS NOT NULL
ORDER BY subject, data->>'review_date', kafka_offset;

CREATE FUNCTION projections.is_working_day(day date, team projections.teams) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN day = ANY(team.days_worked) THEN true
                WHEN day = ANY(team.days_off) THEN false
                ELSE extract(isodow FROM day)::integer
                     = ANY(coalesce(team.weekdays, '{1,2,3,4,5}')) END
$$;

-- Every team that has a file entry, an open escalation or a sign-off.
CREATE VIEW projections.reviewed_teams AS
SELECT named.team, coalesce(t.name, named.team) AS name, coalesce(t.zone, 'UTC') AS zone,
       t.sign_off_by, t AS entry
FROM (
    SELECT team FROM projections.teams
    UNION SELECT team FROM projections.signed
    UNION SELECT coalesce(e.team, c.team, 'unassigned')
    FROM projections.escalations AS e LEFT JOIN projections.cases AS c ON c.case_id = e.subject
) AS named LEFT JOIN projections.teams AS t ON t.team = named.team;

CREATE VIEW review.teams AS
SELECT team, name, zone, sign_off_by FROM projections.reviewed_teams;
COMMENT ON VIEW review.teams IS
    'One row per team that has an entry in teams.yaml, an escalation or a sign-off.';
COMMENT ON COLUMN review.teams.team IS 'Its id; unassigned: cases without one.';
COMMENT ON COLUMN review.teams.name IS 'What it is called; its id where teams.yaml does not say.';
COMMENT ON COLUMN review.teams.zone IS 'Where its days begin; UTC where teams.yaml does not say.';
COMMENT ON COLUMN review.teams.sign_off_by IS
    'By when the review of a day is to be signed off there; null: by the end of the day.';

-- From when until when the review of a day looks, for each team.
CREATE FUNCTION projections.review_periods(of_day date)
RETURNS TABLE (team text, zone text, since timestamptz, until timestamptz,
               since_recorded timestamptz, until_recorded timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT t.team, t.zone,
           coalesce(before.signed_off_at, (
               SELECT max(day)::date::timestamp AT TIME ZONE t.zone
               FROM generate_series(of_day - 31, of_day - 1, interval '1 day') AS day
               WHERE projections.is_working_day(day::date, t.entry)
           ), (of_day - 1)::timestamp AT TIME ZONE t.zone),
           coalesce(own.signed_off_at,
                    least(now(), (of_day + 1)::timestamp AT TIME ZONE t.zone)),
           before.recorded_at, own.recorded_at
    FROM projections.reviewed_teams AS t
    LEFT JOIN LATERAL (
        SELECT * FROM projections.signed AS s
        WHERE s.team = t.team AND s.review_date < of_day
        ORDER BY s.review_date DESC LIMIT 1
    ) AS before ON true
    LEFT JOIN projections.signed AS own
        ON own.team = t.team AND own.review_date = of_day
$$;

CREATE FUNCTION review.daily(review_date date, team text DEFAULT NULL)
RETURNS TABLE (section text, escalation_id text, case_id text, account_id text, team text,
               changed_at timestamptz, what jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
WITH period AS MATERIALIZED (
    SELECT p.* FROM projections.review_periods(daily.review_date) AS p
    WHERE daily.team IS NULL OR p.team = daily.team
), recent AS MATERIALIZED (  -- what happened since, and what was known only since
    SELECT d.*, split_part(d.type, '.', 3) AS name
    FROM projections.events AS d
    WHERE d.type IN ('support.escalation.accepted.v1', 'support.escalation.level-raised.v1',
                     'support.escalation.acknowledged.v1', 'support.escalation.deadline-missed.v1',
                     'support.escalation.de-escalated.v1')
      AND (d.occurred_at > (SELECT min(t.since) FROM period AS t)
           OR d.recorded_at > (SELECT min(t.since_recorded) FROM period AS t))
), changed AS (
    SELECT CASE d.name WHEN 'accepted' THEN 'new' WHEN 'level-raised' THEN 'raised'
               WHEN 'deadline-missed' THEN 'missed' ELSE d.name END AS section,
           e.escalation_id, e.subject, coalesce(e.account_id, c.account_id) AS account_id, t.team,
           d.occurred_at,
           CASE d.name
               WHEN 'accepted' THEN jsonb_build_object('reason', d.data->'reason')
               WHEN 'level-raised' THEN jsonb_build_object('level', d.data->'to')
               WHEN 'acknowledged' THEN jsonb_build_object('by_id', d.data->'by_id')
               WHEN 'deadline-missed' THEN
                   jsonb_build_object('duty', d.data->'duty', 'due_at', d.data->'due_at')
               ELSE jsonb_build_object('still_monitored', d.data->'still_monitored') END AS what
    FROM recent AS d
    JOIN projections.escalations AS e ON e.escalation_id = d.data->>'escalation_id'
    LEFT JOIN projections.cases AS c ON c.case_id = e.subject
    JOIN period AS t ON t.team = coalesce(e.team, c.team, 'unassigned')
    CROSS JOIN LATERAL (
        -- A decision was known when its cause was recorded, of its own subject in most cases.
        SELECT coalesce((
            SELECT cause.recorded_at FROM projections.events AS cause
            WHERE cause.subject = d.subject AND cause.type LIKE 'support.case.%'
              AND cause.kafka_partition = d.kafka_partition
              AND cause.kafka_offset = d.source_offset LIMIT 1
        ), d.recorded_at) AS at
    ) AS known
    WHERE d.occurred_at <= t.until
      AND (t.until_recorded IS NULL OR known.at <= t.until_recorded)
      AND (d.occurred_at > t.since OR known.at > t.since_recorded)
), standing AS (
    SELECT moment.until, one.escalation_id, one.case_id, one.account_id, one.team, one.status,
           one.last_update_at, one.accepted_at
    FROM (SELECT DISTINCT t.until FROM period AS t WHERE t.until < now()) AS moment
    CROSS JOIN LATERAL review.open_escalations_at(moment.until, NULL) AS one
    UNION ALL
    SELECT moment.until, e.escalation_id,
           CASE WHEN e.subject NOT LIKE '%/%' THEN e.subject END,
           coalesce(e.account_id, c.account_id), coalesce(e.team, c.team), e.status,
           e.last_update_at, e.accepted_at
    FROM (SELECT DISTINCT t.until FROM period AS t WHERE t.until >= now()) AS moment
    CROSS JOIN projections.escalations AS e LEFT JOIN projections.cases AS c ON c.case_id = e.subject
    WHERE e.status IN ('escalated', 'acknowledged')
), silent AS (
    SELECT s.escalation_id, s.case_id, s.account_id, t.team,
           coalesce(s.last_update_at, s.accepted_at) AS since, s.last_update_at
    FROM standing AS s JOIN period AS t
        ON t.until = s.until AND t.team = coalesce(s.team, 'unassigned')
    WHERE s.status IN ('escalated', 'acknowledged')
      AND coalesce(s.last_update_at, s.accepted_at) <= t.until - interval '24 hours'
)
SELECT c.section, c.escalation_id, CASE WHEN c.subject NOT LIKE '%/%' THEN c.subject END,
       c.account_id, c.team, c.occurred_at, c.what
FROM changed AS c
UNION ALL
SELECT 'silent', s.escalation_id, s.case_id, s.account_id, s.team, s.since,
       jsonb_build_object('last_update_at', s.last_update_at)
FROM silent AS s
$$;
COMMENT ON FUNCTION review.daily(date, text) IS
    'What changed for a team (null: each team by its own period) since its previous sign-off, or '
    'since its previous working day, until this day''s sign-off, or the end of the day in its zone: '
    'sections new, raised, acknowledged, missed, de-escalated; and silent: no update for 24 hours. '
    'What was recorded only after a sign-off stands in the next review.';
REVOKE ALL ON FUNCTION review.daily(date, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION review.daily(date, text) TO escalation_reader;

CREATE VIEW review.sign_offs AS
WITH begun AS (
    SELECT t.team, t.zone, t.sign_off_by, t.entry,
           (now() AT TIME ZONE t.zone)::date AS today,
           least(min(e.accepted_at) AT TIME ZONE t.zone, min(s.review_date)::timestamp)::date
               AS first_day
    FROM projections.reviewed_teams AS t
    LEFT JOIN (
        SELECT e.accepted_at, coalesce(e.team, c.team, 'unassigned') AS team
        FROM projections.escalations AS e LEFT JOIN projections.cases AS c ON c.case_id = e.subject
    ) AS e ON e.team = t.team
    LEFT JOIN projections.signed AS s ON s.team = t.team
    GROUP BY t.team, t.zone, t.sign_off_by, t.entry
), days AS (
    SELECT b.team, b.zone, b.sign_off_by, day::date AS review_date
    FROM begun AS b
    CROSS JOIN generate_series(greatest(b.first_day, b.today - 400), b.today, interval '1 day')
        AS day
    WHERE projections.is_working_day(day::date, b.entry)
    UNION
    SELECT b.team, b.zone, b.sign_off_by, s.review_date
    FROM begun AS b JOIN projections.signed AS s ON s.team = b.team
), due AS (
    SELECT d.*, CASE WHEN d.sign_off_by IS NULL
                     THEN (d.review_date + 1)::timestamp AT TIME ZONE d.zone
                     ELSE (d.review_date + d.sign_off_by) AT TIME ZONE d.zone END AS due_at
    FROM days AS d
)
SELECT d.team, d.review_date,
       CASE WHEN s.signed_off_at > d.due_at THEN 'late'
            WHEN s.signed_off_at IS NOT NULL THEN 'signed-off'
            WHEN d.due_at < now() THEN 'missing'
            ELSE 'due' END AS state,
       s.signed_off_at, s.signed_off_by, s.note, d.due_at
FROM due AS d
LEFT JOIN projections.signed AS s ON s.team = d.team AND s.review_date = d.review_date;
COMMENT ON VIEW review.sign_offs IS
    'One row per team and working day since its first escalation: who signed the review off and '
    'when, or that nobody did.';
COMMENT ON COLUMN review.sign_offs.team IS 'Id of the team; unassigned: cases without one.';
COMMENT ON COLUMN review.sign_offs.review_date IS 'The day that is reviewed, in the team''s zone.';
COMMENT ON COLUMN review.sign_offs.state IS
    'signed-off; late (signed off after due_at); missing (due_at has passed); due (not yet).';
COMMENT ON COLUMN review.sign_offs.signed_off_at IS 'When it was signed off first; null: not yet.';
COMMENT ON COLUMN review.sign_offs.signed_off_by IS 'Id of the person who did.';
COMMENT ON COLUMN review.sign_offs.note IS 'What that person wrote; null: nothing.';
COMMENT ON COLUMN review.sign_offs.due_at IS
    'By when it was to be signed off: the team''s hour, else the end of the day in its zone.';
GRANT SELECT ON ALL TABLES IN SCHEMA review, analytics TO escalation_reader;

-- migrate:down
-- There is no way back: drop the schemas, migrate with the older program and start it.
