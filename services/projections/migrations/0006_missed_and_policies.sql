-- migrate:up
-- Recurring duties that were missed stay visible until they are kept again; eligibility is what the
-- policy in force now says; text expires by the age of the record that brought it.

-- What decisions led to is folded anew from the escalation topic, which keeps them for ever.
DELETE FROM projections.events WHERE type LIKE 'support.escalation.%';
DELETE FROM projections.offsets WHERE topic LIKE '%support.escalation.events.v1';
TRUNCATE projections.escalations, projections.rights, projections.rejections;

ALTER TABLE projections.escalations
    ADD COLUMN missed jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN missed_times integer NOT NULL DEFAULT 0,
    ADD COLUMN missed_since timestamptz;
ALTER TABLE projections.cases ADD COLUMN title_at timestamptz;
UPDATE projections.cases SET title_at = recorded_at WHERE title IS NOT NULL;
ALTER TABLE projections.rights RENAME COLUMN case_id TO subject;
ALTER TABLE projections.rejections RENAME COLUMN case_id TO subject;
ALTER TABLE projections.rejections
    ADD COLUMN account_id text,
    ADD COLUMN severity text,
    ADD COLUMN tier text;

-- The policies of this deployment as the service knows them; it writes them when it starts and
-- whenever a version is published. digest is what a case keeps of a program that no policy had.
CREATE TABLE projections.policies (
    policy         text NOT NULL,
    version        integer NOT NULL,
    digest         text NOT NULL,
    is_default     boolean NOT NULL,
    effective_from timestamptz NOT NULL,
    once_only      boolean NOT NULL,
    has_windows    boolean NOT NULL,
    PRIMARY KEY (policy, version)
);
CREATE TABLE projections.policy_windows (
    policy       text NOT NULL,
    version      integer NOT NULL,
    severity     text NOT NULL,
    tier         text NOT NULL,
    wait_seconds double precision NOT NULL,
    PRIMARY KEY (policy, version, severity, tier)
);
CREATE TABLE projections.policy_duties (
    policy  text NOT NULL,
    version integer NOT NULL,
    duty    text NOT NULL,
    owed_by text NOT NULL,
    kind    text NOT NULL,
    PRIMARY KEY (policy, version, duty)
);

CREATE OR REPLACE VIEW review.eligibility AS
WITH in_force AS (
    -- Of each policy the version in force; before all of them, the first.
    SELECT DISTINCT ON (policy) policy, version, digest, is_default, once_only, has_windows
    FROM projections.policies
    ORDER BY policy, effective_from <= now() DESC,
             CASE WHEN effective_from <= now() THEN effective_from END DESC,
             CASE WHEN effective_from <= now() THEN version END DESC,
             effective_from, version
), named AS (
    SELECT policy AS program, policy FROM in_force
    UNION ALL SELECT digest, policy FROM in_force
), judged AS (
    SELECT c.case_id, c.account_id, c.severity, c.tier, c.team, c.program, c.opened_at, c.closed,
           named.policy AS named_policy, p.policy, p.version, p.once_only, p.has_windows
    FROM projections.cases AS c
    LEFT JOIN named ON named.program = c.program
    LEFT JOIN in_force AS p
        ON p.policy = coalesce(named.policy, (SELECT policy FROM in_force WHERE is_default LIMIT 1))
), answered AS (
    SELECT j.*, w.tier IS NOT NULL AS tier_is_covered,
           CASE WHEN j.has_windows
                THEN least(j.opened_at + make_interval(secs => w.wait_seconds),
                           timestamptz '9999-12-31 23:59:59+00')
                WHEN NOT j.has_windows THEN j.opened_at END AS allowed_at
    FROM judged AS j
    LEFT JOIN projections.policy_windows AS w
        ON w.policy = j.policy AND w.version = j.version
       AND w.severity = j.severity AND w.tier = j.tier
)
SELECT a.case_id, a.allowed_at AS eligible_at, coalesce(a.allowed_at <= now(), false) AS eligible,
       a.policy, a.version AS policy_version,
       CASE WHEN a.program IS NOT NULL THEN a.named_policy IS NOT NULL END AS program_known,
       a.tier_is_covered OR EXISTS (
           SELECT FROM projections.policy_windows AS known WHERE known.tier = a.tier
       ) AS tier_known,
       a.account_id, a.severity, a.tier, a.opened_at, a.team
FROM answered AS a LEFT JOIN projections.rights AS r ON r.subject = a.case_id
WHERE a.opened_at IS NOT NULL AND NOT a.closed
  AND NOT (coalesce(a.once_only, false) AND coalesce(r.rights_spent, 0) > 0)
  AND coalesce(r.status, 'ended') IN ('ended', 'voided', 'declined');
ALTER TABLE projections.cases DROP COLUMN eligible_at, DROP COLUMN once_only;
COMMENT ON COLUMN review.eligibility.eligible_at IS
    'From when it may be escalated under the policy in force now: where the policy has a waiting '
    'time, opening plus that of today''s severity and tier (null: the tier is not covered), else '
    'the opening.';
COMMENT ON COLUMN review.eligibility.eligible IS 'Whether that is now or before, computed for now.';
COMMENT ON COLUMN review.eligibility.policy IS
    'The policy that would judge a request now; null until the service has told which there are.';
COMMENT ON COLUMN review.eligibility.policy_version IS 'Its version in force now.';
COMMENT ON COLUMN review.eligibility.program_known IS
    'Whether a policy has the name that the case''s program gives; false: the default policy judges '
    'instead. Null: no program was given.';
COMMENT ON COLUMN review.eligibility.tier_known IS
    'Whether any policy names the case''s tier.';
COMMENT ON COLUMN review.eligibility.account_id IS 'The customer''s account.';
COMMENT ON COLUMN review.eligibility.severity IS 'Severity now: S1 (worst), S2, S3 or S4.';
COMMENT ON COLUMN review.eligibility.tier IS
    'Support tier as reported: titanium, platinum, gold or another.';
COMMENT ON COLUMN review.eligibility.opened_at IS 'When it was first opened.';
COMMENT ON COLUMN review.eligibility.team IS 'Team that looks after it; null: none.';

CREATE OR REPLACE VIEW review.escalation_status AS
SELECT e.escalation_id,
       CASE WHEN e.subject LIKE '%/%' THEN NULL ELSE e.subject END AS case_id,
       coalesce(e.account_id, c.account_id) AS account_id,
       c.title, c.severity, c.tier, e.reason, e.status, e.level, e.colour,
       e.requested_at, e.accepted_at, e.acknowledged_at, e.de_escalated_at, e.ended_at,
       e.owner_id AS owner, e.primary_contact, e.next_duty, e.next_due_at,
       coalesce(e.next_due_at < now(), false) OR e.missed_since IS NOT NULL AS overdue,
       e.last_update_at, e.trend, e.policy, e.policy_version,
       e.escalation_severity, e.case_ids, e.paused,
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
             AND (said.type IN ('support.case.information-requested.v1', 'support.case.opened.v1')
                  OR (said.type = 'support.case.comment-added.v1'
                      AND (said.data IS NULL
                           OR (coalesce(nullif(trim(said.data->>'visibility'), ''), 'public')
                               = 'public'
                               AND coalesce(said.data->>'automatic', 'false') <> 'true'
                               AND said.data->>'author_role' <> 'bot'))))
           ORDER BY said.type = 'support.case.opened.v1', said.kafka_offset DESC
           LIMIT 1
       ) END AS turn,
       e.resources_at, e.communication_at, e.action_plan_at,
       coalesce(e.team, c.team) AS team,
       e.missed_times, e.missed_since,
       c.title IS NULL AND c.title_at IS NOT NULL AS text_expired
FROM projections.escalations AS e LEFT JOIN projections.cases AS c ON c.case_id = e.subject;
COMMENT ON COLUMN review.escalation_status.next_duty IS
    'Code of the open duty that is due first (a missed one that does not recur stays open); null: '
    'nothing is owed, or its clock is paused.';
COMMENT ON COLUMN review.escalation_status.overdue IS
    'Whether the next duty is past due, or a recurring one was missed and not kept since; computed '
    'for now.';
COMMENT ON COLUMN review.escalation_status.missed_times IS
    'How often recurring duties were missed since they were last kept; 0: never.';
COMMENT ON COLUMN review.escalation_status.missed_since IS
    'When the first of these was due; null: none was missed, or they were kept again.';
COMMENT ON COLUMN review.escalation_status.turn IS
    'Whose turn it is: agent or customer, by the last public comment or question that a person '
    'wrote. Null for an account, and where the comments have expired.';
COMMENT ON COLUMN review.escalation_status.text_expired IS
    'Whether the case had a title that is no longer kept, as it is older than the case topic''s '
    'retention; null for an account.';

CREATE OR REPLACE VIEW review.cases AS
SELECT case_id, account_id, title, severity, tier, program, team, opened_at, closed,
       agent_id, manager_id, recorded_at,
       title IS NULL AND title_at IS NOT NULL AS text_expired
FROM projections.cases;
COMMENT ON COLUMN review.cases.text_expired IS
    'Whether it had a title that is no longer kept, as it is older than the case topic''s retention.';

CREATE OR REPLACE VIEW review.rejections AS
SELECT CASE WHEN r.subject LIKE '%/%' THEN NULL ELSE r.subject END AS case_id,
       r.request_id, r.requested_at, r.codes, r.eligible_at, r.policy, r.policy_version,
       CASE WHEN r.subject LIKE 'account/%' THEN substr(r.subject, 9)
            ELSE coalesce(r.account_id, c.account_id) END AS account_id,
       coalesce(r.severity, c.severity) AS severity,
       coalesce(r.tier, c.tier) AS tier,
       coalesce(r.team, c.team) AS team,
       r.subject
FROM projections.rejections AS r LEFT JOIN projections.cases AS c ON c.case_id = r.subject;
COMMENT ON COLUMN review.rejections.severity IS
    'Severity of the case that the request was judged by: S1 (worst), S2, S3, S4; null: not known.';
COMMENT ON COLUMN review.rejections.tier IS
    'Tier that the request was judged by; where the policy does not cover it, as reported. Null: '
    'not known.';
COMMENT ON COLUMN review.rejections.team IS 'Team of the case; null: none.';
COMMENT ON COLUMN review.rejections.subject IS
    'What the request was about: a case id, or account/ or request/ and an id.';

CREATE OR REPLACE VIEW review.missed_duties AS
SELECT m.data->>'escalation_id' AS escalation_id,
       CASE WHEN m.subject LIKE '%/%' THEN NULL ELSE m.subject END AS case_id,
       m.subject,
       m.data->>'duty' AS duty,
       (m.data->>'due_at')::timestamptz AS due_at,
       done.at AS done_at,
       CASE WHEN done.kept THEN 'kept, reported late'
            WHEN done.at IS NOT NULL THEN 'done late'
            ELSE 'missed' END AS outcome,
       spec.owed_by,
       CASE WHEN m.subject LIKE '%/%' THEN e.owner_id
            WHEN spec.owed_by = 'support-manager' THEN c.manager_id
            WHEN spec.owed_by = 'handling-agent' THEN c.agent_id END AS owed_by_id,
       spec.kind, e.policy, e.policy_version, c.severity,
       coalesce(e.team, c.team) AS team,
       coalesce(e.account_id, c.account_id) AS account_id,
       m.data->>'level' AS level
FROM projections.events AS m
LEFT JOIN LATERAL (
    SELECT (one->>'at')::timestamptz AS at, (one->>'kept')::boolean AS kept
    FROM projections.events AS e,
         jsonb_array_elements(CASE WHEN jsonb_typeof(e.data->'fulfilled') = 'array'
                                   THEN e.data->'fulfilled' END) AS one
    WHERE e.subject = m.subject AND e.type LIKE 'support.escalation.%'
      AND e.data->>'escalation_id' = m.data->>'escalation_id'
      AND one->>'duty' = m.data->>'duty'
      AND (one->>'due_at')::timestamptz = (m.data->>'due_at')::timestamptz
    ORDER BY e.kafka_offset LIMIT 1
) AS done ON true
LEFT JOIN projections.escalations AS e ON e.escalation_id = m.data->>'escalation_id'
LEFT JOIN projections.cases AS c ON c.case_id = m.subject
LEFT JOIN projections.policy_duties AS spec
    ON spec.policy = e.policy AND spec.version = e.policy_version AND spec.duty = m.data->>'duty'
WHERE m.type = 'support.escalation.deadline-missed.v1';
COMMENT ON COLUMN review.missed_duties.outcome IS
    'missed; done late; or kept, reported late: it was done in time, and only told after. A missed '
    'approval is done by the answer, whichever it is.';
COMMENT ON COLUMN review.missed_duties.owed_by IS
    'Who owes it, by the policy: support-manager, handling-agent, team, approvers or requester.';
COMMENT ON COLUMN review.missed_duties.owed_by_id IS
    'Id of that person as the case stands now (names: review.people); of an account its owner. '
    'Null: a team or a role owes it, or nobody is assigned.';
COMMENT ON COLUMN review.missed_duties.kind IS 'promise or expectation, by the policy.';
COMMENT ON COLUMN review.missed_duties.policy IS 'Policy of the escalation.';
COMMENT ON COLUMN review.missed_duties.policy_version IS 'Its version.';
COMMENT ON COLUMN review.missed_duties.severity IS
    'Severity of the case now: S1 (worst), S2, S3, S4. Null for an account.';
COMMENT ON COLUMN review.missed_duties.team IS 'Team of the escalation, else of the case; null: none.';
COMMENT ON COLUMN review.missed_duties.account_id IS 'The customer''s account, where known.';
COMMENT ON COLUMN review.missed_duties.level IS
    'The level that the escalation had when it was missed: support, team-manager, '
    'department-head or executive.';

-- Reported text and names live as long as the case topic does; decisions stay. Says how many rows
-- lost something.
CREATE INDEX events_by_age ON projections.events USING brin (recorded_at);
DROP FUNCTION projections.expire(timestamptz);
CREATE FUNCTION projections.expire(before timestamptz) RETURNS bigint LANGUAGE sql AS $$
    WITH events AS (
        UPDATE projections.events SET data = NULL
        WHERE type LIKE 'support.case.%' AND recorded_at < before AND data IS NOT NULL RETURNING 1),
    titles AS (
        UPDATE projections.cases SET title = NULL
        WHERE title_at < before AND title IS NOT NULL RETURNING 1),
    names AS (DELETE FROM projections.people WHERE recorded_at < before RETURNING 1)
    SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM titles)
         + (SELECT count(*) FROM names)
$$;
GRANT SELECT ON ALL TABLES IN SCHEMA review, analytics TO escalation_reader;

-- migrate:down
-- There is no way back: drop the schemas, migrate with the older program and start it.
