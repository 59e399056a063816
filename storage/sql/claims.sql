-- name: all_claims
SELECT source, device, thing_id FROM device_claim;

-- name: list_claims
SELECT source, device, thing_id, claimed_at, claimed_by FROM device_claim ORDER BY claimed_at DESC, source, device;

-- name: stragglers
-- why: a worker that had not heard of a claim yet refused these. It is asked again and again, and nearly always nobody
--      has claimed anything lately: the count keeps the planner from beginning with the rejections
SELECT c.source, c.device
FROM device_claim c
CROSS JOIN LATERAL (
    SELECT count(*) AS open FROM rejected_message r
    WHERE r.unknown_devices IS NOT NULL AND r.resolved_at IS NULL
      AND r.unknown_devices @> ARRAY[c.device] AND r.source = c.source
) AS named
WHERE c.claimed_at >= %(since)s AND named.open > 0
ORDER BY c.source, c.device;

-- name: claim
-- why: the same claim again changes nothing; another one must first be given up, so that nobody overwrites it unseen
INSERT INTO device_claim (source, device, thing_id, claimed_at, claimed_by)
VALUES (%(source)s, %(device)s, %(thing_id)s, %(now)s, %(by)s)
ON CONFLICT (source, device) DO NOTHING;

-- name: claimed_as
SELECT thing_id FROM device_claim WHERE source = %(source)s AND device = %(device)s;

-- name: release
DELETE FROM device_claim WHERE source = %(source)s AND device = %(device)s RETURNING thing_id;

-- name: unclaimed
-- why: one line a device however often it sends; the payload is fetched only for those that are shown. Of a message
--      only the first devices count: one that names thousands of strangers must not push the others off the list.
--      The next ones follow when those are claimed.
WITH heard AS (
    SELECT source, device, count(*) AS count, min(received_at) AS first_seen, max(received_at) AS last_seen
    FROM rejected_message, unnest(unknown_devices[:%(each)s]) AS device
    WHERE unknown_devices IS NOT NULL AND resolved_at IS NULL
    GROUP BY source, device
    ORDER BY last_seen DESC, source, device
    LIMIT %(limit)s
)
SELECT heard.source, heard.device, heard.count, heard.first_seen, heard.last_seen,
       newest.topic, newest.payload, newest.size
FROM heard
CROSS JOIN LATERAL (
    SELECT r.topic, substring(r.payload FOR %(bytes)s) AS payload, length(r.payload) AS size
    FROM rejected_message r
    WHERE r.source = heard.source AND r.received_at = heard.last_seen AND r.unknown_devices IS NOT NULL
      AND r.resolved_at IS NULL AND heard.device = ANY(r.unknown_devices[:%(each)s])
    ORDER BY r.id DESC LIMIT 1
) AS newest
ORDER BY heard.last_seen DESC, heard.source, heard.device;

-- name: claims_of
SELECT source, device, thing_id, claimed_at, claimed_by FROM device_claim WHERE thing_id = %(thing_id)s
ORDER BY claimed_at DESC, source, device;
