-- name: values
-- why: what a derivation computes from, of many Datastreams and spans at once; the bounds let the planner leave out the
--      chunks that can't hold any
SELECT o.datastream_id, o.phenomenon_time, o.result, o.quality, COALESCE(o.input_provenance, o.provenance)::text
FROM unnest(%(datastream_ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
     AS asked (datastream_id, start_time, end_time)
CROSS JOIN LATERAL (
    SELECT * FROM observation o
    WHERE o.datastream_id = asked.datastream_id AND o.phenomenon_time BETWEEN asked.start_time AND asked.end_time
      AND o.phenomenon_time BETWEEN %(first)s AND %(last)s
) AS o;

-- name: means
-- why: indicators count an hour to its end, so the boundary value belongs to the hour before it; suspect and failed
--      values do not enter an index. Sums of doubles depend on the order of their terms, sums of numeric do not
SELECT asked.datastream_id, hour.label,
       CASE WHEN d.circular THEN mod(degrees(atan2(hour.east, hour.north))::numeric + 360, 360)::float8
            ELSE hour.mean END,
       hour.count, hour.provenance::text
FROM unnest(%(datastream_ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
     AS asked (datastream_id, start_time, end_time)
JOIN datastream d ON d.id = asked.datastream_id
CROSS JOIN LATERAL (
    SELECT time_bucket('1 hour', o.phenomenon_time - INTERVAL '1 microsecond') + INTERVAL '1 hour' AS label,
           avg(o.result::numeric)::float8 AS mean,
           avg(CASE WHEN d.circular THEN sind(o.result)::numeric END)::float8 AS east,
           avg(CASE WHEN d.circular THEN cosd(o.result)::numeric END)::float8 AS north,
           count(*) AS count,
           max(COALESCE(o.input_provenance, o.provenance)) AS provenance
    FROM observation o
    WHERE o.datastream_id = asked.datastream_id
      AND o.phenomenon_time > asked.start_time - INTERVAL '1 hour' AND o.phenomenon_time <= asked.end_time
      AND o.phenomenon_time > %(first)s::timestamptz - INTERVAL '1 hour' AND o.phenomenon_time <= %(last)s
      AND o.quality < 3
    GROUP BY 1
) AS hour;
