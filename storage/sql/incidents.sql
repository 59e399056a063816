-- name: open_incidents
-- why: the worst and newest first, with what a list says of each
SELECT s.* FROM incident_shown s
WHERE s.closed_at IS NULL
ORDER BY array_position(ARRAY['critical', 'warning', 'info'], s.severity), s.opened_at DESC, s.id DESC
LIMIT %(limit)s;

-- name: closed_incidents
-- why: a page of those that are over, the last closed first; every word that was typed has to be somewhere
SELECT s.* FROM incident_shown s
WHERE s.closed_at IS NOT NULL
  AND (SELECT bool_and(position(w IN s.words) > 0) FROM unnest(%(words)s::text[]) AS w) IS NOT FALSE
  AND (%(after_at)s::timestamptz IS NULL OR (s.closed_at, s.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint))
ORDER BY s.closed_at DESC, s.id DESC
LIMIT %(limit)s;

-- name: incident
SELECT s.* FROM incident_shown s WHERE s.id = %(incident_id)s;

-- name: lock
SELECT i.id, i.title, i.severity, i.place, i.commander, i.assignee, i.closed_at FROM incident i
WHERE i.id = %(incident_id)s FOR UPDATE;

-- name: alerts
-- why: those that fire first, then in the order in which they joined
SELECT a.* FROM incident_alert j JOIN alert_shown a ON a.id = j.alert_id
WHERE j.incident_id = %(incident_id)s
ORDER BY a.state = 'resolved', j.joined_at, a.id
LIMIT %(limit)s;

-- name: of_alerts
-- why: which incidents alerts are in, the open one first
SELECT j.alert_id, i.id, i.title, i.closed_at
FROM incident_alert j JOIN incident i ON i.id = j.incident_id
WHERE j.alert_id = ANY(%(alert_ids)s)
ORDER BY i.closed_at IS NOT NULL, i.id DESC
LIMIT 1000;

-- name: steps
SELECT s.id, s.alert_id, s.text_vi, s.text_en, s.added_at, s.added_by, s.done_at, s.done_by
FROM incident_step s WHERE s.incident_id = %(incident_id)s ORDER BY s.id;

-- name: events
-- why: the newest, when there are more than a page can show
SELECT * FROM (
    SELECT e.id, e.at, e.kind, e.actor, e.detail FROM incident_event e
    WHERE e.incident_id = %(incident_id)s ORDER BY e.id DESC LIMIT %(limit)s
) AS newest ORDER BY newest.id;

-- name: attachments
SELECT f.id, f.name, f.media_type, octet_length(f.content) AS size, f.added_at, f.added_by
FROM incident_attachment f WHERE f.incident_id = %(incident_id)s ORDER BY f.id;

-- name: attachment
SELECT f.name, f.media_type, f.content FROM incident_attachment f
WHERE f.incident_id = %(incident_id)s AND f.id = %(attachment_id)s;

-- name: alert_entries
-- why: what the timelines of the incident's alerts say, without who was left out and what waits: the newest of it
SELECT * FROM (
    SELECT * FROM (
        SELECT t.alert_id, t.decided_at AS at, 0 AS rank, t.id AS number, 'transition' AS source, t.to_state AS kind,
               NULL::text AS receiver, NULL::text AS actor, t.reason, t.outcome, t.at AS happened_at, t.evidence AS detail
        FROM alert_transition t WHERE t.alert_id = ANY(%(alert_ids)s)
        UNION ALL
        SELECT e.alert_id, e.at, 1, e.id, 'event', e.kind, e.receiver, e.actor, e.detail ->> 'reason', NULL, NULL, e.detail
        FROM alert_event e WHERE e.alert_id = ANY(%(alert_ids)s) AND e.kind NOT IN ('grouped', 'suppressed')
        UNION ALL
        SELECT i.alert_id, COALESCE(n.sent_at, n.dead_at), 3, n.id, 'notification',
               CASE WHEN n.sent_at IS NOT NULL THEN 'sent' ELSE 'dead' END, n.receiver, NULL, n.reason, NULL, NULL,
               jsonb_build_object('key', n.key, 'notification', n.id, 'attempts', n.attempts, 'error', n.last_error,
                                  'receipt', n.receipt)
        FROM notification n CROSS JOIN unnest(n.alert_ids) AS i (alert_id)
        WHERE n.alert_ids && %(alert_ids)s::bigint[] AND i.alert_id = ANY(%(alert_ids)s)
          AND (n.sent_at IS NOT NULL OR n.dead_at IS NOT NULL)
    ) AS entry ORDER BY at DESC, rank DESC, number DESC LIMIT %(limit)s
) AS newest ORDER BY at, rank, number;

-- name: insert
INSERT INTO incident (title, severity, place, opened_at, opened_by, changed_at, words)
VALUES (%(title)s, %(severity)s, %(place)s, %(now)s, %(actor)s, %(now)s, %(words)s)
RETURNING id;

-- name: update
UPDATE incident SET (title, severity, place, commander, assignee, words)
    = (%(title)s, %(severity)s, %(place)s, %(commander)s, %(assignee)s, %(words)s)
WHERE id = %(incident_id)s;

-- name: touch
UPDATE incident SET changed_at = %(now)s WHERE id = %(incident_id)s;

-- name: lock_alerts
-- why: two who open an incident from one alert at once get one incident
SELECT a.id FROM alert a WHERE a.id = ANY(%(alert_ids)s) ORDER BY a.id FOR UPDATE;

-- name: join_alert
INSERT INTO incident_alert (incident_id, alert_id, joined_at, joined_by)
VALUES (%(incident_id)s, %(alert_id)s, %(now)s, %(actor)s) ON CONFLICT DO NOTHING;

-- name: count
SELECT (SELECT count(*) FROM incident_alert WHERE incident_id = %(incident_id)s) AS alerts,
       (SELECT count(*) FROM incident_step WHERE incident_id = %(incident_id)s) AS steps,
       (SELECT count(*) FROM incident_event WHERE incident_id = %(incident_id)s) AS events,
       (SELECT count(*) FROM incident_attachment WHERE incident_id = %(incident_id)s) AS attachments;

-- name: add_step
INSERT INTO incident_step (incident_id, alert_id, text_vi, text_en, added_at, added_by)
VALUES (%(incident_id)s, %(alert_id)s, %(text_vi)s, %(text_en)s, %(now)s, %(actor)s)
RETURNING id;

-- name: tick
UPDATE incident_step SET (done_at, done_by) = (%(now)s, %(actor)s)
WHERE incident_id = %(incident_id)s AND id = %(step_id)s AND done_at IS NULL RETURNING text_vi, text_en;

-- name: untick
UPDATE incident_step SET (done_at, done_by) = (NULL, NULL)
WHERE incident_id = %(incident_id)s AND id = %(step_id)s AND done_at IS NOT NULL RETURNING text_vi, text_en;

-- name: attach
INSERT INTO incident_attachment (incident_id, name, media_type, content, added_at, added_by)
VALUES (%(incident_id)s, %(name)s, %(media_type)s, %(content)s, %(now)s, %(actor)s)
RETURNING id;

-- name: close
UPDATE incident SET (closed_at, closed_by, resolution) = (%(now)s, %(actor)s, %(resolution)s)
WHERE id = %(incident_id)s AND closed_at IS NULL;

-- name: reopen
UPDATE incident SET (closed_at, closed_by, resolution) = (NULL, NULL, NULL)
WHERE id = %(incident_id)s AND closed_at IS NOT NULL;

-- name: insert_event
INSERT INTO incident_event (incident_id, at, kind, actor, detail)
VALUES (%(incident_id)s, %(now)s, %(kind)s, %(actor)s, %(detail)s);

-- name: commanders
-- why: who can lead: those who may act
SELECT name FROM operator WHERE disabled_at IS NULL AND role <> 'viewer' ORDER BY name LIMIT 200;
