-- name: candidates
-- why: alerts that the public feed holds, and those that may come into it; the weakest provenance of any phase counts
SELECT a.id, a.rule, a.domain, a.property, a.severity, a.condition, a.title_vi, a.title_en, a.labels, a.unit,
       a.limit_value AS "limit", a.suggestion, a.value, a.value_time, a.peak, a.state, a.pending_since, a.resolved_at,
       a.withdrawn_at IS NOT NULL AS withdrawn,
       greatest(a.provenance, (SELECT max((t.evidence ->> 'provenance')::provenance)
                               FROM alert_transition t WHERE t.alert_id = a.id)) AS provenance,
       (a.public = 'auto' OR (a.public = 'approve' AND a.approved_at IS NOT NULL))
           AND a.refused_at IS NULL AND a.for_citizens AND g.is_public AS allowed,
       a.approved_at IS NOT NULL AS approved, a.announced_at IS NOT NULL AS announced, a.published,
       a.thing_id, g.name_vi AS thing_name_vi, g.name_en AS thing_name_en, g.lat, g.lon, g.coordinate_trust,
       n.id AS transition_id, n.reason, n.evidence ->> 'measure' AS measure,
       (n.evidence ->> 'within_s')::float8 AS within_s, (n.evidence ->> 'low')::float8 AS low,
       (n.evidence ->> 'high')::float8 AS high
FROM alert a
JOIN thing g ON g.id = a.thing_id
LEFT JOIN LATERAL (
    SELECT t.id, t.reason, t.evidence FROM alert_transition t WHERE t.alert_id = a.id ORDER BY t.id DESC LIMIT 1
) n ON true
WHERE (a.published
       OR (a.state = 'firing' AND (a.public = 'auto' OR (a.public = 'approve' AND a.approved_at IS NOT NULL)))
       OR %(any)s)
  AND (%(alert_id)s::bigint IS NULL OR a.id = %(alert_id)s)
ORDER BY a.id;

-- name: lock
-- why: what is read after it stays so until the transaction ends; the engine may go on to write transitions
SELECT FROM alert WHERE id = %(alert_id)s FOR NO KEY UPDATE;

-- name: chains
-- why: what the feed says of these alerts now: the messages since the last Cancel
SELECT c.alert_id, c.number, c.sender, c.identifier, c.msg_type, c.status, c.sent_at, c.expires_at, c.headline_vi,
       c.headline_en, c.severity
FROM cap_message c
WHERE c.alert_id = ANY(%(alert_ids)s)
  AND c.number > coalesce((SELECT max(x.number) FROM cap_message x
                           WHERE x.alert_id = c.alert_id AND x.msg_type = 'Cancel'), 0)
ORDER BY c.alert_id, c.number;

-- name: next_number
SELECT coalesce(max(number), 0) + 1 AS number FROM cap_message WHERE alert_id = %(alert_id)s;

-- name: write
INSERT INTO cap_message (identifier, alert_id, number, sender, msg_type, status, sent_at, expires_at, headline_vi,
                         headline_en, severity, provenance, peak, document)
VALUES (%(identifier)s, %(alert_id)s, %(number)s, %(sender)s, %(msg_type)s, %(status)s, %(sent_at)s, %(expires_at)s,
        %(headline_vi)s, %(headline_en)s, %(severity)s, %(provenance)s, %(peak)s, %(document)s);

-- name: mark_published
UPDATE alert SET published = %(published)s WHERE id = %(alert_id)s AND published <> %(published)s;

-- name: record
-- why: the alert's timeline says what the public was told, and why
INSERT INTO alert_event (alert_id, at, kind, detail)
VALUES (%(alert_id)s, %(at)s, 'published', jsonb_build_object('identifier', %(identifier)s::text,
        'msg_type', %(msg_type)s::text, 'status', %(status)s::text, 'reason', %(reason)s::text));

-- name: newest
-- why: what a feed of the last days lists, without the documents
SELECT id FROM cap_message WHERE sent_at > %(since)s ORDER BY sent_at DESC, id DESC LIMIT %(limit)s;

-- name: documents
SELECT id, identifier, msg_type, status, sent_at, expires_at, headline_vi, headline_en, provenance, document
FROM cap_message WHERE id = ANY(%(ids)s);
