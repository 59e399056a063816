-- name: fired
-- why: what began to fire in a time, the worst first
SELECT a.* FROM alert_shown a
WHERE a.firing_since >= %(start)s AND a.firing_since < %(end)s
ORDER BY array_position(ARRAY['critical', 'warning', 'info'], a.severity), a.firing_since, a.id
LIMIT %(limit)s;

-- name: ended
SELECT a.* FROM alert_shown a
WHERE a.resolved_at >= %(start)s AND a.resolved_at < %(end)s AND a.firing_since IS NOT NULL
ORDER BY array_position(ARRAY['critical', 'warning', 'info'], a.severity), a.resolved_at, a.id
LIMIT %(limit)s;

-- name: firing_at
-- why: what fired at a moment: it still does, or ended later
SELECT a.* FROM alert_shown a
WHERE a.firing_since <= %(end)s AND (a.state = 'firing' OR a.resolved_at >= %(end)s)
ORDER BY array_position(ARRAY['critical', 'warning', 'info'], a.severity), a.firing_since, a.id
LIMIT %(limit)s;

-- name: counts
-- why: how many there are, where not all are listed
SELECT (SELECT count(*) FROM alert WHERE firing_since >= %(start)s AND firing_since < %(end)s) AS fired,
       (SELECT count(*) FROM alert
        WHERE resolved_at >= %(start)s AND resolved_at < %(end)s AND firing_since IS NOT NULL) AS ended,
       (SELECT count(*) FROM alert
        WHERE firing_since <= %(end)s AND (state = 'firing' OR resolved_at >= %(end)s)) AS firing;

-- name: people
-- why: who did what to which alert
SELECT e.at, e.kind, e.actor, COALESCE(e.detail ->> 'note', e.detail ->> 'reason', '') AS note, e.alert_id,
       a.title_vi, a.title_en, t.name_vi AS thing_name_vi, t.name_en AS thing_name_en
FROM alert_event e JOIN alert a ON a.id = e.alert_id JOIN thing t ON t.id = a.thing_id
WHERE e.actor IS NOT NULL AND e.at >= %(start)s AND e.at < %(end)s
ORDER BY e.at, e.id
LIMIT %(limit)s;

-- name: platform
-- why: what the platform said against itself: began, ended or went on in a time
SELECT a.* FROM alert_shown a
WHERE a.labels ->> 'kind' = 'platform' AND a.id IN (
    SELECT id FROM alert WHERE firing_since >= %(start)s AND firing_since < %(end)s
    UNION ALL SELECT id FROM alert WHERE resolved_at >= %(start)s AND resolved_at < %(end)s AND firing_since IS NOT NULL
    UNION ALL SELECT id FROM alert WHERE state = 'firing' AND firing_since < %(end)s
    UNION ALL SELECT id FROM alert WHERE resolved_at >= %(end)s AND firing_since < %(start)s)
ORDER BY a.firing_since, a.id
LIMIT %(limit)s;

-- name: silences
-- why: what muted at some time of it
SELECT s.id, s.kind, s.matchers, s.starts_at, s.ends_at, s.author, s.reason, s.created_at, s.ended_at, s.ended_by
FROM silence s
WHERE s.starts_at < %(end)s AND LEAST(s.ends_at, s.ended_at) > %(start)s
ORDER BY s.starts_at, s.id
LIMIT %(limit)s;

-- name: incidents
-- why: those that something was done about, and those that were open at its end
SELECT s.*, EXISTS (SELECT FROM incident_event e WHERE e.incident_id = s.id AND e.at >= %(start)s AND e.at < %(end)s) AS touched
FROM incident_shown s
WHERE s.opened_at < %(end)s AND (
    s.closed_at IS NULL OR s.closed_at >= %(end)s
    OR s.id IN (SELECT e.incident_id FROM incident_event e WHERE e.at >= %(start)s AND e.at < %(end)s))
ORDER BY s.closed_at IS NOT NULL, array_position(ARRAY['critical', 'warning', 'info'], s.severity), s.opened_at
LIMIT %(limit)s;

-- name: open_steps
SELECT s.incident_id, s.text_vi, s.text_en FROM incident_step s
WHERE s.incident_id = ANY(%(incident_ids)s) AND s.done_at IS NULL
ORDER BY s.incident_id, s.id
LIMIT 2000;

-- name: rejections
SELECT reason, count(*) AS count FROM rejected_message
WHERE received_at >= %(start)s AND received_at < %(end)s
GROUP BY reason ORDER BY count(*) DESC, reason;

-- name: notices
SELECT n.id, n.kind, n.text_vi, n.text_en, n.wards, n.starts_at, n.ends_at, n.published_at, n.author, n.replaces,
       n.withdrawn_at, n.withdrawn_by
FROM notice n
WHERE (n.published_at >= %(start)s AND n.published_at < %(end)s) OR (n.withdrawn_at >= %(start)s AND n.withdrawn_at < %(end)s)
ORDER BY n.published_at, n.id
LIMIT %(limit)s;

-- name: entries
-- why: what was entered by hand and held at its end
SELECT m.id, m.thing_id, m.results, m.time, m.expires_at, m.author, m.note, m.entered_at, m.outcome, m.faults, m.cancelled_at,
       m.cancelled_by
FROM manual_entry m
WHERE m.entered_at < %(end)s AND m.expires_at > %(end)s AND (m.cancelled_at IS NULL OR m.cancelled_at >= %(end)s)
  AND m.outcome NOT IN ('rejected', 'unsent')
ORDER BY m.entered_at, m.id
LIMIT %(limit)s;

-- name: hand_over
INSERT INTO shift_handover (starts_at, ends_at, author, note, handed_at, document_vi, document_en)
VALUES (%(starts_at)s, %(ends_at)s, %(author)s, %(note)s, %(now)s, %(document_vi)s::jsonb, %(document_en)s::jsonb)
RETURNING id;

-- name: handovers
-- why: the last ones, for a list
SELECT h.id, h.starts_at, h.ends_at, h.author, h.note, h.handed_at FROM shift_handover h
ORDER BY h.handed_at DESC, h.id DESC LIMIT %(limit)s;

-- name: handover
SELECT h.id, h.starts_at, h.ends_at, h.author, h.note, h.handed_at, h.document_vi::text AS document_vi,
       h.document_en::text AS document_en
FROM shift_handover h WHERE h.id = %(handover_id)s;
