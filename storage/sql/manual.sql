-- name: holds
-- why: unqualified, so that the public process asks its own view
SELECT thing_id, property, phenomenon_time, expires_at FROM manual_hold;

-- name: enter
INSERT INTO manual_entry (thing_id, results, time, expires_at, author, note, entered_at, outcome)
VALUES (%(thing_id)s, %(results)s, %(time)s, %(expires_at)s, %(author)s, %(note)s, %(now)s, 'sent')
RETURNING id;

-- name: tell
UPDATE manual_entry SET (outcome, faults) = (%(outcome)s, %(faults)s) WHERE id = %(entry_id)s;

-- name: cancel
-- why: one that holds no more is left as it is
UPDATE manual_entry SET (cancelled_at, cancelled_by) = (%(now)s, %(actor)s)
WHERE id = %(entry_id)s AND cancelled_at IS NULL AND expires_at > %(now)s AND outcome NOT IN ('rejected', 'unsent');

-- name: entries
-- why: the newest first, those that are over too
SELECT id, thing_id, results, time, expires_at, author, note, entered_at, outcome, faults, cancelled_at, cancelled_by
FROM manual_entry ORDER BY entered_at DESC, id DESC LIMIT %(limit)s;

-- name: stored
-- why: what ingest has committed of one message
SELECT d.property FROM datastream d JOIN observation o ON o.datastream_id = d.id
WHERE d.thing_id = %(thing_id)s AND d.property = ANY(%(properties)s)
  AND o.phenomenon_time = %(time)s AND o.result_time = %(result_time)s AND o.provenance = 'manual';

-- name: refusal
-- why: what ingest says against one message, which is known by its bytes
SELECT reason, detail FROM rejected_message
WHERE payload_sha256 = sha256(%(payload)s) AND topic = %(topic)s AND received_at >= %(since)s
ORDER BY id DESC LIMIT 1;
