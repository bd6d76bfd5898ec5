-- migrate:up

-- An escalation's status is told in the words of its life cycle, as everywhere.
UPDATE notifier.escalation
SET state = jsonb_set(state, '{status}', to_jsonb(CASE state->>'status'
    WHEN 'running' THEN 'escalated' WHEN 'over' THEN 'ended' ELSE state->>'status' END));

-- migrate:down
UPDATE notifier.escalation
SET state = jsonb_set(state, '{status}', to_jsonb(CASE
    WHEN state->>'status' IN ('escalated', 'acknowledged') THEN 'running'
    WHEN state->>'status' IN ('ended', 'voided', 'declined') THEN 'over'
    ELSE state->>'status' END));
