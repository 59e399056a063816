-- name: insert
-- why: a message delivered twice is one rejection, equal messages are as many as they are (decision 0004). A redelivery
--      has the packet id of the first time; what a publisher sent again is taken up by a row of just before the broker
--      was lost; in an overlap a message is taken up by the other worker's row, and may itself come again.
--      Every condition has a bound for received_at or an overlap, so that equal messages of a year need not be looked through.
WITH known AS (
    SELECT FROM rejected_message
    WHERE payload_sha256 = %(sha256)s AND topic = %(topic)s
      AND worker = %(worker)s AND packet_id = %(packet_id)s::integer
      AND received_at >= %(redelivered_since)s::timestamptz
    UNION ALL
    SELECT FROM rejected_message
    WHERE payload_sha256 = %(sha256)s AND topic = %(topic)s AND resent_at = %(received_at)s
      AND received_at BETWEEN %(resent_from)s::timestamptz - interval '7 days' AND %(resent_to)s::timestamptz
    UNION ALL
    SELECT FROM rejected_message
    WHERE payload_sha256 = %(sha256)s AND topic = %(topic)s AND overlap = %(overlap)s::bigint
      AND twin_worker = %(worker)s
      AND ((twin_packet_id = %(packet_id)s::integer AND twin_received_at >= %(redelivered_since)s::timestamptz)
           OR twin_resent_at = %(received_at)s)
), sent_again AS (
    UPDATE rejected_message SET resent_at = %(received_at)s
    WHERE NOT EXISTS (SELECT FROM known) AND id = (
        SELECT id FROM rejected_message
        WHERE payload_sha256 = %(sha256)s AND topic = %(topic)s
          AND received_at BETWEEN %(resent_from)s::timestamptz - interval '7 days' AND %(resent_to)s::timestamptz
          AND coalesce(resent_at, received_at) BETWEEN %(resent_from)s::timestamptz AND %(resent_to)s::timestamptz
          AND (worker = %(worker)s OR overlap IS NULL)
        ORDER BY received_at LIMIT 1)
    RETURNING id
), twin_sent_again AS (
    UPDATE rejected_message SET twin_resent_at = %(received_at)s
    WHERE NOT EXISTS (SELECT FROM known) AND NOT EXISTS (SELECT FROM sent_again) AND id = (
        SELECT id FROM rejected_message
        WHERE payload_sha256 = %(sha256)s AND topic = %(topic)s AND overlap = %(overlap)s::bigint
          AND twin_worker = %(worker)s
          AND coalesce(twin_resent_at, twin_received_at)
              BETWEEN %(resent_from)s::timestamptz AND %(resent_to)s::timestamptz
        ORDER BY twin_received_at LIMIT 1)
    RETURNING id
), twin AS (
    UPDATE rejected_message
    SET (twin_worker, twin_packet_id, twin_received_at)
        = (%(worker)s, %(packet_id)s::integer, %(received_at)s::timestamptz)
    WHERE NOT EXISTS (SELECT FROM known) AND NOT EXISTS (SELECT FROM sent_again)
      AND NOT EXISTS (SELECT FROM twin_sent_again) AND id = (
        SELECT id FROM rejected_message
        WHERE payload_sha256 = %(sha256)s AND topic = %(topic)s AND overlap = %(overlap)s::bigint
          AND worker <> %(worker)s AND twin_worker IS NULL
        ORDER BY received_at LIMIT 1)
    RETURNING id
)
INSERT INTO rejected_message (received_at, topic, payload, reason, detail, source, packet_id, unknown_devices,
                              worker, overlap)
SELECT %(received_at)s, %(topic)s, %(payload)s, %(reason)s, %(detail)s, %(source)s, %(packet_id)s::integer,
       %(unknown_devices)s::text[], %(worker)s, %(overlap)s::bigint
WHERE NOT EXISTS (SELECT FROM known) AND NOT EXISTS (SELECT FROM sent_again)
  AND NOT EXISTS (SELECT FROM twin_sent_again) AND NOT EXISTS (SELECT FROM twin);

-- name: lock_overlapping
-- why: neither of two workers that write the same message at once could see the other's row
SELECT pg_advisory_xact_lock(key) FROM unnest(%(keys)s::bigint[]) AS key;

-- name: copy
COPY rejected_message (received_at, topic, payload, reason, detail, source, packet_id, unknown_devices, worker)
FROM STDIN;

-- name: newest
SELECT id, received_at, topic, payload, reason, detail, source
FROM rejected_message
ORDER BY received_at DESC, id DESC LIMIT %(limit)s;

-- name: count_by_reason
SELECT reason, count(*) AS count FROM rejected_message
WHERE received_at >= %(since)s AND resolved_at IS NULL GROUP BY reason ORDER BY count DESC;

-- name: open_by_reason
SELECT reason, count(*) AS count, min(received_at) AS oldest, max(received_at) AS newest FROM rejected_message
WHERE resolved_at IS NULL GROUP BY reason ORDER BY count DESC, reason;

-- name: previews
-- why: a page shows the beginning of the newest payloads; whole ones may be a megabyte each
SELECT id, received_at, topic, substring(payload FOR %(bytes)s) AS payload, length(payload) AS size, reason, detail
FROM rejected_message
WHERE resolved_at IS NULL
ORDER BY received_at DESC, id DESC LIMIT %(limit)s;

-- name: open_ids
-- why: reprocessing takes what is open in order of arrival, as much at a time as memory should hold
SELECT id, received_at, length(payload) AS size FROM rejected_message
WHERE resolved_at IS NULL
  AND (%(reason)s::text IS NULL OR reason = %(reason)s)
  AND (%(source)s::text IS NULL OR source = %(source)s)
  AND (%(device)s::text IS NULL OR (unknown_devices IS NOT NULL AND unknown_devices @> ARRAY[%(device)s::text]))
  AND (%(topic_pattern)s::text IS NULL OR topic ~ %(topic_pattern)s)
  AND received_at >= coalesce(%(since)s::timestamptz, '-infinity')
  AND received_at < coalesce(%(until)s::timestamptz, 'infinity')
  AND (received_at, id) > (%(after_time)s::timestamptz, %(after_id)s::bigint)
ORDER BY received_at, id LIMIT %(limit)s;

-- name: open_rows
SELECT id, received_at, topic, payload, reason, source, unknown_devices,
       (detail->>'full_size')::bigint AS full_size
FROM rejected_message WHERE id = ANY(%(ids)s) AND resolved_at IS NULL
ORDER BY received_at, id;

-- name: lock_open
-- why: who else reprocesses these at the moment keeps them
SELECT id FROM rejected_message WHERE id = ANY(%(ids)s) AND resolved_at IS NULL
ORDER BY id FOR UPDATE SKIP LOCKED;

-- name: resolve
-- why: what was wrong stays readable, and so do the bytes that the observations came from (decision 0007)
UPDATE rejected_message SET resolved_at = %(now)s WHERE id = ANY(%(ids)s);

-- name: keep_open
UPDATE rejected_message
SET (reason, detail, unknown_devices) = (%(reason)s, %(detail)s, %(unknown_devices)s::text[])
WHERE id = %(id)s;

-- name: newest_on
-- why: the last refused message of a Thing, by its topics; resolved ones too, it did arrive. The hash is what is indexed
SELECT r.id, r.received_at, r.topic, substring(r.payload FOR %(bytes)s) AS payload, length(r.payload) AS size, r.reason,
       r.detail
FROM unnest(%(topics)s::text[]) AS asked (topic)
CROSS JOIN LATERAL (
    SELECT m.* FROM rejected_message m
    WHERE hashtextextended(m.topic, 0) = hashtextextended(asked.topic, 0) AND m.topic = asked.topic
    ORDER BY m.received_at DESC LIMIT 1
) AS r
ORDER BY r.received_at DESC, r.id DESC LIMIT 1;
