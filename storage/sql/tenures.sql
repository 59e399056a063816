-- name: all_tenures
SELECT id, filter, worker, offered, held, since, released, until, dropped, closed FROM ingest_tenure ORDER BY id;

-- name: tenures_of
SELECT id, filter, worker, offered, held, since, released, until, dropped, closed FROM ingest_tenure
WHERE worker = %(worker)s AND NOT dropped ORDER BY id;

-- name: seen
INSERT INTO ingest_worker (worker, seen_at) VALUES (%(worker)s, %(now)s)
ON CONFLICT (worker) DO UPDATE SET seen_at = EXCLUDED.seen_at
RETURNING xmax <> 0 AS known;

-- name: gone
DELETE FROM ingest_worker WHERE worker = %(worker)s;

-- name: unseen
SELECT worker, seen_at FROM ingest_worker WHERE seen_at < %(before)s ORDER BY worker;

-- name: ask
-- why: one tenure of a filter at a time; who comes second asks again when the first is over
INSERT INTO ingest_tenure (filter, worker)
SELECT filter, %(worker)s FROM unnest(%(filters)s::text[]) AS filter ORDER BY filter
ON CONFLICT (filter) WHERE NOT dropped DO NOTHING;

-- name: withdraw
DELETE FROM ingest_tenure WHERE id = ANY(%(ids)s::bigint[]) AND offered IS NULL;

-- name: hold
UPDATE ingest_tenure SET held = true WHERE id = ANY(%(ids)s::bigint[]);

-- name: release
UPDATE ingest_tenure SET released = true WHERE id = ANY(%(ids)s::bigint[]);

-- name: drop
UPDATE ingest_tenure SET dropped = true WHERE id = ANY(%(ids)s::bigint[]);

-- name: last_identifier
SELECT last FROM ingest_identifier;

-- name: next_identifier
INSERT INTO ingest_identifier (last) VALUES (%(least)s)
ON CONFLICT (single) DO UPDATE SET last = greatest(ingest_identifier.last + 1, EXCLUDED.last)
RETURNING last;

-- name: settle
-- why: worker 1's part of a step; each tenure takes the one that is next for it
UPDATE ingest_tenure SET
    offered = CASE WHEN id = ANY(%(offered)s::bigint[]) THEN %(identifier)s ELSE offered END,
    since = CASE WHEN id = ANY(%(since)s::bigint[]) THEN %(identifier)s ELSE since END,
    until = CASE WHEN id = ANY(%(until)s::bigint[]) THEN %(identifier)s ELSE until END,
    closed = CASE WHEN id = ANY(%(closed)s::bigint[]) THEN %(identifier)s ELSE closed END,
    closed_at = CASE WHEN id = ANY(%(closed)s::bigint[]) THEN %(now)s ELSE closed_at END
WHERE id = ANY(%(offered)s::bigint[] || %(since)s::bigint[] || %(until)s::bigint[] || %(closed)s::bigint[]);

-- name: void
-- why: the broker has no session of this worker any more: worker 1 handles what it still has
DELETE FROM ingest_tenure WHERE worker = %(worker)s;

-- name: forget
-- why: what is in worker 1's session is younger than the session lives
DELETE FROM ingest_tenure WHERE closed_at < %(before)s;
