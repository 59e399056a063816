-- name: extremes
-- why: the lowest and the highest of many Datastreams in each step of time, what a sparkline needs of them
SELECT time_bucket(%(step)s, phenomenon_time) AS step, min(result) AS low, max(result) AS high
FROM observation
WHERE datastream_id = ANY(%(datastream_ids)s) AND phenomenon_time >= %(start)s AND phenomenon_time < %(end)s
  AND quality < 3
GROUP BY step ORDER BY step;

-- name: held
-- why: the lowest and the highest of what many Datastreams stood at at a moment, each with its last value that was not too old
SELECT held.at, min(held.result) AS low, max(held.result) AS high
FROM (
    SELECT moment.at, o.result
    FROM unnest(%(moments)s::timestamptz[]) AS moment (at)
    CROSS JOIN unnest(%(datastream_ids)s::bigint[]) AS d (id)
    CROSS JOIN LATERAL (
        SELECT o.result, o.quality FROM observation o
        WHERE o.datastream_id = d.id AND o.phenomenon_time <= moment.at
          AND o.phenomenon_time > moment.at - %(holds)s::interval
          AND o.phenomenon_time > %(first)s - %(holds)s::interval AND o.phenomenon_time <= %(last)s
        ORDER BY o.phenomenon_time DESC LIMIT 1
    ) AS o
    WHERE o.quality < 3
) AS held
GROUP BY held.at ORDER BY held.at;

-- name: share
-- why: yes/no values are sent on change, so a step has the last value of each Datastream that is not too old;
--      averaging what arrived in the step would count only those that changed. Each value is read once and holds until
--      the next: to look for it at each step would be thousands of searches through all chunks
SELECT step, avg(held.result) AS share
FROM (
    SELECT o.phenomenon_time AS since, o.result,
           LEAST(lead(o.phenomenon_time) OVER (PARTITION BY o.datastream_id ORDER BY o.phenomenon_time),
                 o.phenomenon_time + %(holds)s::interval) AS until
    FROM observation o
    WHERE o.datastream_id = ANY(%(datastream_ids)s) AND o.phenomenon_time > %(start)s::timestamptz - %(holds)s::interval
      AND o.phenomenon_time <= %(end)s::timestamptz AND o.quality < 3
) AS held
JOIN generate_series(%(start)s::timestamptz, %(end)s::timestamptz, %(step)s::interval) AS step
  ON step >= held.since AND step < held.until
GROUP BY step ORDER BY step;
