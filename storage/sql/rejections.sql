-- name: insert
-- why: a possible second delivery of the same bytes is the same rejection, not another
INSERT INTO rejected_message (received_at, topic, payload, reason, detail, source)
SELECT %(received_at)s, %(topic)s, %(payload)s, %(reason)s, %(detail)s, %(source)s
WHERE %(redelivered_since)s::timestamptz IS NULL OR NOT EXISTS (
    SELECT FROM rejected_message
    WHERE payload_sha256 = sha256(%(payload)s) AND topic = %(topic)s
      AND received_at >= %(redelivered_since)s::timestamptz);

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
