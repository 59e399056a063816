-- The rollup contract: same columns and numbers in both TimescaleDB editions, the unclosed bucket included.
-- `coverage` is the share of the expected reports that arrived; values marked fail or missing do not count.

CREATE VIEW observation_1h AS
SELECT o.datastream_id,
       time_bucket('1 hour', o.phenomenon_time) AS bucket,
       count(*) AS count,
       avg(o.result) AS mean,
       min(o.result) AS min,
       max(o.result) AS max,
       first(o.result, o.phenomenon_time) AS first,
       last(o.result, o.phenomenon_time) AS last
FROM observation o
WHERE o.quality < 4
GROUP BY o.datastream_id, time_bucket('1 hour', o.phenomenon_time);

CREATE VIEW observation_1d AS
SELECT o.datastream_id,
       time_bucket('1 day', o.phenomenon_time, 'Asia/Ho_Chi_Minh') AS bucket,
       count(*) AS count,
       avg(o.result) AS mean,
       min(o.result) AS min,
       max(o.result) AS max,
       first(o.result, o.phenomenon_time) AS first,
       last(o.result, o.phenomenon_time) AS last
FROM observation o
WHERE o.quality < 4
GROUP BY o.datastream_id, time_bucket('1 day', o.phenomenon_time, 'Asia/Ho_Chi_Minh');
