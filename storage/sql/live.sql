-- name: listen
LISTEN observation_change;

-- name: here
-- why: where a reader that wants only what is new begins
SELECT xid::text AS xid, id FROM observation_change
WHERE xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY observation_change.xid DESC, id DESC LIMIT 1;

-- name: after
-- why: stops before the oldest running transaction, whose change may still commit with a lower position, and behind the
--      batch that makes it so many keys: bounds what a reader holds in memory and works on at once
SELECT xid::text AS xid, id, committed_at, datastream_id, phenomenon_time
FROM (
    SELECT *, sum(cardinality(datastream_id)) OVER (ORDER BY next.xid, id) - cardinality(datastream_id) AS before
    FROM (
        SELECT * FROM observation_change
        WHERE (xid, id) > (%(xid)s::xid8, %(id)s) AND xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY xid, id
        LIMIT %(batches)s
    ) AS next
) AS counted
WHERE before < %(keys)s
ORDER BY counted.xid, id;

-- name: read_cursor
-- why: locked, so that two copies of a reader never work on the same change
SELECT xid::text AS xid, id FROM feed_cursor WHERE reader = %(reader)s FOR UPDATE;

-- name: write_cursor
INSERT INTO feed_cursor (reader, xid, id) VALUES (%(reader)s, %(xid)s::xid8, %(id)s)
ON CONFLICT (reader) DO UPDATE SET (xid, id) = (EXCLUDED.xid, EXCLUDED.id);

-- name: forget
-- why: the feed is for followers, the history is in observation; what a durable reader has not read stays for longer.
--      A cursor without a transaction is no place in the feed but a clock.
DELETE FROM observation_change c
WHERE c.committed_at < %(before)s
  AND (c.committed_at < %(unread_before)s::timestamptz
       OR NOT EXISTS (SELECT FROM feed_cursor f WHERE f.xid > '0' AND (c.xid, c.id) > (f.xid, f.id)));

-- name: behind
-- why: the durable readers whose next change is from before a time
SELECT f.reader, next.committed_at AS since
FROM feed_cursor f
CROSS JOIN LATERAL (
    SELECT c.committed_at FROM observation_change c
    WHERE (c.xid, c.id) > (f.xid, f.id) ORDER BY c.xid, c.id LIMIT 1
) AS next
WHERE f.xid > '0' AND next.committed_at < %(before)s
ORDER BY f.reader;

-- name: lost
-- why: of what times are the values whose change a durable reader will never see
SELECT f.reader, count(*) AS changes, min(k.time) AS first, max(k.time) AS last
FROM feed_cursor f
JOIN observation_change c ON (c.xid, c.id) > (f.xid, f.id)
CROSS JOIN unnest(c.phenomenon_time) AS k (time)
WHERE f.xid > '0' AND c.committed_at < %(unread_before)s
GROUP BY f.reader
ORDER BY f.reader;
