-- name: newest_extents
-- why: asked every second by each page's process; a lateral costs one step in the index for each Thing, however many
--      extents there are
SELECT t.id AS thing_id, e.*
FROM thing t
CROSS JOIN LATERAL (
    SELECT phenomenon_time, features, provenance
    FROM flood_extent e WHERE e.thing_id = t.id
    ORDER BY phenomenon_time DESC LIMIT 1
) e
ORDER BY t.id;

-- name: raw
-- why: one page of a Datastream's values, oldest first
SELECT phenomenon_time, result_time, result, quality, quality_reason, provenance, input_provenance, parameters
FROM observation
WHERE datastream_id = %(datastream_id)s AND phenomenon_time >= %(start)s AND phenomenon_time < %(end)s
  AND (%(qualities)s::smallint[] IS NULL OR quality = ANY (%(qualities)s))
ORDER BY phenomenon_time
LIMIT %(limit)s;

-- name: hourly
-- why: a bucket without a usable value is a gap; observation_1h has it, with what it counted
SELECT bucket, count, mean, min, max, first, last, good, not_evaluated, suspect, fail, missing, mean_with_suspect,
       coverage, provenance
FROM observation_1h
WHERE datastream_id = %(datastream_id)s AND bucket >= %(start)s AND bucket < %(end)s AND count > 0
ORDER BY bucket
LIMIT %(limit)s;

-- name: daily
SELECT bucket, count, mean, min, max, first, last, good, not_evaluated, suspect, fail, missing, mean_with_suspect,
       coverage, provenance
FROM observation_1d
WHERE datastream_id = %(datastream_id)s AND bucket >= %(start)s AND bucket < %(end)s AND count > 0
ORDER BY bucket
LIMIT %(limit)s;

-- name: newest
-- why: what a page shows when it starts; a lateral so that each Datastream costs one step in its index
SELECT d.id AS datastream_id, o.*
FROM datastream d
CROSS JOIN LATERAL (
    SELECT phenomenon_time, result_time, result, quality, quality_reason, provenance, input_provenance, parameters
    FROM observation o WHERE o.datastream_id = d.id
    ORDER BY phenomenon_time DESC LIMIT 1
) o;

-- name: latest
-- why: what is known now of some Things; the newest chunk answers for each Datastream that was heard of late
SELECT t.id AS thing_id, t.domain, d.property, d.id AS datastream_id, o.*
FROM thing t
JOIN datastream d ON d.thing_id = t.id
CROSS JOIN LATERAL (
    SELECT phenomenon_time, result_time, ingested_at, result, quality, quality_reason, provenance, input_provenance
    FROM observation o WHERE o.datastream_id = d.id
    ORDER BY phenomenon_time DESC LIMIT 1
) o
WHERE t.id = ANY (%(thing_ids)s)
ORDER BY t.id, d.property;

-- name: values_at
-- why: the values behind a change; the bounds let the planner leave out the chunks that can't hold them
SELECT d.thing_id, t.domain, d.property, d.id AS datastream_id, o.phenomenon_time, o.result_time, o.ingested_at,
       o.result, o.quality, o.quality_reason, o.provenance, o.input_provenance
FROM unnest(%(datastream_ids)s::bigint[], %(phenomenon_times)s::timestamptz[]) AS k (datastream_id, phenomenon_time)
JOIN observation o ON o.datastream_id = k.datastream_id AND o.phenomenon_time = k.phenomenon_time
JOIN datastream d ON d.id = k.datastream_id
JOIN thing t ON t.id = d.thing_id
WHERE o.phenomenon_time BETWEEN %(first)s AND %(last)s
ORDER BY o.phenomenon_time;

-- name: between
-- why: the values of several Datastreams of one span, for indicators and alert evaluation
SELECT datastream_id, phenomenon_time, result_time, result, quality, quality_reason, provenance, input_provenance,
       parameters
FROM observation
WHERE datastream_id = ANY(%(datastream_ids)s) AND phenomenon_time >= %(start)s AND phenomenon_time < %(end)s
ORDER BY datastream_id, phenomenon_time;
