-- name: found
-- why: each range of a Datastream costs one walk along its index, which ends after a page; the groups are cut to a page
--      after that. not_before is known to the planner, which leaves out the chunks before it
SELECT group_no, datastream_id, phenomenon_time, result_time, result, quality, quality_reason, provenance,
       input_provenance, parameters
FROM (
    SELECT r.group_no, o.*,
           row_number() OVER (PARTITION BY r.group_no ORDER BY {order}) AS place
    FROM unnest(%(groups)s::int[], %(datastream_ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
         AS r (group_no, datastream_id, range_start, range_end)
    CROSS JOIN LATERAL (
        SELECT o.datastream_id, o.phenomenon_time, o.result_time, o.result, o.quality, o.quality_reason, o.provenance,
               o.input_provenance, o.parameters
        FROM observation o
        WHERE o.datastream_id = r.datastream_id
          AND o.phenomenon_time >= r.range_start AND o.phenomenon_time < r.range_end
          AND o.phenomenon_time >= %(not_before)s::timestamptz
          AND {condition}
        ORDER BY {order}
        LIMIT %(last)s
    ) AS o
) AS ranked
WHERE place > %(skip)s AND place <= %(last)s
ORDER BY group_no, place;

-- name: counted
SELECT r.group_no, sum(o.n)::bigint AS n
FROM unnest(%(groups)s::int[], %(datastream_ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
     AS r (group_no, datastream_id, range_start, range_end)
CROSS JOIN LATERAL (
    SELECT count(*) AS n
    FROM observation o
    WHERE o.datastream_id = r.datastream_id
      AND o.phenomenon_time >= r.range_start AND o.phenomenon_time < r.range_end
      AND {condition}
) AS o
GROUP BY r.group_no;

-- name: limit_time
-- why: for this transaction only
SELECT set_config('statement_timeout', %(milliseconds)s, true);
