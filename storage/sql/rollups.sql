-- name: edition
SELECT current_setting('timescaledb.license', true) AS license, to_regclass('public.rollup_state') IS NOT NULL AS ours,
       to_regclass('public.rollup_hour_continuous') IS NOT NULL AS continuous;

-- name: state
-- why: a driver has no words for infinity
SELECT NULLIF(watermark, '-infinity') AS watermark, NULLIF(day_watermark, '-infinity') AS day_watermark,
       NULLIF(filled_to, '-infinity') AS filled_to, NULLIF(refreshed_at, '-infinity') AS refreshed_at, left_out
FROM rollup_state;

-- name: read_cursor
-- why: where the reader stands; its own run is under an advisory lock
SELECT xid::text AS xid, id FROM feed_cursor WHERE reader = 'rollup';

-- name: next_part
-- why: where the next transaction ends: as many batches as it can hold, one at least; nothing from beyond the oldest
--      running transaction, whose change may still commit with a lower position
SELECT xid::text AS xid, id
FROM (
    SELECT xid, id, sum(keys) OVER (ORDER BY xid, id) - keys AS before
    FROM (
        SELECT xid, id, cardinality(datastream_id) AS keys FROM observation_change
        WHERE (xid, id) > (%(xid)s::xid8, %(id)s) AND xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY xid, id LIMIT %(batches)s
    ) AS batch
) AS counted
WHERE before = 0 OR before < %(keys)s
ORDER BY counted.xid DESC, id DESC LIMIT 1;

-- name: touched
-- why: the hours that a part of the feed touches; whoever reads the newest hours reads them raw
SELECT k.datastream_id, time_bucket('1 hour', k.phenomenon_time) AS bucket, count(*) AS changes,
       COALESCE(time_bucket('1 hour', k.phenomenon_time) < z.complete_from, false) AS frozen
FROM observation_change c
CROSS JOIN unnest(c.datastream_id, c.phenomenon_time) AS k (datastream_id, phenomenon_time)
LEFT JOIN rollup_horizon z ON z.datastream_id = k.datastream_id
WHERE (c.xid, c.id) > (%(xid)s::xid8, %(id)s) AND (c.xid, c.id) <= (%(to_xid)s::xid8, %(to_id)s)
  AND k.phenomenon_time < (SELECT watermark FROM rollup_state)
GROUP BY 1, 2, 4
ORDER BY 1, 2;

-- name: count_left_out
UPDATE rollup_state SET left_out = left_out + %(changes)s;

-- name: whole_city
-- why: every Datastream with the part of a span that is not frozen
SELECT d.id AS datastream_id, GREATEST(%(start)s, COALESCE(z.complete_from, %(start)s)) AS span_start
FROM datastream d LEFT JOIN rollup_horizon z ON z.datastream_id = d.id
WHERE COALESCE(z.complete_from, %(start)s) < %(end)s
ORDER BY d.id;

-- name: clear_hours
DELETE FROM rollup_hour r
USING unnest(%(datastream_ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
      AS s (datastream_id, span_start, span_end)
WHERE r.datastream_id = s.datastream_id AND r.bucket >= s.span_start AND r.bucket < s.span_end
  AND r.bucket >= %(first)s AND r.bucket < %(end)s;

-- name: fill_hours
-- why: the hours of some spans from their raw values; the outer bounds let the planner leave out chunks
INSERT INTO rollup_hour (datastream_id, bucket, good, not_evaluated, suspect, fail, missing, total, min, max, first,
                         last, total_suspect, sines, cosines, sines_suspect, cosines_suspect, provenance)
SELECT s.datastream_id, h.*
FROM unnest(%(datastream_ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
     AS s (datastream_id, span_start, span_end)
JOIN datastream d ON d.id = s.datastream_id
CROSS JOIN LATERAL (
    SELECT time_bucket('1 hour', o.phenomenon_time),
           count(*) FILTER (WHERE o.quality = 1),
           count(*) FILTER (WHERE o.quality = 2),
           count(*) FILTER (WHERE o.quality = 3),
           count(*) FILTER (WHERE o.quality = 4),
           count(*) FILTER (WHERE o.quality = 9),
           sum(o.result) FILTER (WHERE o.quality < 3),
           min(o.result) FILTER (WHERE o.quality < 3),
           max(o.result) FILTER (WHERE o.quality < 3),
           first(o.result, o.phenomenon_time) FILTER (WHERE o.quality < 3),
           last(o.result, o.phenomenon_time) FILTER (WHERE o.quality < 3),
           sum(o.result) FILTER (WHERE o.quality = 3),
           sum(sind(o.result)) FILTER (WHERE d.circular AND o.quality < 3),
           sum(cosd(o.result)) FILTER (WHERE d.circular AND o.quality < 3),
           sum(sind(o.result)) FILTER (WHERE d.circular AND o.quality = 3),
           sum(cosd(o.result)) FILTER (WHERE d.circular AND o.quality = 3),
           max(GREATEST(o.provenance, o.input_provenance)) FILTER (WHERE o.quality < 4)
    FROM observation o
    WHERE o.datastream_id = s.datastream_id
      AND o.phenomenon_time >= s.span_start AND o.phenomenon_time < s.span_end
      AND o.phenomenon_time >= %(first)s AND o.phenomenon_time < %(end)s
    GROUP BY 1
) AS h;

-- name: clear_days
DELETE FROM rollup_day r
USING unnest(%(datastream_ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
      AS s (datastream_id, span_start, span_end)
WHERE r.datastream_id = s.datastream_id AND r.bucket >= s.span_start AND r.bucket < s.span_end
  AND r.bucket >= %(first)s AND r.bucket < %(end)s;

-- name: fill_days
INSERT INTO rollup_day (datastream_id, bucket, good, not_evaluated, suspect, fail, missing, total, min, max, first,
                        last, total_suspect, sines, cosines, sines_suspect, cosines_suspect, provenance)
SELECT s.datastream_id, h.*
FROM unnest(%(datastream_ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
     AS s (datastream_id, span_start, span_end)
CROSS JOIN LATERAL (
    SELECT time_bucket('1 day', r.bucket, 'Asia/Ho_Chi_Minh'),
           sum(r.good), sum(r.not_evaluated), sum(r.suspect), sum(r.fail), sum(r.missing),
           sum(r.total), min(r.min), max(r.max),
           first(r.first, r.bucket) FILTER (WHERE r.first IS NOT NULL),
           last(r.last, r.bucket) FILTER (WHERE r.last IS NOT NULL),
           sum(r.total_suspect), sum(r.sines), sum(r.cosines), sum(r.sines_suspect), sum(r.cosines_suspect),
           max(r.provenance)
    FROM rollup_hour r
    WHERE r.datastream_id = s.datastream_id AND r.bucket >= s.span_start AND r.bucket < s.span_end
      AND r.bucket >= %(first)s AND r.bucket < %(end)s
    GROUP BY 1
) AS h;

-- name: next_chunk
-- why: from where on there can be raw values; the chunks know it without looking at a row
SELECT min(range_start) AS starts FROM timescaledb_information.chunks
WHERE hypertable_schema = 'public' AND hypertable_name = 'observation'
  AND range_end > COALESCE(%(start)s::timestamptz, '-infinity');

-- name: begin_to_fill
-- why: the version is another one when somebody has had hours filled anew meanwhile
SELECT NULLIF(filled_to, '-infinity') AS filled_to, xmin::text AS version FROM rollup_state;

-- name: filled
-- why: the watermarks only rise, what is filled anew below them does not take anything away meanwhile; not when a
--      restore committed while the hours were read: then they are read again
UPDATE rollup_state
SET filled_to = %(filled_to)s,
    watermark = GREATEST(watermark, %(filled_to)s),
    day_watermark = GREATEST(day_watermark, %(days_filled_to)s)
WHERE xmin::text = %(version)s;

-- name: fill_anew
UPDATE rollup_state SET filled_to = LEAST(filled_to, COALESCE(%(start)s::timestamptz, '-infinity'));

-- name: begun_anew
-- why: what the feed has lost lies before now and is being filled; without this every call would begin it once more
UPDATE rollup_state SET refreshed_at = %(now)s;

-- name: reached_end
UPDATE rollup_state SET refreshed_at = %(now)s WHERE refreshed_at < %(now)s - INTERVAL '10 minutes';

-- name: caught_up
-- why: an empty feed has been read to its end, but a reader that never ran has read nothing
SELECT filled_to >= watermark AND isfinite(watermark) AND NOT EXISTS (
    SELECT FROM observation_change
    WHERE (xid, id) > (COALESCE((SELECT xid FROM feed_cursor WHERE reader = 'rollup'), '0'),
                       COALESCE((SELECT id FROM feed_cursor WHERE reader = 'rollup'), 0))
) AS caught_up
FROM rollup_state;

-- name: verify
-- why: what may not be deleted: hours and days that do not account for all of their raw values, and those that are not
--      rolled up at all yet
WITH raw AS (
    SELECT datastream_id, time_bucket('1 hour', phenomenon_time) AS hour, count(*) AS rows
    FROM observation WHERE phenomenon_time >= %(start)s AND phenomenon_time < %(end)s
    GROUP BY 1, 2
), hours AS (
    SELECT raw.datastream_id, 'hour' AS step, raw.hour AS bucket, raw.rows AS raw,
           CASE WHEN raw.hour < s.watermark THEN r.good + r.not_evaluated + r.suspect + r.fail + r.missing END AS rolled_up
    FROM raw CROSS JOIN rollup_state s
    LEFT JOIN rollup_hours r ON r.datastream_id = raw.datastream_id AND r.bucket = raw.hour
         AND r.bucket >= %(start)s AND r.bucket < %(end)s
), days AS (
    SELECT raw.datastream_id, 'day' AS step, raw.day AS bucket, raw.rows AS raw,
           CASE WHEN raw.day < s.day_watermark
                THEN r.good + r.not_evaluated + r.suspect + r.fail + r.missing END AS rolled_up
    FROM (
        SELECT datastream_id, time_bucket('1 day', hour, 'Asia/Ho_Chi_Minh') AS day, sum(rows) AS rows
        FROM raw GROUP BY 1, 2
    ) AS raw CROSS JOIN rollup_state s
    LEFT JOIN rollup_days r ON r.datastream_id = raw.datastream_id AND r.bucket = raw.day
         AND r.bucket >= %(start)s AND r.bucket < %(end)s
)
SELECT b.datastream_id, b.step, b.bucket, b.raw::bigint AS raw, COALESCE(b.rolled_up, 0)::bigint AS rolled_up,
       COALESCE(b.bucket < z.complete_from, false) AS frozen
FROM (SELECT * FROM hours UNION ALL SELECT * FROM days) AS b
LEFT JOIN rollup_horizon z ON z.datastream_id = b.datastream_id
WHERE b.rolled_up IS DISTINCT FROM b.raw
ORDER BY b.bucket, b.datastream_id, b.step;

-- name: set_horizon
INSERT INTO rollup_horizon (datastream_id, complete_from)
SELECT id, %(before)s FROM unnest(%(datastream_ids)s::bigint[]) AS id
ON CONFLICT (datastream_id) DO UPDATE SET complete_from = GREATEST(rollup_horizon.complete_from, EXCLUDED.complete_from);
