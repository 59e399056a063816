-- name: rolled
-- why: days of many Datastreams from the rollups
SELECT o.datastream_id, (o.bucket AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day, o.count, o.mean, o.min, o.max, o.coverage,
       o.provenance::text AS provenance
FROM observation_1d o
WHERE o.datastream_id = ANY(%(datastream_ids)s) AND o.bucket >= %(start)s AND o.bucket < %(end)s AND o.count > 0
ORDER BY o.datastream_id, o.bucket;

-- name: at_ends
-- why: what is derived for a day carries the time of its end; one step in an index for each
SELECT o.datastream_id, (k.day_end AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - 1 AS day, o.result, o.quality,
       COALESCE(o.input_provenance, o.provenance)::text AS provenance, COALESCE(o.parameters, '{}') AS parameters
FROM unnest(%(day_ends)s::timestamptz[]) AS k (day_end)
JOIN observation o ON o.phenomenon_time = k.day_end
WHERE o.datastream_id = ANY(%(datastream_ids)s) AND o.quality < 4
  AND o.phenomenon_time > %(start)s AND o.phenomenon_time <= %(end)s
ORDER BY o.datastream_id, day;

-- name: above
-- why: in how many reports of a day a value reached a limit; a report is of the time before it, so 24:00 belongs to the day
SELECT o.datastream_id, ((o.phenomenon_time - INTERVAL '1 microsecond') AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day,
       count(*) AS count, max(o.result) AS max
FROM observation o
WHERE o.datastream_id = ANY(%(datastream_ids)s) AND o.phenomenon_time > %(start)s AND o.phenomenon_time <= %(end)s
  AND o.result >= %(limit)s AND o.quality < 4
GROUP BY 1, 2
ORDER BY 1, 2;

-- name: coverage
-- why: how much of what is measured came, by domain; samples of a laboratory have no day
SELECT t.domain, count(*) AS datastreams, avg(LEAST(1, s.share)) AS share, count(*) FILTER (WHERE s.share = 0) AS silent
FROM datastream d
JOIN thing t ON t.id = d.thing_id
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(LEAST(1, o.coverage)), 0) / %(days)s AS share
    FROM observation_1d o WHERE o.datastream_id = d.id AND o.bucket >= %(start)s AND o.bucket < %(end)s
) AS s
WHERE NOT d.derived AND d.interval_s <= 86400 AND d.id = ANY(%(datastream_ids)s)
GROUP BY t.domain ORDER BY t.domain;
