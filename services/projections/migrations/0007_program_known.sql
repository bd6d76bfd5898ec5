-- migrate:up
-- No date where the tier is not covered. As in receipts: a case that names no program asks for the default policy, and that is known.
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
           CASE WHEN j.has_windows AND w.tier IS NOT NULL  -- least() passes over null
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
       a.program IS NULL OR a.named_policy IS NOT NULL AS program_known,
       a.tier_is_covered OR EXISTS (
           SELECT FROM projections.policy_windows AS known WHERE known.tier = a.tier
       ) AS tier_known,
       a.account_id, a.severity, a.tier, a.opened_at, a.team
FROM answered AS a LEFT JOIN projections.rights AS r ON r.subject = a.case_id
WHERE a.opened_at IS NOT NULL AND NOT a.closed
  AND NOT (coalesce(a.once_only, false) AND coalesce(r.rights_spent, 0) > 0)
  AND coalesce(r.status, 'ended') IN ('ended', 'voided', 'declined');
COMMENT ON COLUMN review.eligibility.program_known IS
    'Whether a policy has the name that the case''s program gives, or none was given; false: the '
    'default policy judges instead.';

-- migrate:down
-- The view of 0006 differs in one column alone; nothing has to be undone.
