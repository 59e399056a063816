-- name: revise
-- why: what we compute ourselves is computed anew whatever its result_time, and only where the row still is the one
--      that was looked at; the old value is kept like any that is superseded, and the followers of the feed are told
WITH held AS MATERIALIZED (
    SELECT o.*, asked.new_result, asked.new_quality, asked.new_quality_reason, asked.new_input_provenance,
           asked.new_original, asked.new_parameters, asked.new_result_time
    FROM unnest(%(datastream_ids)s::bigint[], %(phenomenon_times)s::timestamptz[], %(seen_result_times)s::timestamptz[],
                %(seen_results)s::float8[], %(results)s::float8[], %(qualities)s::smallint[],
                %(quality_reasons)s::text[], %(input_provenances)s::provenance[], %(originals)s::float8[],
                %(parameters)s::jsonb[], %(result_times)s::timestamptz[])
         AS asked (datastream_id, phenomenon_time, seen_result_time, seen_result, new_result, new_quality,
                   new_quality_reason, new_input_provenance, new_original, new_parameters, new_result_time)
    JOIN observation o ON o.datastream_id = asked.datastream_id AND o.phenomenon_time = asked.phenomenon_time
    WHERE o.result_time = asked.seen_result_time AND o.result = asked.seen_result
      AND o.phenomenon_time BETWEEN %(first)s AND %(last)s
    ORDER BY o.datastream_id, o.phenomenon_time
    FOR UPDATE OF o
), set_aside AS (
    INSERT INTO observation_superseded (datastream_id, phenomenon_time, result_time, ingested_at, result, quality,
                                        provenance, input_provenance, quality_reason, original, parameters)
    SELECT datastream_id, phenomenon_time, result_time, ingested_at, result, quality, provenance, input_provenance,
           quality_reason, original, parameters
    FROM held
    ON CONFLICT DO NOTHING
), revised AS (
    UPDATE observation o
    SET (ingested_at, result_time, result, quality, quality_reason, input_provenance, original, parameters)
        = (now(), COALESCE(held.new_result_time, held.result_time), held.new_result, held.new_quality,
           held.new_quality_reason, held.new_input_provenance, held.new_original, held.new_parameters)
    FROM held
    WHERE o.datastream_id = held.datastream_id AND o.phenomenon_time = held.phenomenon_time
      AND o.phenomenon_time BETWEEN %(first)s AND %(last)s
    RETURNING o.datastream_id, o.phenomenon_time
), told AS (
    INSERT INTO observation_change (datastream_id, phenomenon_time)
    SELECT array_agg(datastream_id), array_agg(phenomenon_time) FROM revised HAVING count(*) > 0
    RETURNING pg_notify('observation_change', '')
)
SELECT (SELECT count(*) FROM revised) AS revised, (SELECT count(*) FROM told) AS told;

-- name: calibratable
-- why: one page of what a Datastream's Thing sent, whatever calibration made of it, by time
SELECT datastream_id, phenomenon_time, result_time, result, quality, quality_reason, provenance, input_provenance,
       original, parameters
FROM observation
WHERE datastream_id = %(datastream_id)s AND phenomenon_time >= %(start)s AND phenomenon_time < %(end)s
  AND provenance NOT IN ('derived', 'forecast')
ORDER BY phenomenon_time
LIMIT %(limit)s;

-- name: calibrated_datastreams
-- why: Datastreams that some calibration holds or once held for, even one that is no longer in the inventory
SELECT DISTINCT datastream_id FROM observation
WHERE original IS NOT NULL AND phenomenon_time >= %(start)s AND phenomenon_time < %(end)s;
