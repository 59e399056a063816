-- name: active
-- why: what a page shows now; in the public view pending ones are not there
SELECT a.id, a.rule, a.domain, a.thing_id, t.name_vi AS thing_name_vi, t.name_en AS thing_name_en, a.property,
       a.severity, a.state, a.title_vi, a.title_en, a.unit, a.limit_value AS "limit", a.value, a.value_time, a.peak,
       a.pending_since, a.firing_since, a.resolved_at, a.provenance, a.simulated
FROM alert a JOIN thing t ON t.id = a.thing_id
WHERE a.state <> 'resolved'
ORDER BY array_position(ARRAY['critical', 'warning', 'info'], a.severity), a.firing_since DESC NULLS LAST, a.id DESC;

-- name: recent
-- why: history; one that was only pending was never an alert to anybody
SELECT a.id, a.rule, a.domain, a.thing_id, t.name_vi AS thing_name_vi, t.name_en AS thing_name_en, a.property,
       a.severity, a.state, a.title_vi, a.title_en, a.unit, a.limit_value AS "limit", a.value, a.value_time, a.peak,
       a.pending_since, a.firing_since, a.resolved_at, a.provenance, a.simulated,
       a.withdrawn_at IS NOT NULL AS withdrawn
FROM alert a JOIN thing t ON t.id = a.thing_id
WHERE a.firing_since IS NOT NULL
ORDER BY a.firing_since DESC, a.id DESC
LIMIT %(limit)s;

-- name: samples_at
-- why: the values behind changed keys as rules see them; a derived value is as trustworthy as its inputs
SELECT o.datastream_id, o.phenomenon_time AS time, o.result AS value, o.quality, o.ingested_at AS arrived,
       CASE o.provenance WHEN 'derived' THEN coalesce(o.input_provenance, 'derived') ELSE o.provenance END
           AS provenance
FROM unnest(%(datastream_ids)s::bigint[], %(times)s::timestamptz[]) AS k (datastream_id, time)
JOIN observation o ON o.datastream_id = k.datastream_id AND o.phenomenon_time = k.time
WHERE o.phenomenon_time BETWEEN %(first)s AND %(last)s
ORDER BY o.datastream_id, o.phenomenon_time;

-- name: samples_from
-- why: the past of one Datastream, a page at a time, since mostly only its beginning matters
SELECT o.datastream_id, o.phenomenon_time AS time, o.result AS value, o.quality, o.ingested_at AS arrived,
       CASE o.provenance WHEN 'derived' THEN coalesce(o.input_provenance, 'derived') ELSE o.provenance END
           AS provenance
FROM observation o
WHERE o.datastream_id = %(datastream_id)s
  AND (o.phenomenon_time > %(after)s OR (%(including)s AND o.phenomenon_time = %(after)s))
ORDER BY o.phenomenon_time
LIMIT %(limit)s;

-- name: evaluations
SELECT e.rule, e.datastream_id, e.alert_id, e.memory::text AS memory, a.announced_at IS NOT NULL AS announced
FROM alert_evaluation e LEFT JOIN alert a ON a.id = e.alert_id
WHERE e.datastream_id = ANY(%(datastream_ids)s);

-- name: due_evaluations
-- why: what changes because time passed and nothing came
SELECT e.rule, e.datastream_id, e.alert_id, e.memory::text AS memory, a.announced_at IS NOT NULL AS announced
FROM alert_evaluation e LEFT JOIN alert a ON a.id = e.alert_id
WHERE e.due_at < %(until)s
ORDER BY e.due_at
LIMIT %(limit)s;

-- name: write_evaluations
INSERT INTO alert_evaluation (rule, datastream_id, alert_id, due_at, memory)
SELECT * FROM unnest(%(rules)s::text[], %(datastream_ids)s::bigint[], %(alert_ids)s::bigint[],
                     %(due_at)s::timestamptz[], %(memories)s::text[]::jsonb[])
ON CONFLICT (rule, datastream_id) DO UPDATE
SET (alert_id, due_at, memory) = (EXCLUDED.alert_id, EXCLUDED.due_at, EXCLUDED.memory);

-- name: forget_evaluations
-- why: a rule that comes back later, or looks at something else now, begins anew
DELETE FROM alert_evaluation e
USING datastream d JOIN thing t ON t.id = d.thing_id
WHERE d.id = e.datastream_id AND NOT EXISTS (
    SELECT FROM unnest(%(rules)s::text[], %(domains)s::text[], %(properties)s::text[]) AS k (rule, domain, property)
    WHERE (k.rule, k.domain, k.property) = (e.rule, t.domain, d.property));

-- name: recorded
-- why: the alerts that a value at `since` or later may have had a part in
SELECT id, state, pending_since, firing_since, resolved_at, announced_at IS NOT NULL AS announced
FROM alert
WHERE rule = %(rule)s AND datastream_id = %(datastream_id)s AND withdrawn_at IS NULL
  AND coalesce(resolved_at, 'infinity'::timestamptz) >= %(since)s
ORDER BY pending_since;

-- name: open_alerts
SELECT id, rule, domain, property, datastream_id, state, announced_at IS NOT NULL AS announced
FROM alert WHERE state <> 'resolved';

-- name: insert_alert
INSERT INTO alert (rule, domain, thing_id, datastream_id, property, severity, title_vi, title_en, runbook_vi,
                   runbook_en, labels, unit, limit_value, for_citizens, state, value, value_time, peak,
                   pending_since, firing_since, resolved_at, provenance)
VALUES (%(rule)s, %(domain)s, %(thing_id)s, %(datastream_id)s, %(property)s, %(severity)s, %(title_vi)s,
        %(title_en)s, %(runbook_vi)s, %(runbook_en)s, %(labels)s, %(unit)s, %(limit)s, %(for_citizens)s, %(state)s,
        %(value)s, %(value_time)s, %(peak)s, %(pending_since)s, %(firing_since)s, %(resolved_at)s, %(provenance)s)
RETURNING id;

-- name: update_alert
UPDATE alert
SET (state, value, value_time, peak, pending_since, firing_since, resolved_at, provenance)
    = (%(state)s, %(value)s, %(value_time)s, %(peak)s, %(pending_since)s, %(firing_since)s, %(resolved_at)s,
       %(provenance)s)
WHERE id = %(alert_id)s;

-- name: end_alert
UPDATE alert SET state = 'resolved', resolved_at = greatest(%(at)s, coalesce(firing_since, pending_since))
WHERE id = %(alert_id)s AND state <> 'resolved';

-- name: withdraw_alert
UPDATE alert SET withdrawn_at = %(now)s WHERE id = %(alert_id)s;

-- name: announce_alert
UPDATE alert SET announced_at = %(now)s WHERE id = %(alert_id)s;

-- name: insert_transition
INSERT INTO alert_transition (alert_id, at, from_state, to_state, reason, evidence, decided_at, processed_at, outcome)
VALUES (%(alert_id)s, %(at)s, %(from_state)s, %(to_state)s, %(reason)s, %(evidence)s::jsonb, %(decided_at)s,
        CASE WHEN %(outcome)s::text IS NOT NULL THEN %(decided_at)s END, %(outcome)s);

-- name: release_firing
-- why: it fired in history and still does: now somebody must be told
UPDATE alert_transition SET processed_at = NULL, outcome = NULL
WHERE id = (SELECT max(id) FROM alert_transition WHERE alert_id = %(alert_id)s AND to_state = 'firing');

-- name: tell
SELECT pg_notify('alert_changed', '');

-- name: unread_since
-- why: time may only be taken as passed as far as all that was written before is known
SELECT min(c.committed_at) AS committed_at
FROM (SELECT coalesce((SELECT xid FROM feed_cursor WHERE reader = %(reader)s), '0'::xid8) AS xid,
             coalesce((SELECT id FROM feed_cursor WHERE reader = %(reader)s), 0) AS id) f
JOIN observation_change c ON (c.xid, c.id) > (f.xid, f.id);

-- name: transitions
-- why: the history of one alert with its evidence
SELECT t.id, t.alert_id, t.at, t.from_state, t.to_state, t.reason, t.evidence, t.decided_at, t.processed_at, t.outcome
FROM alert_transition t WHERE t.alert_id = %(alert_id)s ORDER BY t.id;

-- name: outbox
-- why: transitions that nobody has routed yet
SELECT id FROM alert_transition WHERE processed_at IS NULL ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED;

-- name: mark_processed
UPDATE alert_transition SET (processed_at, outcome) = (%(now)s, %(outcome)s) WHERE id = %(transition_id)s;

-- name: insert_notification
INSERT INTO alert_notification (transition_id, receiver, next_attempt_at)
VALUES (%(transition_id)s, %(receiver)s, %(now)s) ON CONFLICT DO NOTHING;

-- name: claim_notification
-- why: one that is due and has no older one of the same alert before it, put off for as long as an attempt may take
WITH due AS (
    SELECT n.transition_id, n.receiver
    FROM alert_notification n JOIN alert_transition t ON t.id = n.transition_id
    WHERE n.sent_at IS NULL AND n.dead_at IS NULL AND n.next_attempt_at <= %(now)s AND n.receiver = ANY(%(receivers)s)
      AND NOT EXISTS (
        SELECT FROM alert_notification older JOIN alert_transition o ON o.id = older.transition_id
        WHERE o.alert_id = t.alert_id AND o.id < t.id AND older.receiver = n.receiver
          AND older.sent_at IS NULL AND older.dead_at IS NULL)
    ORDER BY n.transition_id
    LIMIT 1
    FOR UPDATE OF n SKIP LOCKED
), claimed AS (
    UPDATE alert_notification n SET attempts = attempts + 1, next_attempt_at = %(retry_at)s
    FROM due WHERE n.transition_id = due.transition_id AND n.receiver = due.receiver
    RETURNING n.transition_id, n.receiver, n.attempts
)
SELECT c.transition_id, c.receiver, c.attempts, t.at, t.from_state, t.to_state, t.reason, t.evidence, t.decided_at,
       a.id AS alert_id, a.rule, a.domain, a.property, a.severity, a.title_vi, a.title_en, a.runbook_vi, a.runbook_en,
       a.labels, a.unit, a.limit_value AS "limit", a.pending_since, a.firing_since, a.resolved_at, a.provenance,
       a.thing_id, g.name_vi AS thing_name_vi, g.name_en AS thing_name_en, g.lat, g.lon
FROM claimed c
JOIN alert_transition t ON t.id = c.transition_id
JOIN alert a ON a.id = t.alert_id
JOIN thing g ON g.id = a.thing_id;

-- name: mark_sent
UPDATE alert_notification SET (sent_at, last_error) = (%(now)s, NULL)
WHERE transition_id = %(transition_id)s AND receiver = %(receiver)s;

-- name: mark_failed
-- why: with no time for another attempt it is a dead letter, kept for people to see
UPDATE alert_notification
SET last_error = %(error)s, next_attempt_at = coalesce(%(retry_at)s, next_attempt_at),
    dead_at = CASE WHEN %(retry_at)s::timestamptz IS NULL THEN %(now)s END
WHERE transition_id = %(transition_id)s AND receiver = %(receiver)s;
