-- name: license
SELECT current_setting('timescaledb.license', true) AS license;

-- name: owners
SELECT d.id, t.domain FROM datastream d JOIN thing t ON t.id = d.thing_id;

-- name: held
-- why: an open alert may be revised from its beginning on
SELECT datastream_id, min(pending_since) AS since FROM alert WHERE state <> 'resolved' GROUP BY datastream_id;

-- name: horizons
SELECT datastream_id, complete_from FROM rollup_horizon;

-- name: newest
-- why: what is known last of a Datastream that fell silent stays; a lateral costs one step in the index of each chunk
SELECT d.id AS datastream_id, o.phenomenon_time AS newest
FROM datastream d
CROSS JOIN LATERAL (
    SELECT phenomenon_time FROM observation o WHERE o.datastream_id = d.id ORDER BY phenomenon_time DESC LIMIT 1
) o;

-- name: chunks
-- why: the oldest first; `partial`: late rows lie beside its compressed ones
SELECT i.chunk_schema AS schema, i.chunk_name AS name, i.range_start AS start, i.range_end AS end,
       i.is_compressed AS compressed, (c.status & 8) <> 0 AS partial
FROM timescaledb_information.chunks i
JOIN _timescaledb_catalog.chunk c ON c.schema_name = i.chunk_schema AND c.table_name = i.chunk_name
WHERE i.hypertable_schema = 'public' AND i.hypertable_name = %(hypertable)s
ORDER BY i.range_start;

-- name: sizes
-- why: bytes of chunks with their indexes and what is compressed of them, and how many rows they have about
SELECT s.chunk_name AS name, s.total_bytes AS bytes, c.reltuples AS rows
FROM chunks_detailed_size(%(hypertable)s::regclass) s
JOIN pg_class c ON c.oid = format('%%I.%%I', s.chunk_schema, s.chunk_name)::regclass;

-- name: behind
-- why: no change that the reader of the rollups has not had yet may touch what is to be deleted; it is asked under the
--      lock of the chunks, so that nobody who writes there is left running
SELECT s.watermark < %(before)s OR s.day_watermark < %(before)s OR s.filled_to < s.watermark
       OR EXISTS (
           SELECT FROM observation_change c
           WHERE (c.xid, c.id) > (COALESCE(f.xid, '0'::xid8), COALESCE(f.id, 0))
             AND EXISTS (SELECT FROM unnest(c.phenomenon_time) AS touched WHERE touched < %(before)s)
       ) AS behind
FROM rollup_state s LEFT JOIN feed_cursor f ON f.reader = %(reader)s;

-- name: days
-- why: whether hours and days of the rollups account for every raw row: as many of each quality, the same extremes
--      and weakest provenance. Below the watermark the views hold what is rolled up, so nothing is compared with itself
WITH hours AS (
    SELECT datastream_id,
           time_bucket('1 hour', phenomenon_time) AS bucket,
           count(*) AS rows,
           count(*) FILTER (WHERE quality = 1) AS good,
           count(*) FILTER (WHERE quality = 2) AS not_evaluated,
           count(*) FILTER (WHERE quality = 3) AS suspect,
           count(*) FILTER (WHERE quality = 4) AS fail,
           count(*) FILTER (WHERE quality = 9) AS missing,
           min(result) FILTER (WHERE quality < 3) AS min,
           max(result) FILTER (WHERE quality < 3) AS max,
           max(GREATEST(provenance, input_provenance)) FILTER (WHERE quality < 4) AS provenance
    FROM observation
    WHERE phenomenon_time >= %(start)s AND phenomenon_time < %(end)s
      AND (%(datastream_ids)s::bigint[] IS NULL OR datastream_id = ANY(%(datastream_ids)s::bigint[]))
    GROUP BY 1, 2
), days AS (
    SELECT h.datastream_id,
           time_bucket('1 day', h.bucket, 'Asia/Ho_Chi_Minh') AS day,
           sum(h.rows)::bigint AS rows,
           ARRAY[sum(h.good), sum(h.not_evaluated), sum(h.suspect), sum(h.fail), sum(h.missing)] AS counts,
           min(h.min) AS min,
           max(h.max) AS max,
           max(h.provenance) AS provenance,
           bool_and(COALESCE((h.good, h.not_evaluated, h.suspect, h.fail, h.missing)
                             = (r.good, r.not_evaluated, r.suspect, r.fail, r.missing), false)
                    AND h.min IS NOT DISTINCT FROM r.min AND h.max IS NOT DISTINCT FROM r.max
                    AND h.provenance IS NOT DISTINCT FROM r.provenance) AS in_hours
    FROM hours h
    LEFT JOIN (SELECT * FROM rollup_hours WHERE bucket >= %(start)s AND bucket < %(end)s) r
           ON r.datastream_id = h.datastream_id AND r.bucket = h.bucket
    GROUP BY 1, 2
)
SELECT d.datastream_id, d.day, d.rows,
       d.in_hours AND d.min IS NOT DISTINCT FROM r.min AND d.max IS NOT DISTINCT FROM r.max
       AND d.provenance IS NOT DISTINCT FROM r.provenance
       AND COALESCE(d.counts = ARRAY[r.good, r.not_evaluated, r.suspect, r.fail, r.missing]::numeric[], false) AS accounted
FROM days d
LEFT JOIN (SELECT * FROM rollup_days WHERE bucket >= %(start)s AND bucket < %(end)s) r
       ON r.datastream_id = d.datastream_id AND r.bucket = d.day
ORDER BY d.datastream_id, d.day;

-- name: wait_at_most
-- why: who writes to an old chunk at this moment goes first; what is left is done the next time
SET LOCAL lock_timeout = '5s';

-- name: lock
-- why: nobody writes to the chunk between the look and the deletion; readers go on
LOCK TABLE {chunk} IN SHARE ROW EXCLUSIVE MODE;

-- name: delete_raw
DELETE FROM observation
WHERE phenomenon_time >= %(start)s AND phenomenon_time < %(end)s AND datastream_id = ANY(%(datastream_ids)s);

-- name: delete_superseded
-- why: what a value replaced goes with it
DELETE FROM observation_superseded
WHERE phenomenon_time >= %(start)s AND phenomenon_time < %(end)s AND datastream_id = ANY(%(datastream_ids)s);

-- name: drop_chunk
SELECT drop_chunks(%(hypertable)s::regclass, older_than => %(end)s::timestamptz, newer_than => %(start)s::timestamptz);

-- name: is_empty
SELECT NOT EXISTS (SELECT FROM {chunk}) AS empty;

-- name: old_hours
-- why: what would go: `freed` are Datastreams whose old raw values would go before
SELECT count(*) AS rows FROM rollup_hour h LEFT JOIN rollup_horizon z ON z.datastream_id = h.datastream_id
WHERE h.bucket >= %(start)s AND h.bucket < %(before)s AND h.datastream_id = ANY(%(datastream_ids)s)
  AND (h.bucket < z.complete_from OR h.datastream_id = ANY(%(freed)s::bigint[]))
  AND (h.bucket < %(days_before)s::timestamptz OR EXISTS (
        SELECT FROM rollup_day d
        WHERE d.datastream_id = h.datastream_id
          AND d.bucket = time_bucket('1 day', h.bucket, 'Asia/Ho_Chi_Minh')));

-- name: delete_hours
-- why: only what is frozen, since else it would be rolled up again, and what a day holds or nobody keeps by days
DELETE FROM rollup_hour h USING rollup_horizon z
WHERE z.datastream_id = h.datastream_id AND h.bucket < z.complete_from
  AND h.bucket >= %(start)s AND h.bucket < %(before)s AND h.datastream_id = ANY(%(datastream_ids)s)
  AND (h.bucket < %(days_before)s::timestamptz OR EXISTS (
        SELECT FROM rollup_day d
        WHERE d.datastream_id = h.datastream_id
          AND d.bucket = time_bucket('1 day', h.bucket, 'Asia/Ho_Chi_Minh')));

-- name: old_days
SELECT count(*) AS rows FROM rollup_day h LEFT JOIN rollup_horizon z ON z.datastream_id = h.datastream_id
WHERE h.bucket >= %(start)s AND h.bucket < %(before)s AND h.datastream_id = ANY(%(datastream_ids)s)
  AND (h.bucket < z.complete_from OR h.datastream_id = ANY(%(freed)s::bigint[]));

-- name: delete_days
DELETE FROM rollup_day h USING rollup_horizon z
WHERE z.datastream_id = h.datastream_id AND h.bucket < z.complete_from
  AND h.bucket >= %(start)s AND h.bucket < %(before)s AND h.datastream_id = ANY(%(datastream_ids)s);

-- name: old_extents
SELECT count(*) AS rows FROM flood_extent f JOIN thing t ON t.id = f.thing_id
WHERE t.domain = %(domain)s AND f.phenomenon_time < %(before)s
  AND EXISTS (SELECT FROM flood_extent n WHERE n.thing_id = f.thing_id AND n.phenomenon_time > f.phenomenon_time);

-- name: delete_extents
-- why: the newest of a Thing stays, however old it is: it is what the map shows
DELETE FROM flood_extent f USING thing t
WHERE t.id = f.thing_id AND t.domain = %(domain)s AND f.phenomenon_time < %(before)s
  AND EXISTS (SELECT FROM flood_extent n WHERE n.thing_id = f.thing_id AND n.phenomenon_time > f.phenomenon_time);

-- name: old_rejections
SELECT count(*) AS rows FROM rejected_message WHERE resolved_at < %(before)s AND received_at < %(before)s;

-- name: delete_rejections
-- why: resolved ones only, some at a time; an open one has never become a value and is all that there is
DELETE FROM rejected_message WHERE id IN (
    SELECT id FROM rejected_message WHERE resolved_at < %(before)s AND received_at < %(before)s LIMIT %(limit)s);

-- name: compression_enabled
SELECT compression_enabled FROM timescaledb_information.hypertables
WHERE hypertable_schema = 'public' AND hypertable_name = 'observation';

-- name: enable_compression
-- why: one Datastream's values lie together in order of time, as charts read them
ALTER TABLE observation SET (timescaledb.compress, timescaledb.compress_segmentby = 'datastream_id',
                             timescaledb.compress_orderby = 'phenomenon_time');

-- name: allow_late_writes
-- why: a batch that comes late may touch more compressed rows than the limit, and an error of that kind would be tried
--      again for ever; it holds for sessions that begin from now on
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0',
                   current_database());
END $$;

-- name: compress
-- why: also what came late into a chunk that is compressed already
SELECT compress_chunk(format('%%I.%%I', %(schema)s::text, %(name)s::text)::regclass, if_not_compressed => true);

-- name: record_run
INSERT INTO job_run (job, started_at, ended_at, succeeded, detail)
VALUES (%(job)s, %(started_at)s, clock_timestamp(), %(succeeded)s, %(detail)s)
ON CONFLICT (job) DO UPDATE SET (started_at, ended_at, succeeded, detail)
    = (EXCLUDED.started_at, EXCLUDED.ended_at, EXCLUDED.succeeded, EXCLUDED.detail);
