-- name: newest
-- why: the last sum of each kind, however old, and the one that ended so much before it: two that join make a longer one
SELECT d.thing_id, d.property, o.phenomenon_time, o.result, o.quality, o.coverage, o.provenance,
       before.result AS before_result, (before.parameters ->> 'coverage')::float8 AS before_coverage,
       GREATEST(before.provenance, before.input_provenance) AS before_provenance
FROM datastream d
CROSS JOIN LATERAL (
    SELECT phenomenon_time, result, quality, (parameters ->> 'coverage')::float8 AS coverage,
           GREATEST(provenance, input_provenance) AS provenance
    FROM observation
    WHERE datastream_id = d.id AND phenomenon_time <= %(until)s AND quality < 9
    ORDER BY phenomenon_time DESC LIMIT 1
) o
LEFT JOIN observation before
       ON before.datastream_id = d.id AND before.phenomenon_time = o.phenomenon_time - %(before)s AND before.quality < 9
WHERE d.thing_id = ANY (%(thing_ids)s) AND d.property = ANY (%(properties)s)
ORDER BY d.thing_id, d.property;
