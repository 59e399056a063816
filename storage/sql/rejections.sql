-- name: insert
-- why: a message delivered twice is one rejection, equal messages are as many as they are. A redelivery has the packet
--      id of the first time; what a publisher sent again is taken up by a row of just before the broker was lost.
WITH taken_up AS (
    UPDATE rejected_message SET resent_at = %(received_at)s
    WHERE id = (
        SELECT id FROM rejected_message
        WHERE payload_sha256 = sha256(%(payload)s) AND topic = %(topic)s AND resent_at IS NULL
          AND received_at BETWEEN %(resent_from)s::timestamptz AND %(resent_to)s::timestamptz
        ORDER BY received_at LIMIT 1)
    RETURNING id
)
INSERT INTO rejected_message (received_at, topic, payload, reason, detail, source, packet_id, unknown_devices)
SELECT %(received_at)s, %(topic)s, %(payload)s, %(reason)s, %(detail)s, %(source)s, %(packet_id)s::integer,
       %(unknown_devices)s::text[]
WHERE NOT EXISTS (SELECT FROM taken_up)
  AND NOT EXISTS (
    SELECT FROM rejected_message
    WHERE payload_sha256 = sha256(%(payload)s) AND topic = %(topic)s
      AND ((packet_id = %(packet_id)s::integer AND received_at >= %(redelivered_since)s::timestamptz)
           OR resent_at = %(received_at)s));

-- name: newest
SELECT id, received_at, topic, payload, reason, detail, source
FROM rejected_message
ORDER BY received_at DESC, id DESC LIMIT %(limit)s;

-- name: count_by_reason
SELECT reason, count(*) AS count FROM rejected_message
WHERE received_at >= %(since)s GROUP BY reason ORDER BY count DESC;

-- name: previews
-- why: a page shows the beginning of the newest payloads; whole ones may be a megabyte each
SELECT id, received_at, topic, substring(payload FOR %(bytes)s) AS payload, length(payload) AS size, reason, detail
FROM rejected_message
ORDER BY received_at DESC, id DESC LIMIT %(limit)s;
