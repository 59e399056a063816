-- name: first_raw
-- why: where an export without a beginning begins; a lateral, since the only index has the Datastream first
SELECT min(o.phenomenon_time) AS first
FROM unnest(%(datastream_ids)s::bigint[]) AS d (id)
CROSS JOIN LATERAL (
    SELECT phenomenon_time FROM observation o WHERE o.datastream_id = d.id ORDER BY phenomenon_time LIMIT 1
) o;

-- name: first_rolled_up
-- why: rollups outlive raw values
SELECT min(bucket) AS first FROM observation_1d WHERE datastream_id = ANY (%(datastream_ids)s);

-- name: raw
-- why: the rows of an export as CSV, which Parquet and GeoJSON are made from too. When `safe`, times have a T and a Z
--      (the session's zone is UTC) and no text begins as a formula does. The texts of a Datastream are made once and
--      not for each of its values; to_char would take a third longer.
COPY (
    WITH named AS MATERIALIZED (
        SELECT d.id,
               CASE WHEN %(safe)s AND t.id ~ '^[-=+@]' THEN '''' || t.id ELSE t.id END AS thing,
               CASE WHEN %(safe)s AND t.domain ~ '^[-=+@]' THEN '''' || t.domain ELSE t.domain END AS domain,
               CASE WHEN %(safe)s AND d.property ~ '^[-=+@]' THEN '''' || d.property ELSE d.property END AS property,
               CASE WHEN %(safe)s AND d.unit ~ '^[-=+@\t\r]' THEN '''' || d.unit ELSE d.unit END AS unit
        FROM datastream d JOIN thing t ON t.id = d.thing_id
        WHERE d.id = ANY (%(datastream_ids)s::bigint[])
    )
    SELECT n.thing, n.domain, n.property, n.unit,
           CASE WHEN %(safe)s THEN replace(replace(o.phenomenon_time::text, ' ', 'T'), '+00', 'Z')
                ELSE o.phenomenon_time::text END,
           CASE WHEN %(safe)s THEN replace(replace(o.result_time::text, ' ', 'T'), '+00', 'Z')
                ELSE o.result_time::text END,
           o.result, o.quality,
           CASE WHEN %(safe)s AND o.quality_reason ~ '^[-=+@\t\r]' THEN '''' || o.quality_reason
                ELSE o.quality_reason END,
           o.provenance, o.input_provenance, o.parameters
    FROM observation o JOIN named n ON n.id = o.datastream_id
    WHERE o.datastream_id = ANY (%(datastream_ids)s::bigint[])
      AND o.phenomenon_time >= %(start)s AND o.phenomenon_time < %(end)s
      AND (%(qualities)s::smallint[] IS NULL OR o.quality = ANY (%(qualities)s::smallint[]))
    ORDER BY o.datastream_id, o.phenomenon_time
) TO STDOUT (FORMAT csv);

-- name: hourly
COPY (
    WITH named AS MATERIALIZED (
        SELECT d.id,
               CASE WHEN %(safe)s AND t.id ~ '^[-=+@]' THEN '''' || t.id ELSE t.id END AS thing,
               CASE WHEN %(safe)s AND t.domain ~ '^[-=+@]' THEN '''' || t.domain ELSE t.domain END AS domain,
               CASE WHEN %(safe)s AND d.property ~ '^[-=+@]' THEN '''' || d.property ELSE d.property END AS property,
               CASE WHEN %(safe)s AND d.unit ~ '^[-=+@\t\r]' THEN '''' || d.unit ELSE d.unit END AS unit
        FROM datastream d JOIN thing t ON t.id = d.thing_id
        WHERE d.id = ANY (%(datastream_ids)s::bigint[])
    )
    SELECT n.thing, n.domain, n.property, n.unit,
           CASE WHEN %(safe)s THEN replace(replace(r.bucket::text, ' ', 'T'), '+00', 'Z')
                ELSE r.bucket::text END,
           r.count, r.mean, r.min, r.max, r.first, r.last, r.good, r.not_evaluated, r.suspect, r.fail, r.missing,
           r.mean_with_suspect, r.coverage, r.provenance
    FROM observation_1h r
    JOIN named n ON n.id = r.datastream_id
    WHERE r.datastream_id = ANY (%(datastream_ids)s::bigint[]) AND r.bucket >= %(start)s AND r.bucket < %(end)s
    ORDER BY r.datastream_id, r.bucket
) TO STDOUT (FORMAT csv);

-- name: daily
COPY (
    WITH named AS MATERIALIZED (
        SELECT d.id,
               CASE WHEN %(safe)s AND t.id ~ '^[-=+@]' THEN '''' || t.id ELSE t.id END AS thing,
               CASE WHEN %(safe)s AND t.domain ~ '^[-=+@]' THEN '''' || t.domain ELSE t.domain END AS domain,
               CASE WHEN %(safe)s AND d.property ~ '^[-=+@]' THEN '''' || d.property ELSE d.property END AS property,
               CASE WHEN %(safe)s AND d.unit ~ '^[-=+@\t\r]' THEN '''' || d.unit ELSE d.unit END AS unit
        FROM datastream d JOIN thing t ON t.id = d.thing_id
        WHERE d.id = ANY (%(datastream_ids)s::bigint[])
    )
    SELECT n.thing, n.domain, n.property, n.unit,
           CASE WHEN %(safe)s THEN replace(replace(r.bucket::text, ' ', 'T'), '+00', 'Z')
                ELSE r.bucket::text END,
           r.count, r.mean, r.min, r.max, r.first, r.last, r.good, r.not_evaluated, r.suspect, r.fail, r.missing,
           r.mean_with_suspect, r.coverage, r.provenance
    FROM observation_1d r
    JOIN named n ON n.id = r.datastream_id
    WHERE r.datastream_id = ANY (%(datastream_ids)s::bigint[]) AND r.bucket >= %(start)s AND r.bucket < %(end)s
    ORDER BY r.datastream_id, r.bucket
) TO STDOUT (FORMAT csv);
