-- name: runs
-- why: whether a number goes on with a count, fills a gap of it or begins another depends on the last few counts,
--      and of these only on where they end and what they hold between the numbers that are asked about
SELECT run.thing_id, run.started_at, lower(run.received) AS first, upper(run.received) AS "end",
       run.received * int8multirange(int8range(asked.lowest, asked.highest, '[]')) AS received
FROM unnest(%(thing_ids)s::text[], %(lowest)s::bigint[], %(highest)s::bigint[]) AS asked (thing_id, lowest, highest)
CROSS JOIN LATERAL (
    SELECT s.thing_id, s.started_at, s.received, s.updated_at FROM thing_sequence s
    WHERE s.thing_id = asked.thing_id
    ORDER BY s.updated_at DESC, s.started_at DESC LIMIT %(limit)s
) AS run
ORDER BY run.thing_id, run.updated_at DESC, run.started_at DESC;

-- name: lock_things
-- why: of two workers that begin a Thing's count at once, the second must see the first one's
SELECT pg_advisory_xact_lock(hashtextextended('sequence/' || thing_id, 0)) FROM unnest(%(thing_ids)s::text[]) AS thing_id;

-- name: add
-- why: the union is made here and not by the reader of `runs`, so that two writers can't undo each other;
--      in order of the key, so that they can't block each other either
INSERT INTO thing_sequence (thing_id, started_at, received, updated_at)
SELECT thing_id, started_at, received::int8multirange, %(received_at)s
FROM unnest(%(thing_ids)s::text[], %(started_ats)s::timestamptz[], %(received)s::text[])
     AS added (thing_id, started_at, received)
ORDER BY thing_id, started_at
ON CONFLICT (thing_id, started_at) DO UPDATE
SET received = thing_sequence.received + EXCLUDED.received,
    updated_at = greatest(thing_sequence.updated_at, EXCLUDED.updated_at);

-- name: loss
-- why: of each Thing the count that was heard last; what an earlier one lost is over
WITH running AS (
    SELECT DISTINCT ON (thing_id) thing_id, started_at, received
    FROM thing_sequence ORDER BY thing_id, updated_at DESC, started_at DESC
)
SELECT running.thing_id, thing.domain, upper(received) - lower(received) AS expected,
       upper(received) - lower(received) - held.numbers AS missing, started_at AS since
FROM running
JOIN thing ON thing.id = running.thing_id AND thing.retired_from IS NULL
CROSS JOIN LATERAL (
    SELECT sum(upper(part) - lower(part))::bigint AS numbers FROM unnest(received) AS part
) AS held
ORDER BY missing DESC, expected DESC, thing_id;
