-- Rollups that last: sums of hours and days, kept by the reader `rollup` of the change feed (storage/rollups.py), and the
-- contract's views over them. What the sums come from is the matter of rollup_hours and rollup_days, which
-- hanoi-migrate puts on continuous aggregates where the licence has them (storage/sql/rollups_community.sql).

DROP VIEW public_view.observation_1h, public_view.observation_1d;
DROP VIEW observation_1h, observation_1d;

-- Sums and no means, so that a day is made of its hours. `total` and what follows are of good and not evaluated
-- values; only the columns named so are of suspect ones; fail and missing are only counted. The sums of directions as
-- vectors are empty where the Datastream is not circular. `provenance` is the weakest of the good, not evaluated and
-- suspect values, where a derived one counts as its inputs: the enum's order is from the strongest to the weakest. In
-- the community edition only what is frozen is here.
CREATE TABLE rollup_hour (
    datastream_id bigint NOT NULL,
    bucket        timestamptz NOT NULL,
    good          integer NOT NULL,
    not_evaluated integer NOT NULL,
    suspect       integer NOT NULL,
    fail          integer NOT NULL,
    missing       integer NOT NULL,
    total         double precision,
    min           double precision,
    max           double precision,
    first         double precision,
    last          double precision,
    total_suspect double precision,
    sines         double precision,
    cosines       double precision,
    sines_suspect double precision,
    cosines_suspect double precision,
    provenance    provenance,
    PRIMARY KEY (datastream_id, bucket)
);
CREATE TABLE rollup_day (LIKE rollup_hour INCLUDING ALL);
SELECT create_hypertable('rollup_hour', by_range('bucket', INTERVAL '28 days'), create_default_indexes => false);
SELECT create_hypertable('rollup_day', by_range('bucket', INTERVAL '364 days'), create_default_indexes => false);

CREATE TABLE rollup_state (
    one           boolean PRIMARY KEY DEFAULT true CHECK (one),
    watermark     timestamptz NOT NULL DEFAULT '-infinity',
    day_watermark timestamptz NOT NULL DEFAULT '-infinity',
    filled_to     timestamptz NOT NULL DEFAULT '-infinity',
    refreshed_at  timestamptz NOT NULL DEFAULT '-infinity',
    left_out      bigint NOT NULL DEFAULT 0
);
COMMENT ON COLUMN rollup_state.watermark IS 'Hours that begin before it are rolled up, what is later is read raw';
COMMENT ON COLUMN rollup_state.day_watermark IS 'Days that begin before it are rolled up, what is later is read from hours';
COMMENT ON COLUMN rollup_state.filled_to IS 'Below the watermark: everything is rolled up anew, and this far it has come';
COMMENT ON COLUMN rollup_state.refreshed_at IS 'When the end of the change feed was last reached; within ten minutes';
COMMENT ON COLUMN rollup_state.left_out IS 'Changes that came too late: their bucket was frozen';
INSERT INTO rollup_state DEFAULT VALUES;

-- From when on a Datastream's raw values are complete. What begins before is frozen: nobody computes it anew, since
-- the raw values it was made of were deleted.
CREATE TABLE rollup_horizon (
    datastream_id bigint PRIMARY KEY,
    complete_from timestamptz NOT NULL
);

-- Around the circle a mean is the direction of the sum of the vectors; opposite ones cancel out and have none.
CREATE FUNCTION rollup_mean(total double precision, values_in integer, sines double precision, cosines double precision,
                            circular boolean)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN values_in = 0 THEN NULL
        WHEN NOT circular THEN total / values_in
        WHEN sqrt(sines * sines + cosines * cosines) < 1e-9 * values_in THEN NULL
        WHEN atan2d(sines, cosines) < 0 THEN atan2d(sines, cosines) + 360
        ELSE atan2d(sines, cosines)
    END
$$;

-- Share of the expected reports, 0 to 1; of a bucket that is not over only its elapsed part is expected.
CREATE FUNCTION rollup_coverage(values_in integer, bucket timestamptz, width interval, interval_s integer,
                                at timestamptz)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT LEAST(1, values_in / GREATEST(1, extract(epoch FROM LEAST(width, at - bucket))::float8 / interval_s))
$$;

-- The watermarks as they were when a query was planned, so that the planner leaves out every chunk that is older: it
-- would plan a year of them otherwise. IMMUTABLE is not true of them, but safe: a watermark only rises, so one of a plan
-- that was made earlier is lower and leaves out less. What is read is bounded by the true one beside it.
CREATE FUNCTION rollup_watermark_then() RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog AS $$ SELECT watermark FROM public.rollup_state $$;
CREATE FUNCTION rollup_day_watermark_then() RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog AS $$ SELECT day_watermark FROM public.rollup_state $$;

CREATE VIEW rollup_hours AS
SELECT datastream_id, bucket, good, not_evaluated, suspect, fail, missing, total, min, max, first, last, total_suspect,
       sines, cosines, sines_suspect, cosines_suspect, provenance
FROM rollup_hour
WHERE bucket < (SELECT watermark FROM rollup_state)
UNION ALL
SELECT datastream_id,
       time_bucket('1 hour', phenomenon_time),
       (count(*) FILTER (WHERE quality = 1))::integer,
       (count(*) FILTER (WHERE quality = 2))::integer,
       (count(*) FILTER (WHERE quality = 3))::integer,
       (count(*) FILTER (WHERE quality = 4))::integer,
       (count(*) FILTER (WHERE quality = 9))::integer,
       sum(result) FILTER (WHERE quality < 3),
       min(result) FILTER (WHERE quality < 3),
       max(result) FILTER (WHERE quality < 3),
       first(result, phenomenon_time) FILTER (WHERE quality < 3),
       last(result, phenomenon_time) FILTER (WHERE quality < 3),
       sum(result) FILTER (WHERE quality = 3),
       sum(sind(result)) FILTER (WHERE quality < 3),
       sum(cosd(result)) FILTER (WHERE quality < 3),
       sum(sind(result)) FILTER (WHERE quality = 3),
       sum(cosd(result)) FILTER (WHERE quality = 3),
       max(GREATEST(provenance, input_provenance)) FILTER (WHERE quality < 4)
FROM observation
WHERE phenomenon_time >= (SELECT watermark FROM rollup_state) AND phenomenon_time >= rollup_watermark_then()
GROUP BY datastream_id, time_bucket('1 hour', phenomenon_time);

CREATE VIEW rollup_days AS
SELECT datastream_id, bucket, good, not_evaluated, suspect, fail, missing, total, min, max, first, last, total_suspect,
       sines, cosines, sines_suspect, cosines_suspect, provenance
FROM rollup_day
WHERE bucket < (SELECT day_watermark FROM rollup_state)
UNION ALL
SELECT datastream_id,
       time_bucket('1 day', bucket, 'Asia/Ho_Chi_Minh'),
       sum(good)::integer,
       sum(not_evaluated)::integer,
       sum(suspect)::integer,
       sum(fail)::integer,
       sum(missing)::integer,
       sum(total),
       min(min),
       max(max),
       first(first, bucket) FILTER (WHERE first IS NOT NULL),
       last(last, bucket) FILTER (WHERE last IS NOT NULL),
       sum(total_suspect),
       sum(sines),
       sum(cosines),
       sum(sines_suspect),
       sum(cosines_suspect),
       max(provenance)
FROM rollup_hours
WHERE bucket >= (SELECT day_watermark FROM rollup_state) AND bucket >= rollup_day_watermark_then()
GROUP BY datastream_id, time_bucket('1 day', bucket, 'Asia/Ho_Chi_Minh');

CREATE VIEW observation_1h AS
SELECT r.datastream_id,
       r.bucket,
       r.good + r.not_evaluated AS count,
       rollup_mean(r.total, r.good + r.not_evaluated, r.sines, r.cosines, d.circular) AS mean,
       r.min,
       r.max,
       r.first,
       r.last,
       r.good,
       r.not_evaluated,
       r.suspect,
       r.fail,
       r.missing,
       rollup_mean(COALESCE(r.total, 0) + COALESCE(r.total_suspect, 0), r.good + r.not_evaluated + r.suspect,
                   COALESCE(r.sines, 0) + COALESCE(r.sines_suspect, 0),
                   COALESCE(r.cosines, 0) + COALESCE(r.cosines_suspect, 0), d.circular) AS mean_with_suspect,
       rollup_coverage(r.good + r.not_evaluated, r.bucket, INTERVAL '1 hour', d.interval_s, now()) AS coverage,
       r.provenance
FROM rollup_hours r
JOIN datastream d ON d.id = r.datastream_id;

CREATE VIEW observation_1d AS
SELECT r.datastream_id,
       r.bucket,
       r.good + r.not_evaluated AS count,
       rollup_mean(r.total, r.good + r.not_evaluated, r.sines, r.cosines, d.circular) AS mean,
       r.min,
       r.max,
       r.first,
       r.last,
       r.good,
       r.not_evaluated,
       r.suspect,
       r.fail,
       r.missing,
       rollup_mean(COALESCE(r.total, 0) + COALESCE(r.total_suspect, 0), r.good + r.not_evaluated + r.suspect,
                   COALESCE(r.sines, 0) + COALESCE(r.sines_suspect, 0),
                   COALESCE(r.cosines, 0) + COALESCE(r.cosines_suspect, 0), d.circular) AS mean_with_suspect,
       rollup_coverage(r.good + r.not_evaluated, r.bucket, INTERVAL '1 day', d.interval_s, now()) AS coverage,
       r.provenance
FROM rollup_days r
JOIN datastream d ON d.id = r.datastream_id;

CREATE VIEW public_view.observation_1h AS
SELECT o.* FROM public.observation_1h o
WHERE o.datastream_id IN (SELECT id FROM public_view.datastream);

CREATE VIEW public_view.observation_1d AS
SELECT o.* FROM public.observation_1d o
WHERE o.datastream_id IN (SELECT id FROM public_view.datastream);

GRANT SELECT ON public_view.observation_1h, public_view.observation_1d TO hanoi_public;
