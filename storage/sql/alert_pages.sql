-- name: alert
-- why: one alert with everything that its page says of it
SELECT a.* FROM alert_shown a
WHERE a.id = %(alert_id)s;

-- name: open_alerts
-- why: the queue, what is worst and newest first
SELECT a.* FROM alert_shown a
WHERE a.state <> 'resolved'
ORDER BY array_position(ARRAY['critical', 'warning', 'info'], a.severity),
         coalesce(a.firing_since, a.pending_since) DESC, a.id DESC
LIMIT %(limit)s;

-- name: handling
-- why: what people do about the open alerts, and the labels by which silences find them
SELECT a.id, a.labels, a.acknowledged_at, a.acknowledged_by, a.acknowledgement
FROM alert a
WHERE a.state <> 'resolved';

-- name: history
-- why: a page of what fired, newest first; words are looked for in keys and in names of both languages
SELECT a.* FROM alert_shown a
WHERE a.firing_since >= %(since)s AND a.firing_since < %(until)s
  AND (%(after_at)s::timestamptz IS NULL OR (a.firing_since, a.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
  AND (%(rule)s = '' OR position(lower(%(rule)s) IN lower(concat_ws(' ', a.rule, a.title_vi, a.title_en))) > 0)
  AND (%(thing)s = '' OR position(lower(%(thing)s) IN lower(concat_ws(' ', a.thing_id, a.thing_name_vi, a.thing_name_en))) > 0)
ORDER BY a.firing_since DESC, a.id DESC
LIMIT %(limit)s;

-- name: titles
-- why: what another alert that a timeline speaks of is called
SELECT a.id, a.title_vi, a.title_en, t.name_vi AS thing_name_vi, t.name_en AS thing_name_en
FROM alert a JOIN thing t ON t.id = a.thing_id
WHERE a.id = ANY(%(alert_ids)s);

-- name: silences_numbered
SELECT s.id, s.kind, s.matchers, s.starts_at, s.ends_at, s.author, s.reason, s.created_at, s.ended_at, s.ended_by
FROM silence s
WHERE s.id = ANY(%(silence_ids)s);

-- name: cap_messages
SELECT c.id, c.alert_id, c.msg_type, c.status, c.sent_at, c.expires_at, c.headline_vi, c.headline_en
FROM cap_message c
ORDER BY c.sent_at DESC, c.id DESC
LIMIT %(limit)s;

-- name: escalations
SELECT e.chain, e.step, e.due_at, e.done_at, e.outcome
FROM alert_escalation e
WHERE e.alert_id = %(alert_id)s
ORDER BY e.due_at, e.step;

-- name: memory
-- why: what the open alert's rule saw since its last transition
SELECT e.memory::text AS memory
FROM alert a JOIN alert_evaluation e ON e.datastream_id = a.datastream_id AND e.rule = a.rule AND e.alert_id = a.id
WHERE a.id = %(alert_id)s;

-- name: known_labels
-- why: what a silence may be put on
SELECT DISTINCT a.rule, a.title_vi, a.title_en, a.labels ->> 'area' AS area, a.labels ->> 'kind' AS kind
FROM alert a
WHERE a.pending_since >= %(since)s;

-- name: of_thing
-- why: those that go on first, then what was lately
SELECT a.* FROM alert_shown a
WHERE a.thing_id = %(thing_id)s
ORDER BY a.state = 'resolved', a.pending_since DESC, a.id DESC
LIMIT %(limit)s;
