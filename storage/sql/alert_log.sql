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

-- name: streams
-- why: what rules may look at, with what they find nearby and what alerts are grouped by; nobody is alerted of a Thing
--      that is out of service
SELECT d.id AS datastream_id, d.thing_id, t.domain, d.property, coalesce(t.lat, p.lat) AS lat,
       coalesce(t.lon, p.lon) AS lon, coalesce(t.properties ->> 'basin', p.properties ->> 'basin') AS basin
FROM datastream d JOIN thing t ON t.id = d.thing_id LEFT JOIN thing p ON p.id = t.parent_id
WHERE t.retired_from IS NULL
ORDER BY d.id;

-- name: samples_between
-- why: what conditions look back on, of all rules of a round at once; the outer bounds leave out chunks
SELECT k.number, o.datastream_id, o.phenomenon_time AS time, o.result AS value, o.quality, o.ingested_at AS arrived,
       CASE o.provenance WHEN 'derived' THEN coalesce(o.input_provenance, 'derived') ELSE o.provenance END
           AS provenance
FROM unnest(%(datastream_ids)s::bigint[], %(begins)s::timestamptz[], %(ends)s::timestamptz[])
     WITH ORDINALITY AS k (datastream_id, begins, ends, number)
CROSS JOIN LATERAL (
    SELECT * FROM observation o
    WHERE o.datastream_id = k.datastream_id AND o.phenomenon_time >= k.begins AND o.phenomenon_time < k.ends
      AND o.phenomenon_time >= %(first)s AND o.phenomenon_time < %(last)s
) AS o
ORDER BY k.number, o.phenomenon_time;

-- name: sample_before
-- why: since when nothing came
SELECT o.datastream_id, o.phenomenon_time AS time, o.result AS value, o.quality, o.ingested_at AS arrived,
       CASE o.provenance WHEN 'derived' THEN coalesce(o.input_provenance, 'derived') ELSE o.provenance END
           AS provenance
FROM observation o
WHERE o.datastream_id = %(datastream_id)s AND o.phenomenon_time < %(before)s AND o.quality <= %(worst_quality)s
ORDER BY o.phenomenon_time DESC
LIMIT 1;

-- name: firings
-- why: flapping is many firings within a time
SELECT count(*) FROM alert
WHERE rule = %(rule)s AND datastream_id = %(datastream_id)s AND firing_since >= %(since)s
  AND coalesce(resolved_at, 'infinity'::timestamptz) >= %(since)s AND withdrawn_at IS NULL;

-- name: mark_flapping
UPDATE alert SET flapping = true WHERE id = %(alert_id)s;

-- name: evaluated
SELECT rule, datastream_id FROM alert_evaluation;

-- name: evaluations
SELECT e.rule, e.datastream_id, e.alert_id, e.memory::text AS memory, a.announced_at IS NOT NULL AS announced
FROM alert_evaluation e LEFT JOIN alert a ON a.id = e.alert_id
WHERE e.datastream_id = ANY(%(datastream_ids)s);

-- name: due_evaluations
-- why: what changes because time passed and nothing came
SELECT e.rule, e.datastream_id, e.alert_id, e.memory::text AS memory, a.announced_at IS NOT NULL AS announced
FROM alert_evaluation e LEFT JOIN alert a ON a.id = e.alert_id
WHERE e.due_at < %(until)s AND e.rule = ANY(%(rules)s)
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
-- (EXCEPT and not NOT EXISTS: beside OR that would be a loop over every pair for every row)
DELETE FROM alert_evaluation e
USING (
    SELECT rule, datastream_id FROM alert_evaluation
    EXCEPT
    SELECT k.rule, k.datastream_id
    FROM unnest(%(rules)s::text[], %(datastream_ids)s::bigint[]) AS k (rule, datastream_id)
    WHERE k.rule <> ALL(%(reshaped)s::text[])
) AS gone
WHERE (e.rule, e.datastream_id) = (gone.rule, gone.datastream_id);

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

-- name: put_in_force
-- why: what was changed in the rules' files since they were last read
WITH given AS (
    SELECT * FROM unnest(%(keys)s::text[], %(digests)s::text[], %(shapes)s::text[], %(sources)s::text[],
                         %(versions)s::integer[])
        AS k (key, digest, shape, source, version)
), before AS (
    SELECT key, digest, shape, version FROM alert_rule
), removed AS (
    DELETE FROM alert_rule r WHERE NOT EXISTS (SELECT FROM given WHERE given.key = r.key) RETURNING r.key
), written AS (
    INSERT INTO alert_rule (key, digest, shape, source, version, since)
    SELECT g.key, g.digest, g.shape, g.source, g.version, %(now)s FROM given g LEFT JOIN before b USING (key)
    WHERE (b.digest, b.version) IS DISTINCT FROM (g.digest, g.version)
    ON CONFLICT (key) DO UPDATE
    SET (digest, shape, source, version, since)
        = (EXCLUDED.digest, EXCLUDED.shape, EXCLUDED.source, EXCLUDED.version, EXCLUDED.since)
    RETURNING key, digest, shape
)
SELECT r.key, 'removed' AS change, true AS reshaped, b.version AS version_before
FROM removed r JOIN before b USING (key)
UNION ALL
SELECT w.key, CASE WHEN b.key IS NULL THEN 'added' ELSE 'changed' END, b.shape IS NOT NULL AND b.shape <> w.shape,
       coalesce(b.version, 0)
FROM written w LEFT JOIN before b USING (key)
WHERE b.digest IS DISTINCT FROM w.digest
ORDER BY 1;

-- name: insert_alert
INSERT INTO alert (rule, domain, thing_id, datastream_id, property, severity, title_vi, title_en, runbook_vi,
                   runbook_en, labels, unit, limit_value, for_citizens, condition, suggestion, basis_vi,
                   basis_en, public, state, value, value_time, peak, pending_since, firing_since, resolved_at, provenance)
VALUES (%(rule)s, %(domain)s, %(thing_id)s, %(datastream_id)s, %(property)s, %(severity)s, %(title_vi)s,
        %(title_en)s, %(runbook_vi)s, %(runbook_en)s, %(labels)s, %(unit)s, %(limit)s, %(for_citizens)s,
        %(condition)s, %(suggestion)s, %(basis_vi)s, %(basis_en)s, %(public)s, %(state)s, %(value)s, %(value_time)s,
        %(peak)s, %(pending_since)s, %(firing_since)s, %(resolved_at)s, %(provenance)s)
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
INSERT INTO alert_transition (term, alert_id, at, from_state, to_state, reason, evidence, decided_at, processed_at,
                              outcome)
VALUES (%(term)s, %(alert_id)s, %(at)s, %(from_state)s, %(to_state)s, %(reason)s, %(evidence)s::jsonb, %(decided_at)s,
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
