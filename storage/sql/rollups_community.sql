-- name: create_hours
-- why: the same sums as rollup_hour, for every Datastream; of one that is not circular nobody reads those of vectors
CREATE MATERIALIZED VIEW rollup_hour_continuous
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT datastream_id,
       time_bucket('1 hour', phenomenon_time) AS bucket,
       count(*) FILTER (WHERE quality = 1) AS good,
       count(*) FILTER (WHERE quality = 2) AS not_evaluated,
       count(*) FILTER (WHERE quality = 3) AS suspect,
       count(*) FILTER (WHERE quality = 4) AS fail,
       count(*) FILTER (WHERE quality = 9) AS missing,
       sum(result) FILTER (WHERE quality < 3) AS total,
       min(result) FILTER (WHERE quality < 3) AS min,
       max(result) FILTER (WHERE quality < 3) AS max,
       first(result, phenomenon_time) FILTER (WHERE quality < 3) AS first,
       last(result, phenomenon_time) FILTER (WHERE quality < 3) AS last,
       sum(result) FILTER (WHERE quality = 3) AS total_suspect,
       sum(sind(result)) FILTER (WHERE quality < 3) AS sines,
       sum(cosd(result)) FILTER (WHERE quality < 3) AS cosines,
       sum(sind(result)) FILTER (WHERE quality = 3) AS sines_suspect,
       sum(cosd(result)) FILTER (WHERE quality = 3) AS cosines_suspect,
       max(GREATEST(provenance, input_provenance)) FILTER (WHERE quality < 4) AS provenance
FROM observation
GROUP BY datastream_id, time_bucket('1 hour', phenomenon_time)
WITH NO DATA;

-- name: create_days
-- why: days of Hanoi from the hours
CREATE MATERIALIZED VIEW rollup_day_continuous
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT datastream_id,
       time_bucket('1 day', bucket, 'Asia/Ho_Chi_Minh') AS bucket,
       sum(good) AS good,
       sum(not_evaluated) AS not_evaluated,
       sum(suspect) AS suspect,
       sum(fail) AS fail,
       sum(missing) AS missing,
       sum(total) AS total,
       min(min) AS min,
       max(max) AS max,
       first(first, bucket) FILTER (WHERE first IS NOT NULL) AS first,
       last(last, bucket) FILTER (WHERE last IS NOT NULL) AS last,
       sum(total_suspect) AS total_suspect,
       sum(sines) AS sines,
       sum(cosines) AS cosines,
       sum(sines_suspect) AS sines_suspect,
       sum(cosines_suspect) AS cosines_suspect,
       max(provenance) AS provenance
FROM rollup_hour_continuous
GROUP BY datastream_id, time_bucket('1 day', bucket, 'Asia/Ho_Chi_Minh')
WITH NO DATA;

-- name: put_hours_on_it
-- why: what is frozen stays where no refresh can reach it
CREATE OR REPLACE VIEW rollup_hours AS
SELECT r.datastream_id, r.bucket, r.good, r.not_evaluated, r.suspect, r.fail, r.missing, r.total, r.min, r.max, r.first,
       r.last, r.total_suspect, r.sines, r.cosines, r.sines_suspect, r.cosines_suspect, r.provenance
FROM rollup_hour r
JOIN rollup_horizon z ON z.datastream_id = r.datastream_id AND r.bucket < z.complete_from
UNION ALL
SELECT c.datastream_id, c.bucket, c.good::integer, c.not_evaluated::integer, c.suspect::integer, c.fail::integer,
       c.missing::integer, c.total, c.min, c.max, c.first, c.last, c.total_suspect, c.sines, c.cosines, c.sines_suspect,
       c.cosines_suspect, c.provenance
FROM rollup_hour_continuous c
LEFT JOIN rollup_horizon z ON z.datastream_id = c.datastream_id
WHERE c.bucket >= COALESCE(z.complete_from, '-infinity');

-- name: put_days_on_it
CREATE OR REPLACE VIEW rollup_days AS
SELECT r.datastream_id, r.bucket, r.good, r.not_evaluated, r.suspect, r.fail, r.missing, r.total, r.min, r.max, r.first,
       r.last, r.total_suspect, r.sines, r.cosines, r.sines_suspect, r.cosines_suspect, r.provenance
FROM rollup_day r
JOIN rollup_horizon z ON z.datastream_id = r.datastream_id AND r.bucket < z.complete_from
UNION ALL
SELECT c.datastream_id, c.bucket, c.good::integer, c.not_evaluated::integer, c.suspect::integer, c.fail::integer,
       c.missing::integer, c.total, c.min, c.max, c.first, c.last, c.total_suspect, c.sines, c.cosines, c.sines_suspect,
       c.cosines_suspect, c.provenance
FROM rollup_day_continuous c
LEFT JOIN rollup_horizon z ON z.datastream_id = c.datastream_id
WHERE c.bucket >= COALESCE(z.complete_from, '-infinity');

-- name: keep_frozen_hours
-- why: of an Apache database that is upgraded only what can't be computed anew stays in our own tables
DELETE FROM rollup_hour r WHERE NOT EXISTS (
    SELECT FROM rollup_horizon z WHERE z.datastream_id = r.datastream_id AND r.bucket < z.complete_from);

-- name: keep_frozen_days
DELETE FROM rollup_day r WHERE NOT EXISTS (
    SELECT FROM rollup_horizon z WHERE z.datastream_id = r.datastream_id AND r.bucket < z.complete_from);

-- name: begin_anew
UPDATE rollup_state
SET watermark = '-infinity', day_watermark = '-infinity', filled_to = '-infinity', refreshed_at = '-infinity';

-- name: refresh_hours
CALL refresh_continuous_aggregate('rollup_hour_continuous', %(start)s::timestamptz, %(end)s::timestamptz);

-- name: refresh_days
CALL refresh_continuous_aggregate('rollup_day_continuous', %(start)s::timestamptz, %(end)s::timestamptz);

-- name: hang_net_under_hours
-- why: only behind the first fill: it would lift the watermark over hours that are not rolled up. Never up to the
--      newest hour, which is read raw
SELECT add_continuous_aggregate_policy('rollup_hour_continuous', start_offset => NULL,
                                       end_offset => INTERVAL '3 hours', schedule_interval => INTERVAL '6 hours',
                                       if_not_exists => true);

-- name: hang_net_under_days
SELECT add_continuous_aggregate_policy('rollup_day_continuous', start_offset => NULL,
                                       end_offset => INTERVAL '3 days', schedule_interval => INTERVAL '1 day',
                                       if_not_exists => true);

-- name: freeze_hours
-- why: what the raw values of which will be deleted moves to where no refresh can wipe it
INSERT INTO rollup_hour
SELECT r.datastream_id, r.bucket, r.good, r.not_evaluated, r.suspect, r.fail, r.missing, r.total, r.min, r.max, r.first,
       r.last, r.total_suspect, r.sines, r.cosines, r.sines_suspect, r.cosines_suspect, r.provenance
FROM rollup_hours r LEFT JOIN rollup_horizon z ON z.datastream_id = r.datastream_id
WHERE r.datastream_id = ANY(%(datastream_ids)s) AND r.bucket < %(before)s
  AND r.bucket >= COALESCE(z.complete_from, '-infinity');

-- name: freeze_days
INSERT INTO rollup_day
SELECT r.datastream_id, r.bucket, r.good, r.not_evaluated, r.suspect, r.fail, r.missing, r.total, r.min, r.max, r.first,
       r.last, r.total_suspect, r.sines, r.cosines, r.sines_suspect, r.cosines_suspect, r.provenance
FROM rollup_days r LEFT JOIN rollup_horizon z ON z.datastream_id = r.datastream_id
WHERE r.datastream_id = ANY(%(datastream_ids)s) AND r.bucket < %(before)s
  AND r.bucket >= COALESCE(z.complete_from, '-infinity');
