-- name: create_archived
-- why: rows of files, beside the ones that the database has; they never reach the disk
CREATE TEMPORARY TABLE IF NOT EXISTS archived (
    thing text NOT NULL, property text NOT NULL, unit text NOT NULL, phenomenon_time timestamptz NOT NULL,
    result_time timestamptz NOT NULL, ingested_at timestamptz NOT NULL, result double precision NOT NULL,
    quality smallint NOT NULL, quality_reason text, provenance provenance NOT NULL, input_provenance provenance,
    original double precision, parameters jsonb
) ON COMMIT DELETE ROWS;

-- name: create_archived_superseded
CREATE TEMPORARY TABLE IF NOT EXISTS archived_superseded (
    LIKE archived, superseded_at timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

-- name: clear_archived
TRUNCATE archived, archived_superseded;

-- name: copy_archived
COPY archived FROM STDIN (FORMAT csv);

-- name: copy_archived_superseded
COPY archived_superseded FROM STDIN (FORMAT csv);

-- name: leave_out_of_archived
-- why: only a part of a day was asked for
DELETE FROM archived WHERE phenomenon_time < %(start)s OR phenomenon_time >= %(end)s;

-- name: leave_out_of_archived_superseded
DELETE FROM archived_superseded WHERE phenomenon_time < %(start)s OR phenomenon_time >= %(end)s;

-- name: analyze_archived
-- why: a temporary table has no statistics until somebody asks, and the joins below are of millions of rows
ANALYZE archived, archived_superseded;

-- name: first_of_domain
SELECT min(o.phenomenon_time) AS first
FROM datastream d
JOIN thing t ON t.id = d.thing_id
CROSS JOIN LATERAL (
    SELECT phenomenon_time FROM observation o WHERE o.datastream_id = d.id ORDER BY phenomenon_time LIMIT 1
) o
WHERE t.domain = %(domain)s;

-- name: domains
SELECT DISTINCT t.domain FROM thing t JOIN datastream d ON d.thing_id = t.id ORDER BY t.domain;

-- name: count_rows
-- why: how many values of a domain a span has; what an archive would take
SELECT count(*) AS rows
FROM observation o
JOIN datastream d ON d.id = o.datastream_id
JOIN thing t ON t.id = d.thing_id
WHERE t.domain = %(domain)s AND o.phenomenon_time >= %(start)s AND o.phenomenon_time < %(end)s;

-- name: rows
-- why: what the archive shall have of a day: the values of the database, and those of the file that is there already
--      and of which the database has nothing, or something older (it was set back)
COPY (
    SELECT d.thing_id AS thing, d.property, d.unit, o.phenomenon_time, o.result_time, o.ingested_at, o.result,
           o.quality, o.quality_reason, o.provenance, o.input_provenance, o.original, o.parameters
    FROM observation o
    JOIN datastream d ON d.id = o.datastream_id
    JOIN thing t ON t.id = d.thing_id
    WHERE t.domain = %(domain)s AND o.phenomenon_time >= %(start)s AND o.phenomenon_time < %(end)s
      AND NOT EXISTS (
        SELECT FROM archived a
        WHERE a.thing = d.thing_id AND a.property = d.property AND a.phenomenon_time = o.phenomenon_time
          AND (a.result_time, a.ingested_at) > (o.result_time, o.ingested_at))
    UNION ALL
    SELECT a.thing, a.property, a.unit, a.phenomenon_time, a.result_time, a.ingested_at, a.result, a.quality,
           a.quality_reason, a.provenance, a.input_provenance, a.original, a.parameters
    FROM archived a
    WHERE NOT EXISTS (
        SELECT FROM datastream d
        JOIN observation o ON o.datastream_id = d.id
        WHERE d.thing_id = a.thing AND d.property = a.property AND o.phenomenon_time = a.phenomenon_time
          AND o.phenomenon_time >= %(start)s AND o.phenomenon_time < %(end)s
          AND (o.result_time, o.ingested_at) >= (a.result_time, a.ingested_at))
    ORDER BY 1, 2, 4
) TO STDOUT (FORMAT csv);

-- name: superseded_rows
-- why: the values that were replaced, those of the file, and whichever of the two lost in `rows`
COPY (
    SELECT DISTINCT ON (thing, property, phenomenon_time, result_time, result) *
    FROM (
        SELECT d.thing_id AS thing, d.property, d.unit, s.phenomenon_time, s.result_time, s.ingested_at, s.result,
               s.quality, s.quality_reason, s.provenance, s.input_provenance, s.original, s.parameters,
               s.superseded_at
        FROM observation_superseded s
        JOIN datastream d ON d.id = s.datastream_id
        JOIN thing t ON t.id = d.thing_id
        WHERE t.domain = %(domain)s AND s.phenomenon_time >= %(start)s AND s.phenomenon_time < %(end)s
        UNION ALL
        SELECT * FROM archived_superseded
        UNION ALL
        SELECT a.thing, a.property, a.unit, lost.phenomenon_time, lost.result_time, lost.ingested_at, lost.result,
               lost.quality, lost.quality_reason, lost.provenance, lost.input_provenance, lost.original,
               lost.parameters, now()
        FROM archived a
        JOIN datastream d ON d.thing_id = a.thing AND d.property = a.property
        JOIN observation o ON o.datastream_id = d.id AND o.phenomenon_time = a.phenomenon_time
        CROSS JOIN LATERAL (
            SELECT o.phenomenon_time, o.result_time, o.ingested_at, o.result, o.quality, o.quality_reason,
                   o.provenance, o.input_provenance, o.original, o.parameters
            WHERE (a.result_time, a.ingested_at) > (o.result_time, o.ingested_at)
            UNION ALL
            SELECT a.phenomenon_time, a.result_time, a.ingested_at, a.result, a.quality, a.quality_reason,
                   a.provenance, a.input_provenance, a.original, a.parameters
            WHERE (a.result_time, a.ingested_at) <= (o.result_time, o.ingested_at)
        ) lost
        WHERE o.phenomenon_time >= %(start)s AND o.phenomenon_time < %(end)s
          AND (o.result_time, o.result) IS DISTINCT FROM (a.result_time, a.result)
    ) every
    ORDER BY thing, property, phenomenon_time, result_time, result, superseded_at
) TO STDOUT (FORMAT csv);

-- name: unknown_datastreams
-- why: what the archive has values of and this database no Datastream, or one in another unit
SELECT DISTINCT a.thing, a.property, a.unit, t.domain, d.unit AS held_unit
FROM (SELECT thing, property, unit FROM archived UNION SELECT thing, property, unit FROM archived_superseded) a
LEFT JOIN thing t ON t.id = a.thing
LEFT JOIN datastream d ON d.thing_id = a.thing AND d.property = a.property
WHERE d.id IS NULL OR d.unit <> a.unit
ORDER BY a.thing, a.property;

-- name: restore_new
INSERT INTO observation (datastream_id, phenomenon_time, result_time, ingested_at, result, quality, quality_reason,
                         provenance, input_provenance, original, parameters)
SELECT d.id, a.phenomenon_time, a.result_time, a.ingested_at, a.result, a.quality, a.quality_reason, a.provenance,
       a.input_provenance, a.original, a.parameters
FROM archived a
JOIN datastream d ON d.thing_id = a.thing AND d.property = a.property
ON CONFLICT (datastream_id, phenomenon_time) DO NOTHING;

-- name: restore_contested
-- why: promise 2: of two values of a key the newest result_time stays and the other one is set aside. At a tie what the
--      database has stays, unless it arrived before: whatever was corrected or computed anew since is the newer one.
WITH contested AS MATERIALIZED (
    SELECT d.id AS datastream_id, a.*, o.result_time AS held_result_time, o.ingested_at AS held_ingested_at,
           o.result AS held_result, o.quality AS held_quality, o.quality_reason AS held_quality_reason,
           o.provenance AS held_provenance, o.input_provenance AS held_input_provenance,
           o.original AS held_original, o.parameters AS held_parameters,
           (a.result_time, a.ingested_at) > (o.result_time, o.ingested_at) AS wins
    FROM archived a
    JOIN datastream d ON d.thing_id = a.thing AND d.property = a.property
    JOIN observation o ON o.datastream_id = d.id AND o.phenomenon_time = a.phenomenon_time
    WHERE o.phenomenon_time >= %(start)s AND o.phenomenon_time < %(end)s
      AND (o.result_time, o.result) IS DISTINCT FROM (a.result_time, a.result)
      AND NOT EXISTS (
        SELECT FROM observation_superseded s
        WHERE s.datastream_id = d.id AND s.phenomenon_time = a.phenomenon_time
          AND s.result_time = a.result_time AND s.result = a.result)
    FOR UPDATE OF o
), set_aside AS (
    INSERT INTO observation_superseded (datastream_id, phenomenon_time, result_time, ingested_at, result, quality,
                                        quality_reason, provenance, input_provenance, original, parameters)
    SELECT datastream_id, phenomenon_time, held_result_time, held_ingested_at, held_result, held_quality,
           held_quality_reason, held_provenance, held_input_provenance, held_original, held_parameters
    FROM contested WHERE wins
    UNION ALL
    SELECT datastream_id, phenomenon_time, result_time, ingested_at, result, quality, quality_reason, provenance,
           input_provenance, original, parameters
    FROM contested WHERE NOT wins
    ON CONFLICT DO NOTHING
)
UPDATE observation o
SET (result_time, ingested_at, result, quality, quality_reason, provenance, input_provenance, original, parameters)
    = (c.result_time, c.ingested_at, c.result, c.quality, c.quality_reason, c.provenance, c.input_provenance,
       c.original, c.parameters)
FROM contested c
WHERE c.wins AND o.datastream_id = c.datastream_id AND o.phenomenon_time = c.phenomenon_time
  AND o.phenomenon_time >= %(start)s AND o.phenomenon_time < %(end)s;

-- name: restore_superseded
INSERT INTO observation_superseded (datastream_id, phenomenon_time, result_time, ingested_at, result, quality,
                                    quality_reason, provenance, input_provenance, original, parameters,
                                    superseded_at)
SELECT d.id, a.phenomenon_time, a.result_time, a.ingested_at, a.result, a.quality, a.quality_reason, a.provenance,
       a.input_provenance, a.original, a.parameters, a.superseded_at
FROM archived_superseded a
JOIN datastream d ON d.thing_id = a.thing AND d.property = a.property
ON CONFLICT DO NOTHING;

-- name: names
-- why: the Things and domains of Datastreams
SELECT d.id, d.thing_id, t.domain FROM datastream d JOIN thing t ON t.id = d.thing_id
WHERE d.id = ANY (%(datastream_ids)s);

-- name: lacking
-- why: whether the files that were brought lack anything of what the database has, before that is deleted
SELECT EXISTS (
    SELECT FROM observation o
    JOIN datastream d ON d.id = o.datastream_id
    WHERE o.datastream_id = ANY (%(datastream_ids)s)
      AND o.phenomenon_time >= %(start)s AND o.phenomenon_time < %(end)s
      AND NOT EXISTS (
        SELECT FROM archived a
        WHERE a.thing = d.thing_id AND a.property = d.property AND a.phenomenon_time = o.phenomenon_time
          AND (a.result_time, a.ingested_at, a.result, a.quality, a.provenance)
              = (o.result_time, o.ingested_at, o.result, o.quality, o.provenance)
          AND (a.quality_reason, a.input_provenance, a.original, a.parameters)
              IS NOT DISTINCT FROM (o.quality_reason, o.input_provenance, o.original, o.parameters))
) OR EXISTS (
    SELECT FROM observation_superseded s
    JOIN datastream d ON d.id = s.datastream_id
    WHERE s.datastream_id = ANY (%(datastream_ids)s)
      AND s.phenomenon_time >= %(start)s AND s.phenomenon_time < %(end)s
      AND NOT EXISTS (
        SELECT FROM archived_superseded a
        WHERE a.thing = d.thing_id AND a.property = d.property AND a.phenomenon_time = s.phenomenon_time
          AND (a.result_time, a.result) = (s.result_time, s.result))
) AS lacking;

-- name: now
SELECT now() AS now;
