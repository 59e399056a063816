-- name: outbox
-- why: transitions that nobody has routed yet, in the order in which they were decided
SELECT t.id, t.to_state, t.decided_at, t.alert_id, a.rule || '/' || a.datastream_id AS fingerprint, a.labels,
       a.firing_since, a.resolved_at, a.flapping, a.acknowledged_by
FROM alert_transition t JOIN alert a ON a.id = t.alert_id
WHERE t.processed_at IS NULL
ORDER BY t.id
LIMIT %(limit)s
FOR UPDATE OF t;

-- name: mark_processed
UPDATE alert_transition SET (processed_at, outcome) = (%(now)s, %(outcome)s) WHERE id = %(transition_id)s;

-- name: routed_before
-- why: a process that begins to lead may have other routes than the last one
SELECT a.id AS alert_id, a.rule || '/' || a.datastream_id AS fingerprint, a.labels, a.state, a.firing_since,
       a.resolved_at, a.flapping, a.acknowledged_by
FROM alert a
WHERE a.state <> 'resolved' AND a.state = 'firing' AND a.announced_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM alert_transition t WHERE t.alert_id = a.id AND t.processed_at IS NULL)
ORDER BY a.id;

-- name: find_group
SELECT id, receiver, route, labels, next_flush_at, flushed_at, told::text AS told, told_at
FROM alert_group WHERE receiver = %(receiver)s AND route = %(route)s AND labels = %(labels)s;

-- name: groups_of
-- why: what an alert's change is a change of
SELECT g.id, g.receiver, g.route, g.labels, g.next_flush_at, g.flushed_at, g.told::text AS told, g.told_at
FROM alert_group_member m JOIN alert_group g ON g.id = m.group_id
WHERE m.alert_id = %(alert_id)s
ORDER BY g.id;

-- name: due_group
-- why: the one that waits longest
SELECT id, receiver, route, labels, next_flush_at, flushed_at, told::text AS told, told_at
FROM alert_group WHERE next_flush_at <= %(now)s
ORDER BY next_flush_at, id
LIMIT 1
FOR UPDATE;

-- name: save_group
INSERT INTO alert_group (receiver, route, labels, created_at, next_flush_at, flushed_at, told, told_at)
VALUES (%(receiver)s, %(route)s, %(labels)s, %(now)s, %(next_flush_at)s, %(flushed_at)s, %(told)s::jsonb, %(told_at)s)
ON CONFLICT (receiver, route, labels) DO UPDATE
SET (next_flush_at, flushed_at, told, told_at)
    = (EXCLUDED.next_flush_at, EXCLUDED.flushed_at, EXCLUDED.told, EXCLUDED.told_at)
RETURNING id;

-- name: put_off
-- why: a group that can't be told must not be the first one due for ever
UPDATE alert_group SET next_flush_at = %(until)s WHERE id = %(group_id)s;

-- name: forget_groups
-- why: an empty group keeps its row while messages of it wait, whose order it holds, and is of no use long after
DELETE FROM alert_group g
WHERE g.next_flush_at IS NULL
  AND NOT EXISTS (SELECT FROM notification n WHERE n.group_id = g.id AND n.sent_at IS NULL AND n.dead_at IS NULL)
  AND NOT EXISTS (SELECT FROM notification n WHERE n.group_id = g.id AND n.created_at >= %(before)s)
  AND g.created_at < %(before)s;

-- name: add_member
INSERT INTO alert_group_member (group_id, alert_id) VALUES (%(group_id)s, %(alert_id)s) ON CONFLICT DO NOTHING;

-- name: drop_members
DELETE FROM alert_group_member WHERE group_id = %(group_id)s AND alert_id = ANY(%(alert_ids)s);

-- name: members
-- why: an end that is not routed yet has not happened for the receivers
SELECT a.id AS alert_id, a.rule || '/' || a.datastream_id AS fingerprint, a.labels,
       CASE WHEN a.state = 'resolved' AND EXISTS (
           SELECT FROM alert_transition t WHERE t.alert_id = a.id AND t.processed_at IS NULL)
       THEN 'firing' ELSE a.state END AS state,
       a.firing_since, a.resolved_at, a.flapping, a.acknowledged_by
FROM alert_group_member m JOIN alert a ON a.id = m.alert_id
WHERE m.group_id = %(group_id)s
ORDER BY a.id;

-- name: alert
SELECT a.id AS alert_id, a.rule || '/' || a.datastream_id AS fingerprint, a.labels, a.state, a.firing_since,
       a.resolved_at, a.flapping, a.acknowledged_by
FROM alert a WHERE a.id = %(alert_id)s;

-- name: firing_with
-- why: alerts that fire and bear all labels of one of the given sets: what may inhibit others
SELECT DISTINCT a.id AS alert_id, a.labels
FROM unnest(%(lookups)s::jsonb[]) AS k (labels) JOIN alert a ON a.state = 'firing' AND a.labels @> k.labels;

-- name: delivered
-- why: which receiver has which of these alerts before him
SELECT DISTINCT i.alert_id, n.receiver
FROM notification n CROSS JOIN unnest(n.alert_ids) AS i (alert_id)
WHERE n.alert_ids && %(alert_ids)s::bigint[] AND i.alert_id = ANY(%(alert_ids)s) AND n.sent_at IS NOT NULL;

-- name: cards
-- why: all that a message wants to say of an alert, with the evidence of the state that is told
SELECT a.id, a.rule || '/' || a.datastream_id AS fingerprint, a.rule, a.domain, a.property, a.severity, a.condition,
       a.title_vi, a.title_en, a.runbook_vi, a.runbook_en, a.labels, a.unit, a.limit_value AS "limit", a.value,
       a.value_time, a.peak, k.state, a.pending_since, a.firing_since,
       CASE WHEN k.state = 'resolved' THEN a.resolved_at END AS resolved_at, a.withdrawn_at IS NOT NULL AS withdrawn,
       t.decided_at, t.evidence, a.provenance::text AS provenance, a.suggestion, a.basis_vi,
       a.basis_en, a.flapping,
       a.acknowledged_at, a.acknowledged_by, a.acknowledgement, a.thing_id, g.name_vi AS thing_name_vi,
       g.name_en AS thing_name_en, g.lat, g.lon
FROM unnest(%(alert_ids)s::bigint[], %(states)s::text[]) WITH ORDINALITY AS k (alert_id, state, number)
JOIN alert a ON a.id = k.alert_id
JOIN thing g ON g.id = a.thing_id
CROSS JOIN LATERAL (
    SELECT decided_at, evidence FROM alert_transition
    WHERE alert_id = a.id ORDER BY to_state = k.state DESC, id DESC LIMIT 1
) AS t
ORDER BY k.number;

-- name: insert_notification
INSERT INTO notification (key, receiver, group_id, alert_ids, reason, document, created_at, next_attempt_at)
VALUES (%(key)s, %(receiver)s, %(group_id)s, %(alert_ids)s, %(reason)s, %(document)s::jsonb, %(now)s, %(now)s)
RETURNING id;

-- name: insert_event
INSERT INTO alert_event (alert_id, at, kind, receiver, actor, detail)
VALUES (%(alert_id)s, %(at)s, %(kind)s, %(receiver)s, %(actor)s, %(detail)s);

-- name: insert_step
INSERT INTO alert_escalation (alert_id, chain, step, route, due_at)
VALUES (%(alert_id)s, %(chain)s, %(step)s, %(route)s, %(due_at)s)
ON CONFLICT (alert_id, chain, step) DO UPDATE SET (due_at, done_at, outcome) = (EXCLUDED.due_at, NULL, NULL)
WHERE alert_escalation.outcome = 'resolved';

-- name: due_step
SELECT alert_id, chain, step, route, due_at FROM alert_escalation
WHERE done_at IS NULL AND due_at <= %(now)s
ORDER BY due_at, alert_id, step
LIMIT 1
FOR UPDATE;

-- name: put_step_off
-- why: while its alert is muted nobody is called; what it waits for is said once
UPDATE alert_escalation e SET (due_at, waits_for) = (%(due_at)s, %(cause)s)
FROM alert_escalation b
WHERE e.alert_id = %(alert_id)s AND e.chain = %(chain)s AND e.step = %(step)s
  AND (b.alert_id, b.chain, b.step) = (e.alert_id, e.chain, e.step)
RETURNING b.waits_for IS DISTINCT FROM %(cause)s AS is_new;

-- name: finish_step
UPDATE alert_escalation SET (done_at, outcome) = (%(now)s, %(outcome)s)
WHERE alert_id = %(alert_id)s AND chain = %(chain)s AND step = %(step)s;

-- name: next_due
-- why: until when nothing happens by itself
SELECT least((SELECT min(next_flush_at) FROM alert_group WHERE next_flush_at IS NOT NULL),
             (SELECT min(due_at) FROM alert_escalation WHERE done_at IS NULL)) AS at;

-- name: claim
-- why: one that is due and has no older one of its group to the same receiver before it, put off for as long as an
-- attempt may take
WITH due AS (
    SELECT n.id FROM notification n
    WHERE n.receiver = ANY(%(receivers)s) AND n.sent_at IS NULL AND n.dead_at IS NULL AND n.next_attempt_at <= %(now)s
      AND NOT EXISTS (
        SELECT FROM notification older
        WHERE older.receiver = n.receiver AND older.group_id = n.group_id AND older.id < n.id
          AND older.sent_at IS NULL AND older.dead_at IS NULL)
    ORDER BY n.id
    LIMIT 1
    FOR UPDATE
)
UPDATE notification n
SET attempts = attempts + 1, next_attempt_at = %(retry_at)s, claimed_term = %(term)s
FROM due WHERE n.id = due.id
RETURNING n.id, n.key, n.receiver, n.group_id, n.reason, n.alert_ids, n.document, n.attempts;

-- name: take_over
-- why: who was sending these does not lead any more; whether they arrived nobody knows, and their key stays the same
UPDATE notification SET next_attempt_at = %(now)s, claimed_term = NULL
WHERE claimed_term < %(term)s AND sent_at IS NULL AND dead_at IS NULL;

-- name: mark_sent
UPDATE notification SET (sent_at, receipt, last_error, claimed_term) = (%(now)s, %(receipt)s, NULL, NULL)
WHERE id = %(notification_id)s AND sent_at IS NULL AND dead_at IS NULL;

-- name: mark_failed
-- why: with no time for another attempt it is a dead letter, kept for people to see
UPDATE notification
SET last_error = %(error)s, next_attempt_at = coalesce(%(retry_at)s, next_attempt_at), claimed_term = NULL,
    dead_at = CASE WHEN %(retry_at)s::timestamptz IS NULL THEN %(now)s::timestamptz END
WHERE id = %(notification_id)s AND sent_at IS NULL AND dead_at IS NULL;

-- name: bury_unknown
-- why: nobody will ever send what is addressed to a receiver that is no longer configured
UPDATE notification
SET (dead_at, last_error) = (%(now)s, 'receiver ' || receiver || ' is not configured')
WHERE sent_at IS NULL AND dead_at IS NULL AND receiver <> ALL(%(receivers)s)
RETURNING id, key, receiver, group_id, reason, alert_ids, document, attempts;

-- name: lock_group
SELECT id, receiver, route, labels, next_flush_at, flushed_at, told::text AS told, told_at
FROM alert_group WHERE id = %(group_id)s FOR UPDATE;

-- name: fingerprints
SELECT rule || '/' || datastream_id AS fingerprint FROM alert WHERE id = ANY(%(alert_ids)s);

-- name: notification
SELECT id, key, receiver, group_id, alert_ids, reason, document, created_at, attempts, next_attempt_at, last_error,
       receipt, sent_at, dead_at
FROM notification WHERE id = %(notification_id)s;

-- name: recent_notifications
SELECT id, key, receiver, group_id, alert_ids, reason, document, created_at, attempts, next_attempt_at, last_error,
       receipt, sent_at, dead_at
FROM notification WHERE %(receiver)s::text IS NULL OR receiver = %(receiver)s
ORDER BY created_at DESC, id DESC
LIMIT %(limit)s;

-- name: dead_letters
SELECT id, key, receiver, group_id, alert_ids, reason, document, created_at, attempts, next_attempt_at, last_error,
       receipt, sent_at, dead_at
FROM notification WHERE dead_at IS NOT NULL
ORDER BY dead_at DESC, id DESC
LIMIT %(limit)s;

-- name: receiver_results
-- why: whether a receiver can be reached, as far as we know
SELECT n.receiver, count(*) FILTER (WHERE n.sent_at IS NOT NULL) AS sent,
       count(*) FILTER (WHERE n.dead_at IS NOT NULL) AS dead,
       count(*) FILTER (WHERE n.sent_at IS NULL AND n.dead_at IS NULL) AS waiting,
       max(n.sent_at) AS last_sent_at, max(n.dead_at) AS last_dead_at,
       (array_agg(n.last_error ORDER BY n.id DESC) FILTER (WHERE n.last_error IS NOT NULL))[1] AS last_error
FROM notification n WHERE n.created_at >= %(since)s
GROUP BY n.receiver
ORDER BY n.receiver;

-- name: noisiest_rules
-- why: which rules cost people most attention: messages that named them, and how often they began to fire
WITH named AS (
    SELECT a.rule, count(DISTINCT n.id) AS notifications, max(a.title_vi) AS title_vi, max(a.title_en) AS title_en
    FROM notification n CROSS JOIN unnest(n.alert_ids) AS i (alert_id) JOIN alert a ON a.id = i.alert_id
    WHERE n.created_at >= %(since)s
    GROUP BY a.rule
), fired AS (
    SELECT rule, count(*) AS firings, count(DISTINCT datastream_id) AS places,
           max(title_vi) AS title_vi, max(title_en) AS title_en
    FROM alert WHERE firing_since >= %(since)s AND withdrawn_at IS NULL
    GROUP BY rule
)
SELECT rule, coalesce(n.notifications, 0) AS notifications, coalesce(f.firings, 0) AS firings,
       coalesce(f.places, 0) AS places, coalesce(f.title_vi, n.title_vi) AS title_vi,
       coalesce(f.title_en, n.title_en) AS title_en
FROM named n FULL JOIN fired f USING (rule)
ORDER BY coalesce(n.notifications, 0) DESC, coalesce(f.firings, 0) DESC, rule
LIMIT %(limit)s;

-- name: timeline
-- why: all that happened to an alert and why, in one order
SELECT * FROM (
    SELECT t.decided_at AS at, 0 AS rank, t.id AS number, 'transition' AS source, t.to_state AS kind,
           NULL::text AS receiver, NULL::text AS actor, t.reason, t.outcome, t.at AS happened_at,
           t.evidence AS detail
    FROM alert_transition t WHERE t.alert_id = %(alert_id)s
    UNION ALL
    SELECT e.at, 1, e.id, 'event', e.kind, e.receiver, e.actor, e.detail ->> 'reason', NULL, NULL, e.detail
    FROM alert_event e WHERE e.alert_id = %(alert_id)s
    UNION ALL
    SELECT n.created_at, 2, n.id, 'notification', 'told', n.receiver, NULL, n.reason, NULL, NULL,
           jsonb_build_object('key', n.key, 'notification', n.id, 'alerts', cardinality(n.alert_ids),
                              'text', n.document -> 'text')
    FROM notification n WHERE n.alert_ids @> ARRAY[%(alert_id)s::bigint]
    UNION ALL
    SELECT coalesce(n.sent_at, n.dead_at, n.next_attempt_at), 3, n.id, 'notification',
           CASE WHEN n.sent_at IS NOT NULL THEN 'sent' WHEN n.dead_at IS NOT NULL THEN 'dead' ELSE 'waiting' END,
           n.receiver, NULL, n.reason, NULL, NULL,
           jsonb_build_object('key', n.key, 'notification', n.id, 'attempts', n.attempts, 'error', n.last_error,
                              'receipt', n.receipt)
    FROM notification n WHERE n.alert_ids @> ARRAY[%(alert_id)s::bigint]
) AS entry
ORDER BY at, rank, number;
