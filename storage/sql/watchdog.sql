-- name: create
-- why: SQLite, a file of the watchdog's own: it counts while the product's database is away
CREATE TABLE IF NOT EXISTS canary (
    heartbeat   INTEGER PRIMARY KEY,
    due_at      REAL NOT NULL,
    sent        INTEGER NOT NULL,
    returned_at REAL
) STRICT;
CREATE TABLE IF NOT EXISTS day (
    day     TEXT PRIMARY KEY,
    due     INTEGER NOT NULL,
    in_time INTEGER NOT NULL,
    late    INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS unwatched (
    began REAL NOT NULL,
    ended REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS memo (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- name: publish
INSERT INTO canary (heartbeat, due_at, sent) VALUES (:heartbeat, :due_at, :sent);

-- name: returned
-- why: the engine tells of the newest of a round; those before it came by the same way
UPDATE canary SET returned_at = :at
WHERE heartbeat <= :heartbeat AND sent AND returned_at IS NULL;

-- name: waits
SELECT due_at FROM canary WHERE heartbeat = :heartbeat AND sent AND returned_at IS NULL;

-- name: missed
-- why: of a time, those that did not come through in time
SELECT count(*) FROM canary
WHERE due_at >= :began AND due_at < :ended
  AND (returned_at IS NULL OR returned_at - due_at > :in_time_s);

-- name: newest
SELECT max(heartbeat) FROM canary;

-- name: canaries
-- why: Hanoi has no summer time, so its days are those of a fixed offset
SELECT date(due_at + 7 * 3600, 'unixepoch') AS day,
       count(*) AS due,
       coalesce(sum(returned_at - due_at <= :in_time_s), 0) AS in_time,
       coalesce(sum(returned_at - due_at > :in_time_s), 0) AS late
FROM canary
WHERE returned_at IS NOT NULL OR due_at < :judged_before
GROUP BY 1;

-- name: days
SELECT day, due, in_time, late FROM day;

-- name: fold
-- why: a day that is over is four numbers
INSERT INTO day (day, due, in_time, late)
SELECT date(due_at + 7 * 3600, 'unixepoch'), count(*),
       coalesce(sum(returned_at - due_at <= :in_time_s), 0), coalesce(sum(returned_at - due_at > :in_time_s), 0)
FROM canary
WHERE due_at < :before
GROUP BY 1
ON CONFLICT (day) DO UPDATE SET
    due = due + excluded.due, in_time = in_time + excluded.in_time, late = late + excluded.late;

-- name: forget
DELETE FROM canary WHERE due_at < :before;

-- name: did_not_watch
INSERT INTO unwatched (began, ended) VALUES (:began, :ended);

-- name: unwatched
SELECT began, ended FROM unwatched ORDER BY began;

-- name: remember
INSERT INTO memo (key, value) VALUES (:key, :value)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: recall
SELECT value FROM memo WHERE key = :key;
