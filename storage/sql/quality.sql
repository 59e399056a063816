-- name: stretches
-- why: the values around what changed, of many Datastreams at once; the bounds let the planner leave out the chunks
--      that can't hold any
SELECT asked.number, o.phenomenon_time, o.result_time, o.result, o.quality, o.quality_reason, o.provenance::text
FROM unnest(%(datastream_ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
     WITH ORDINALITY AS asked (datastream_id, start_time, end_time, number)
CROSS JOIN LATERAL (
    SELECT * FROM observation o
    WHERE o.datastream_id = asked.datastream_id AND o.phenomenon_time BETWEEN asked.start_time AND asked.end_time
      AND o.phenomenon_time BETWEEN %(first)s AND %(last)s
) AS o
ORDER BY asked.number, o.phenomenon_time;

-- name: judge
-- why: a check says what it thinks of a value that it saw: one that was corrected meanwhile has to be looked at anew.
--      The followers of the feed are told; no row where nothing changed
WITH judged AS (
    UPDATE observation o
    SET (quality, quality_reason) = (asked.quality, asked.quality_reason)
    FROM unnest(%(datastream_ids)s::bigint[], %(phenomenon_times)s::timestamptz[], %(result_times)s::timestamptz[],
                %(results)s::float8[], %(seen_reasons)s::text[], %(qualities)s::smallint[],
                %(quality_reasons)s::text[])
         AS asked (datastream_id, phenomenon_time, result_time, result, seen_reason, quality, quality_reason)
    WHERE o.datastream_id = asked.datastream_id AND o.phenomenon_time = asked.phenomenon_time
      AND o.result_time = asked.result_time AND o.result = asked.result
      AND o.quality_reason IS NOT DISTINCT FROM asked.seen_reason
      AND o.phenomenon_time BETWEEN %(first)s AND %(last)s
    RETURNING o.datastream_id, o.phenomenon_time
), told AS (
    INSERT INTO observation_change (datastream_id, phenomenon_time)
    SELECT array_agg(datastream_id), array_agg(phenomenon_time) FROM judged HAVING count(*) > 0
    RETURNING xid::text AS xid, id, pg_notify('observation_change', '')
)
SELECT xid, id FROM told;
