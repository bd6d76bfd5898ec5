-- lock_offsets --
-- The places of these partitions, held until the rows are in.
SELECT topic, partition, next_offset, source_offset FROM projections.offsets
WHERE (topic, partition) IN (SELECT * FROM unnest($1::text[], $2::int[])) FOR UPDATE

-- move_offset --
-- Forward from where we expected it to be; nothing is returned where another owner moved it.
INSERT INTO projections.offsets AS o (topic, partition, next_offset, event_time, source_offset)
VALUES ($1, $2, $4, $5, $6)
ON CONFLICT (topic, partition) DO UPDATE
SET next_offset = $4, event_time = greatest(o.event_time, $5), source_offset = $6, updated_at = now()
WHERE o.next_offset = $3
RETURNING next_offset

-- stage_events --
CREATE TEMP TABLE IF NOT EXISTS staged_events
(LIKE projections.events INCLUDING DEFAULTS) ON COMMIT DELETE ROWS

-- take_events --
-- Append what is new and say which: a repeated event must not be folded twice.
INSERT INTO projections.events SELECT * FROM staged_events ORDER BY topic, kafka_partition, kafka_offset
ON CONFLICT DO NOTHING RETURNING topic, kafka_partition, kafka_offset

-- stage_cases --
CREATE TEMP TABLE IF NOT EXISTS staged_cases
(LIKE projections.cases INCLUDING DEFAULTS) ON COMMIT DELETE ROWS

-- take_cases --
INSERT INTO projections.cases SELECT * FROM staged_cases
ON CONFLICT (case_id) DO UPDATE SET
    account_id = excluded.account_id, title = excluded.title, severity = excluded.severity,
    tier = excluded.tier, program = excluded.program, team = excluded.team,
    opened_at = excluded.opened_at, closed = excluded.closed, agent_id = excluded.agent_id,
    manager_id = excluded.manager_id, eligible_at = excluded.eligible_at,
    once_only = excluded.once_only, recorded_at = excluded.recorded_at

-- stage_people --
CREATE TEMP TABLE IF NOT EXISTS staged_people
(LIKE projections.people INCLUDING DEFAULTS) ON COMMIT DELETE ROWS

-- take_people --
INSERT INTO projections.people SELECT * FROM staged_people
ON CONFLICT (person_id) DO UPDATE SET
    name = coalesce(excluded.name, projections.people.name), recorded_at = excluded.recorded_at

-- stage_escalations --
CREATE TEMP TABLE IF NOT EXISTS staged_escalations
(LIKE projections.escalations INCLUDING DEFAULTS) ON COMMIT DELETE ROWS

-- take_escalations --
INSERT INTO projections.escalations SELECT * FROM staged_escalations
ON CONFLICT (escalation_id) DO UPDATE SET
    status = excluded.status, level = excluded.level, acknowledged_at = excluded.acknowledged_at,
    accepted_at = excluded.accepted_at, de_escalated_at = excluded.de_escalated_at,
    ended_at = excluded.ended_at, owner_id = excluded.owner_id, colour = excluded.colour,
    primary_contact = excluded.primary_contact, duties = excluded.duties,
    next_duty = excluded.next_duty, next_due_at = excluded.next_due_at,
    last_update_at = excluded.last_update_at, trend = excluded.trend,
    requested_at = excluded.requested_at, reason = excluded.reason,
    account_id = excluded.account_id, team = excluded.team, policy = excluded.policy,
    policy_version = excluded.policy_version, case_ids = excluded.case_ids,
    escalation_severity = excluded.escalation_severity, paused = excluded.paused,
    resources_at = excluded.resources_at, communication_at = excluded.communication_at,
    action_plan_at = excluded.action_plan_at

-- stage_rights --
CREATE TEMP TABLE IF NOT EXISTS staged_rights
(LIKE projections.rights INCLUDING DEFAULTS) ON COMMIT DELETE ROWS

-- take_rights --
INSERT INTO projections.rights SELECT * FROM staged_rights
ON CONFLICT (case_id) DO UPDATE
SET rights_spent = excluded.rights_spent, status = excluded.status

-- stage_rejections --
CREATE TEMP TABLE IF NOT EXISTS staged_rejections
(LIKE projections.rejections INCLUDING DEFAULTS) ON COMMIT DELETE ROWS

-- take_rejections --
INSERT INTO projections.rejections SELECT * FROM staged_rejections ON CONFLICT DO NOTHING

-- touched_cases --
SELECT * FROM projections.cases WHERE case_id = ANY($1)

-- touched_escalations --
SELECT * FROM projections.escalations WHERE escalation_id = ANY($1)

-- touched_rights --
SELECT * FROM projections.rights WHERE case_id = ANY($1)
