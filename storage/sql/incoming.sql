-- name: create_incoming
-- why: COPY can't skip duplicates; a batch that has some goes through this table, which never reaches the disk
CREATE TEMPORARY TABLE IF NOT EXISTS incoming (LIKE observation INCLUDING DEFAULTS) ON COMMIT DELETE ROWS;

-- name: clear_incoming
DELETE FROM incoming;

-- name: copy_observation
COPY observation (datastream_id, phenomenon_time, result_time, result, quality, provenance, input_provenance,
                  quality_reason, original, parameters) FROM STDIN (FORMAT binary);

-- name: copy_incoming
COPY incoming (datastream_id, phenomenon_time, result_time, result, quality, provenance, input_provenance,
               quality_reason, original, parameters) FROM STDIN (FORMAT binary);

-- name: copy_incoming_arrived
-- why: what arrived before now is not the later arrival
COPY incoming (datastream_id, phenomenon_time, result_time, result, quality, provenance, input_provenance,
               quality_reason, original, parameters, ingested_at) FROM STDIN (FORMAT binary);

-- name: known_results
-- why: what a key holds or held before; a batch that brings several results for it is folded into one beside these
SELECT o.datastream_id, o.phenomenon_time, o.result_time, o.result, true AS current
FROM unnest(%(datastream_ids)s::bigint[], %(phenomenon_times)s::timestamptz[]) AS k (datastream_id, phenomenon_time)
JOIN observation o ON o.datastream_id = k.datastream_id AND o.phenomenon_time = k.phenomenon_time
WHERE o.phenomenon_time BETWEEN %(first)s AND %(last)s
UNION ALL
SELECT s.datastream_id, s.phenomenon_time, s.result_time, s.result, false
FROM unnest(%(datastream_ids)s::bigint[], %(phenomenon_times)s::timestamptz[]) AS k (datastream_id, phenomenon_time)
JOIN observation_superseded s ON s.datastream_id = k.datastream_id AND s.phenomenon_time = k.phenomenon_time;

-- name: set_aside_incoming
INSERT INTO observation_superseded (datastream_id, phenomenon_time, result_time, ingested_at, result, quality,
                                    provenance, input_provenance, quality_reason, original, parameters)
SELECT datastream_id, phenomenon_time, result_time, ingested_at, result, quality, provenance, input_provenance,
       quality_reason, original, parameters
FROM incoming
ON CONFLICT DO NOTHING;

-- name: flag_known
-- why: a Thing may send a value again only to say that it was calibrating, or its sensor broken
UPDATE observation o SET (quality, quality_reason) = (i.quality, i.quality_reason)
FROM incoming i
WHERE o.datastream_id = i.datastream_id AND o.phenomenon_time = i.phenomenon_time
  AND (o.result_time, o.result) = (i.result_time, i.result) AND o.quality < i.quality
  AND o.phenomenon_time BETWEEN %(first)s AND %(last)s
RETURNING o.datastream_id, o.phenomenon_time;

-- name: insert_new
-- why: redelivered keys fall away here; what is left of a key that exists is sorted out by `correct`
INSERT INTO observation
SELECT * FROM incoming
ON CONFLICT (datastream_id, phenomenon_time) DO NOTHING
RETURNING datastream_id, phenomenon_time;

-- name: correct
-- why: decides, for each key that holds another (result_time, result), which of the two stays: the newest
--      result_time, at a tie the later arrival, unless the key held exactly this pair before (a redelivery).
--      The other one is kept in observation_superseded either way. What arrives now is the later arrival,
--      whatever the clock says; only of what arrived earlier the times are compared.
WITH contested AS MATERIALIZED (
    SELECT i.*, o.result_time AS held_result_time, o.ingested_at AS held_ingested_at, o.result AS held_result,
           o.quality AS held_quality, o.provenance AS held_provenance,
           o.input_provenance AS held_input_provenance, o.quality_reason AS held_quality_reason,
           o.original AS held_original, o.parameters AS held_parameters,
           i.result_time > o.result_time
           OR (i.result_time = o.result_time AND (NOT %(earlier)s OR i.ingested_at >= o.ingested_at)) AS wins
    FROM incoming i
    JOIN observation o ON o.datastream_id = i.datastream_id AND o.phenomenon_time = i.phenomenon_time
    WHERE (o.result_time, o.result) IS DISTINCT FROM (i.result_time, i.result)
      AND o.phenomenon_time BETWEEN %(first)s AND %(last)s
      AND NOT EXISTS (
        SELECT FROM observation_superseded s
        WHERE s.datastream_id = i.datastream_id AND s.phenomenon_time = i.phenomenon_time
          AND s.result_time = i.result_time AND s.result = i.result)
    FOR UPDATE OF o
), set_aside AS (
    INSERT INTO observation_superseded (datastream_id, phenomenon_time, result_time, ingested_at, result, quality,
                                        provenance, input_provenance, quality_reason, original, parameters)
    SELECT datastream_id, phenomenon_time, held_result_time, held_ingested_at, held_result, held_quality,
           held_provenance, held_input_provenance, held_quality_reason, held_original, held_parameters
    FROM contested WHERE wins
    UNION ALL
    SELECT datastream_id, phenomenon_time, result_time, ingested_at, result, quality, provenance,
           input_provenance, quality_reason, original, parameters
    FROM contested WHERE NOT wins
    ON CONFLICT DO NOTHING
), corrected AS (
    UPDATE observation o
    SET (result_time, ingested_at, result, quality, provenance, input_provenance, quality_reason, original,
         parameters)
        = (c.result_time, c.ingested_at, c.result, c.quality, c.provenance, c.input_provenance, c.quality_reason,
           c.original, c.parameters)
    FROM contested c
    WHERE c.wins
      AND o.datastream_id = c.datastream_id AND o.phenomenon_time = c.phenomenon_time
      AND o.phenomenon_time BETWEEN %(first)s AND %(last)s
    RETURNING o.datastream_id, o.phenomenon_time
)
SELECT datastream_id, phenomenon_time, true AS current FROM corrected
UNION ALL
SELECT datastream_id, phenomenon_time, false FROM contested WHERE NOT wins;

-- name: copy_change
-- why: the feed that pages, derived values and alerts follow, written like the values themselves: a batch may hold
--      100,000 keys
COPY observation_change (datastream_id, phenomenon_time) FROM STDIN (FORMAT binary);

-- name: announce
-- why: followers wake when the transaction commits
SELECT pg_notify('observation_change', '');

-- name: write_extent
INSERT INTO flood_extent (thing_id, phenomenon_time, features, provenance)
VALUES (%(thing_id)s, %(phenomenon_time)s, %(features)s, %(provenance)s)
ON CONFLICT (thing_id, phenomenon_time) DO UPDATE
SET (features, provenance, ingested_at) = (EXCLUDED.features, EXCLUDED.provenance, now());
