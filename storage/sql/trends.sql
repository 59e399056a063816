-- name: extremes
-- why: the lowest and the highest of many Datastreams in each step of time, what a sparkline needs of them
SELECT time_bucket(%(step)s, phenomenon_time) AS step, min(result) AS low, max(result) AS high
FROM observation
WHERE datastream_id = ANY(%(datastream_ids)s) AND phenomenon_time >= %(start)s AND phenomenon_time < %(end)s
  AND quality < 3
GROUP BY step ORDER BY step;

-- name: share
-- why: yes/no values are sent on change, so a step has the last value of each Datastream that is not too old;
--      averaging what arrived in the step would count only those that changed
SELECT step, avg(held.result) AS share
FROM generate_series(%(start)s::timestamptz, %(end)s::timestamptz, %(step)s::interval) AS step
CROSS JOIN unnest(%(datastream_ids)s::bigint[]) AS d (id)
CROSS JOIN LATERAL (
    SELECT o.result FROM observation o
    WHERE o.datastream_id = d.id AND o.phenomenon_time <= step AND o.phenomenon_time > step - %(holds)s::interval
      AND o.quality < 3
    ORDER BY o.phenomenon_time DESC LIMIT 1
) AS held
GROUP BY step ORDER BY step;
