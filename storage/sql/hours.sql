-- name: means
-- why: indicators count an hour to its end, so the boundary value belongs to the hour before it; suspect and failed
--      values do not enter an index
SELECT datastream_id,
       time_bucket('1 hour', phenomenon_time - INTERVAL '1 microsecond') + INTERVAL '1 hour' AS label,
       avg(result) AS mean,
       count(*) AS count,
       array_agg(DISTINCT COALESCE(input_provenance, provenance)::text) AS provenances
FROM observation
WHERE datastream_id = ANY(%(datastream_ids)s)
  AND phenomenon_time > %(first)s::timestamptz - INTERVAL '1 hour' AND phenomenon_time <= %(last)s
  AND quality < 3
GROUP BY 1, 2;
