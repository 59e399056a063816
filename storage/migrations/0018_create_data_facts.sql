-- Facts about the data itself, as views: is it complete, does a sensor stand still, does it drift away from its
-- neighbours, is a clock off. They read rollups, not raw values, and are for people with the role hanoi_operator.

DO $$
BEGIN
    CREATE ROLE hanoi_operator NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- roles belong to the server: another database's migration made it
END $$;

-- One row a Datastream and day of Hanoi that is over, from the day after its first value on; days without a value too.
-- `share` is the worse of two: values of those expected, and, where a value is due at least twice an hour, hours with a
-- value. So a burst of changes does not hide silent hours. What is due less than daily (a laboratory's samples) is
-- whole as long as a value came within its interval. Suspect, failed and missing values are counted apart.
CREATE VIEW completeness_1d AS
SELECT s.id AS datastream_id,
       s.thing_id,
       s.domain,
       s.property,
       s.derived,
       days.day::date AS day,
       expected.values_in AS expected,
       COALESCE(o.count, 0) AS received,
       COALESCE(o.suspect, 0) AS suspect,
       COALESCE(o.fail, 0) AS fail,
       COALESCE(o.missing, 0) AS missing,
       CASE WHEN s.interval_s > 86400
            THEN LEAST(1, COALESCE((SELECT sum(p.count) FROM observation_1d p
                                    WHERE p.datastream_id = s.id AND p.bucket <= bounds.start
                                      AND p.bucket > bounds.start - make_interval(secs => s.interval_s)), 0))::double precision
            ELSE LEAST(1, COALESCE(o.count, 0)::double precision / expected.values_in, hours.heard / 24.0)
       END AS share
FROM (
    SELECT d.id, d.thing_id, t.domain, d.property, d.derived,
           GREATEST(d.interval_s, CASE WHEN jsonb_typeof(t.properties -> 'interval_s') = 'number'
                                       THEN (t.properties ->> 'interval_s')::double precision::integer END) AS interval_s
    FROM datastream d JOIN thing t ON t.id = d.thing_id
) AS s
CROSS JOIN LATERAL (SELECT min(f.bucket) AS day FROM observation_1d f WHERE f.datastream_id = s.id) AS first
CROSS JOIN LATERAL generate_series(
    (first.day AT TIME ZONE 'Asia/Ho_Chi_Minh') + INTERVAL '1 day',
    date_trunc('day', now() AT TIME ZONE 'Asia/Ho_Chi_Minh') - INTERVAL '1 day', INTERVAL '1 day') AS days (day)
CROSS JOIN LATERAL (SELECT days.day AT TIME ZONE 'Asia/Ho_Chi_Minh' AS start) AS bounds
CROSS JOIN LATERAL (SELECT GREATEST(1, 86400 / s.interval_s) AS values_in) AS expected
LEFT JOIN observation_1d o ON o.datastream_id = s.id AND o.bucket = bounds.start
LEFT JOIN LATERAL (
    SELECT NULLIF(count(*), 0) AS heard FROM observation_1h h
    WHERE s.interval_s <= 1800 AND h.datastream_id = s.id AND h.count > 0
      AND h.bucket >= bounds.start AND h.bucket < bounds.start + INTERVAL '1 day'
) AS hours ON true;
COMMENT ON COLUMN completeness_1d.received IS 'Good and not evaluated values';
COMMENT ON COLUMN completeness_1d.share IS '0 to 1';

-- Datastreams whose newest value of the last week stands still: what the stuck check says (docs/ingest.md). `since` is
-- the first of the values that are the same, at most 60 days back.
CREATE VIEW stuck_datastream AS
SELECT d.id AS datastream_id,
       d.thing_id,
       t.domain,
       d.property,
       d.unit,
       newest.result,
       newest.phenomenon_time AS newest_at,
       (SELECT min(o.phenomenon_time) FROM observation o
        WHERE o.datastream_id = d.id AND o.phenomenon_time <= newest.phenomenon_time
          AND o.phenomenon_time > GREATEST(newest.phenomenon_time - INTERVAL '60 days', (
                SELECT max(p.phenomenon_time) FROM observation p
                WHERE p.datastream_id = d.id AND p.phenomenon_time < newest.phenomenon_time
                  AND p.phenomenon_time > newest.phenomenon_time - INTERVAL '60 days'
                  AND p.quality_reason IS DISTINCT FROM 'stuck' AND p.result <> newest.result))) AS since
FROM datastream d
JOIN thing t ON t.id = d.thing_id
CROSS JOIN LATERAL (
    SELECT o.phenomenon_time, o.result, o.quality_reason FROM observation o
    WHERE o.datastream_id = d.id AND o.phenomenon_time > now() - INTERVAL '7 days'
    ORDER BY o.phenomenon_time DESC LIMIT 1
) AS newest
WHERE NOT d.derived AND newest.quality_reason = 'stuck';

-- Things of the same domain within 5 km, or parts of the same Thing.
CREATE VIEW thing_neighbour AS
SELECT t.id AS thing_id, n.id AS neighbour_id
FROM thing t
JOIN thing n ON n.domain = t.domain AND n.id <> t.id
WHERE t.parent_id = n.parent_id
   OR (abs(t.lat - n.lat) < 0.05
       AND 2 * 6371 * asin(sqrt(LEAST(1, sind((n.lat - t.lat) / 2) ^ 2
                                        + cosd(t.lat) * cosd(n.lat) * sind((n.lon - t.lon) / 2) ^ 2))) <= 5);

-- How far a day's mean lies from the median of its neighbours' means: of the last 30 days that are over, those over at
-- least half of which there are values; properties that are no direction. One row a Datastream and day that has a
-- neighbour. The means are put together once: a look into the rollups for each neighbour costs a hundred times as much.
CREATE VIEW neighbour_difference AS
WITH means AS MATERIALIZED (
    SELECT d.id AS datastream_id, d.thing_id, t.domain, d.property, d.unit, o.bucket, o.mean
    FROM observation_1d o
    JOIN datastream d ON d.id = o.datastream_id
    JOIN thing t ON t.id = d.thing_id
    WHERE NOT d.derived AND NOT d.circular AND o.coverage >= 0.5 AND o.mean IS NOT NULL
      AND o.bucket < date_trunc('day', now() AT TIME ZONE 'Asia/Ho_Chi_Minh') AT TIME ZONE 'Asia/Ho_Chi_Minh'
      AND o.bucket >= (date_trunc('day', now() AT TIME ZONE 'Asia/Ho_Chi_Minh') - INTERVAL '30 days')
                      AT TIME ZONE 'Asia/Ho_Chi_Minh'
), pairs AS MATERIALIZED (
    SELECT thing_id, neighbour_id FROM thing_neighbour
)
SELECT m.datastream_id, m.thing_id, m.domain, m.property, m.unit, m.bucket,
       (m.bucket AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day,
       m.mean,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY p.mean) AS median,
       count(*) AS neighbours,
       m.mean - percentile_cont(0.5) WITHIN GROUP (ORDER BY p.mean) AS difference
FROM means m
JOIN pairs b ON b.thing_id = m.thing_id
JOIN means p ON p.thing_id = b.neighbour_id AND p.property = m.property AND p.bucket = m.bucket
GROUP BY m.datastream_id, m.thing_id, m.domain, m.property, m.unit, m.bucket, m.mean;

-- The difference of the last 14 days that are over and how it changes: `per_day` is the slope of the regression line
-- over the days that there are (`days`), in the unit a day.
CREATE VIEW neighbour_drift AS
SELECT x.datastream_id, x.thing_id, x.domain, x.property, x.unit,
       max(x.day) AS day,
       last(x.difference, x.bucket) AS difference,
       avg(x.difference) AS mean_difference,
       regr_slope(x.difference, x.day - DATE '2000-01-01') AS per_day,
       count(*) AS days,
       min(x.neighbours) AS neighbours
FROM neighbour_difference x
WHERE x.day >= (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - 14
GROUP BY x.datastream_id, x.thing_id, x.domain, x.property, x.unit;

-- Clocks as thing_clock has them. `is_sure`: nothing makes a value arrive before its time but a clock that is ahead; one
-- that seems behind is so where the same delay was seen again (storage/clocks.py).
CREATE VIEW clock_skew AS
SELECT c.thing_id, t.domain, c.skew_s, c.measured_at,
       c.skew_s < 0 OR c.repeated OR COALESCE(abs(c.this_hour_s - c.hour_before_s) <= 30, false) AS is_sure
FROM thing_clock c JOIN thing t ON t.id = c.thing_id;

GRANT SELECT ON completeness_1d, stuck_datastream, thing_neighbour, neighbour_difference, neighbour_drift, clock_skew
    TO hanoi_operator;
