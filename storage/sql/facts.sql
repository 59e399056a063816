-- name: incomplete
-- why: the worst first; derived values are as complete as what they come from
SELECT datastream_id, thing_id, domain, property, day, expected, received, suspect, fail, missing, share
FROM completeness_1d
WHERE day = %(day)s::date AND NOT derived AND share < %(below)s
ORDER BY share, domain, thing_id, property LIMIT %(limit)s;

-- name: completeness
-- why: by domain, for the whole city
SELECT domain, count(*) AS datastreams, avg(share) AS share, count(*) FILTER (WHERE share = 0) AS silent
FROM completeness_1d
WHERE day = %(day)s::date AND NOT derived
GROUP BY domain ORDER BY domain;

-- name: stuck
SELECT datastream_id, thing_id, domain, property, unit, result, newest_at, since
FROM stuck_datastream ORDER BY since, thing_id, property LIMIT %(limit)s;

-- name: drifting
-- why: of the properties that were asked for; a page needs some days and more than one neighbour to say who drifts
SELECT datastream_id, thing_id, domain, property, unit, day, difference, mean_difference, per_day, days, neighbours
FROM neighbour_drift
WHERE domain = ANY(%(domains)s) AND property = ANY(%(properties)s)
  AND (domain, property) IN (SELECT * FROM unnest(%(domains)s::text[], %(properties)s::text[]))
  AND days >= %(days)s AND neighbours >= %(neighbours)s AND per_day IS NOT NULL;

-- name: skewed
SELECT thing_id, domain, skew_s, measured_at FROM clock_skew
WHERE is_sure AND abs(skew_s) >= %(at_least_s)s AND measured_at >= %(since)s
ORDER BY abs(skew_s) DESC, thing_id LIMIT %(limit)s;

-- name: kept
-- why: what there is of each domain: how many raw values by the rollups (what is frozen has none any more), and the
--      oldest day, hour and raw value
SELECT t.domain,
       COALESCE(sum(r.values_in), 0)::bigint AS raw,
       min(r.oldest_day) AS oldest_day,
       min(h.bucket) AS oldest_hour,
       min(o.phenomenon_time) AS oldest_raw
FROM datastream d
JOIN thing t ON t.id = d.thing_id
LEFT JOIN (
    SELECT r.datastream_id, sum(r.good + r.not_evaluated + r.suspect + r.fail + r.missing)
               FILTER (WHERE r.bucket >= COALESCE(z.complete_from, '-infinity')) AS values_in,
           min(r.bucket) AS oldest_day
    FROM rollup_days r LEFT JOIN rollup_horizon z ON z.datastream_id = r.datastream_id
    GROUP BY r.datastream_id
) r ON r.datastream_id = d.id
LEFT JOIN LATERAL (
    SELECT bucket FROM rollup_hours WHERE datastream_id = d.id ORDER BY bucket LIMIT 1) h ON true
LEFT JOIN LATERAL (
    SELECT phenomenon_time FROM observation WHERE datastream_id = d.id ORDER BY phenomenon_time LIMIT 1) o ON true
GROUP BY t.domain ORDER BY t.domain;

-- name: disk
-- why: bytes of a hypertable with its indexes, and of its chunks that are compressed
SELECT COALESCE(hypertable_size(%(hypertable)s::text::regclass), 0) AS bytes,
       count(*) AS chunks,
       count(*) FILTER (WHERE is_compressed) AS compressed
FROM timescaledb_information.chunks
WHERE hypertable_schema = 'public' AND hypertable_name = %(hypertable)s::text;

-- name: jobs
-- why: what says itself when it ran, and how far the readers of the change feed are
SELECT job, ended_at AS at, succeeded, detail FROM job_run
UNION ALL
SELECT f.reader,
       COALESCE((SELECT min(c.committed_at) FROM observation_change c WHERE (c.xid, c.id) > (f.xid, f.id)), now()),
       true, '{}'::jsonb
FROM feed_cursor f WHERE f.reader = ANY(%(readers)s)
ORDER BY job;

-- name: calendar
-- why: the days of one Datastream by the definition of completeness_1d, which asks the rollups once for each day: here
--      they are read once for all days
WITH stream AS (
    SELECT d.id, GREATEST(d.interval_s, CASE WHEN jsonb_typeof(t.properties -> 'interval_s') = 'number'
                              THEN (t.properties ->> 'interval_s')::double precision::integer END) AS interval_s
    FROM datastream d JOIN thing t ON t.id = d.thing_id
    WHERE d.id = %(datastream_id)s
), rolled AS MATERIALIZED (
    SELECT bucket, count, suspect, fail, missing FROM observation_1d
    WHERE datastream_id = %(datastream_id)s
), heard AS MATERIALIZED (
    SELECT time_bucket('1 day', bucket, 'Asia/Ho_Chi_Minh') AS bucket, count(*) AS hours FROM observation_1h
    WHERE datastream_id = %(datastream_id)s AND count > 0
      AND bucket >= %(first)s::date::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'
    GROUP BY 1
)
SELECT days.day::date AS day,
       expected.values_in AS expected,
       COALESCE(r.count, 0) AS received,
       COALESCE(r.suspect, 0) AS suspect,
       COALESCE(r.fail, 0) AS fail,
       COALESCE(r.missing, 0) AS missing,
       CASE WHEN s.interval_s > 86400
            THEN LEAST(1, COALESCE((SELECT sum(p.count) FROM rolled p
                                    WHERE p.bucket <= bounds.start
                                      AND p.bucket > bounds.start - make_interval(secs => s.interval_s)), 0))::double precision
            ELSE LEAST(1, COALESCE(r.count, 0)::double precision / expected.values_in,
                       CASE WHEN s.interval_s <= 1800 THEN h.hours / 24.0 END)
       END AS share
FROM stream s
CROSS JOIN LATERAL (SELECT min(bucket) AS day FROM rolled) AS begun
CROSS JOIN LATERAL generate_series(
    GREATEST((begun.day AT TIME ZONE 'Asia/Ho_Chi_Minh') + INTERVAL '1 day', %(first)s::date::timestamp),
    %(last)s::date::timestamp, INTERVAL '1 day') AS days (day)
CROSS JOIN LATERAL (SELECT days.day AT TIME ZONE 'Asia/Ho_Chi_Minh' AS start) AS bounds
CROSS JOIN LATERAL (SELECT GREATEST(1, 86400 / s.interval_s) AS values_in) AS expected
LEFT JOIN rolled r ON r.bucket = bounds.start
LEFT JOIN heard h ON h.bucket = bounds.start
WHERE begun.day IS NOT NULL
ORDER BY days.day;
