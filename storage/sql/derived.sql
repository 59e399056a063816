-- name: progress
-- why: the job's place in the feed, and the time up to which it computed what the clock closes: microseconds since 2000
--      in `id`, so that what closed while nothing ran is found after a restart
SELECT reader, xid::text AS xid, id FROM feed_cursor WHERE reader = ANY(%(readers)s);

-- name: take_turn
-- why: the job and the command that recomputes history must not write over each other's newer answers
SELECT pg_advisory_xact_lock(hashtext('hanoi-ops/derived'));

-- name: stored
SELECT o.*
FROM unnest(%(datastream_ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
     AS asked (datastream_id, start_time, end_time)
CROSS JOIN LATERAL (
    SELECT o.datastream_id, o.phenomenon_time, o.result_time, o.result, o.quality, o.quality_reason,
           o.provenance::text AS provenance, o.input_provenance::text AS input_provenance, o.parameters
    FROM observation o
    WHERE o.datastream_id = asked.datastream_id AND o.phenomenon_time BETWEEN asked.start_time AND asked.end_time
      AND o.phenomenon_time BETWEEN %(first)s AND %(last)s
) AS o;

-- name: complete_from
-- why: retention deleted what is before it
SELECT datastream_id, complete_from FROM rollup_horizon WHERE datastream_id = ANY(%(datastream_ids)s);

-- name: newest
-- why: a step in the index for each, newest chunk first
SELECT max(o.phenomenon_time) AS time
FROM unnest(%(datastream_ids)s::bigint[]) AS asked (datastream_id)
CROSS JOIN LATERAL (
    SELECT phenomenon_time FROM observation o
    WHERE o.datastream_id = asked.datastream_id AND o.phenomenon_time <= %(until)s
    ORDER BY phenomenon_time DESC LIMIT 1
) AS o;
