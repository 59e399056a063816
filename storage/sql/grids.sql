-- name: raw
-- why: the values of several Datastreams of a short span; the limit says that they are too many for a chart
SELECT datastream_id, phenomenon_time AS at, result AS mean, result AS min, result AS max,
       CASE WHEN quality < 3 THEN 1 ELSE 0 END AS count, CASE WHEN quality = 3 THEN 1 ELSE 0 END AS suspect,
       CASE WHEN quality >= 4 THEN 1 ELSE 0 END AS fail, GREATEST(provenance, input_provenance) AS provenance
FROM observation
WHERE datastream_id = ANY (%(datastream_ids)s) AND phenomenon_time >= %(start)s AND phenomenon_time < %(end)s
ORDER BY datastream_id, phenomenon_time
LIMIT %(limit)s;

-- name: hours
SELECT datastream_id, bucket AS at, mean, min, max, count, suspect, fail, provenance
FROM observation_1h
WHERE datastream_id = ANY (%(datastream_ids)s) AND bucket >= %(start)s AND bucket < %(end)s AND count > 0
ORDER BY datastream_id, bucket;

-- name: days
SELECT datastream_id, bucket AS at, mean, min, max, count, suspect, fail, provenance
FROM observation_1d
WHERE datastream_id = ANY (%(datastream_ids)s) AND bucket >= %(start)s AND bucket < %(end)s AND count > 0
ORDER BY datastream_id, bucket;

-- name: above
-- why: what exceeded a limit, with what it was made of; the newest first, so that a limit leaves out the oldest
SELECT o.datastream_id, o.phenomenon_time, o.result_time, o.result, o.quality, o.quality_reason, o.provenance,
       o.input_provenance, o.parameters
FROM unnest(%(datastream_ids)s::bigint[]) AS d (id)
CROSS JOIN LATERAL (
    SELECT datastream_id, phenomenon_time, result_time, result, quality, quality_reason, provenance, input_provenance,
           parameters
    FROM observation
    WHERE datastream_id = d.id AND phenomenon_time >= %(start)s AND phenomenon_time < %(end)s
      AND result > %(limit)s AND quality < 3
    ORDER BY phenomenon_time DESC LIMIT %(most)s
) o;

-- name: newest_before
-- why: the newest usable value of each Datastream with what it was made of, no older than a span
SELECT o.*
FROM unnest(%(datastream_ids)s::bigint[]) AS d (id)
CROSS JOIN LATERAL (
    SELECT datastream_id, phenomenon_time, result_time, result, quality, quality_reason, provenance, input_provenance,
           parameters
    FROM observation
    WHERE datastream_id = d.id AND phenomenon_time > %(after)s AND phenomenon_time <= %(before)s AND quality < 3
    ORDER BY phenomenon_time DESC LIMIT 1
) o;

-- name: lowest_of_days
-- why: the lowest value of each day of Hanoi, the hour that had it, and in how many hours it was below each of some limits;
--      from hours, which are few even in a year
SELECT datastream_id, time_bucket('1 day', bucket, 'Asia/Ho_Chi_Minh') AS day, min(min) AS lowest,
       first(bucket, ROW(min, bucket)) AS hour,
       ARRAY(SELECT (SELECT count(*) FROM unnest(array_agg(h.min)) AS low WHERE low < wanted)
             FROM unnest(%(limits)s::double precision[]) WITH ORDINALITY AS l (wanted, n) ORDER BY n) AS hours_below
FROM observation_1h h
WHERE datastream_id = ANY (%(datastream_ids)s) AND bucket >= %(start)s AND bucket < %(end)s AND count > 0
GROUP BY datastream_id, time_bucket('1 day', bucket, 'Asia/Ho_Chi_Minh')
ORDER BY datastream_id, day;
