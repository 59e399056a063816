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
-- why: the feed is for followers, the history is in observation
DELETE FROM observation_change WHERE committed_at < %(before)s;
