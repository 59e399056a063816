-- name: mark
-- why: asked once a second: whether anything was changed since. Nothing is deleted, so that each count only grows
SELECT (SELECT count(*) FROM roster_file) AS file,
       (SELECT count(*) FROM roster_cover) AS cover,
       (SELECT count(*) FROM roster_cover WHERE removed_at IS NOT NULL) AS removed;

-- name: newest_files
SELECT DISTINCT ON (roster) id, roster, version, content, reason, author, made_at
FROM roster_file ORDER BY roster, version DESC;

-- name: covers
SELECT id, roster, absent, person, starts_at, ends_at, reason, author, made_at
FROM roster_cover WHERE removed_at IS NULL AND ends_at > %(since)s ORDER BY starts_at, id;

-- name: lock_roster
-- why: two who change the same roster do it one after the other
SELECT pg_advisory_xact_lock(hashtextextended('roster_file ' || %(roster)s, 0));

-- name: version_of
SELECT coalesce(max(version), 0) AS version FROM roster_file WHERE roster = %(roster)s;

-- name: insert_file
INSERT INTO roster_file (roster, version, content, reason, author, made_at)
VALUES (%(roster)s, %(version)s, %(content)s, %(reason)s, %(author)s, %(now)s);

-- name: insert_cover
INSERT INTO roster_cover (roster, absent, person, starts_at, ends_at, reason, author, made_at)
VALUES (%(roster)s, %(absent)s, %(person)s, %(starts_at)s, %(ends_at)s, %(reason)s, %(author)s, %(now)s)
RETURNING id;

-- name: remove_cover
UPDATE roster_cover SET removed_at = %(now)s, removed_by = %(actor)s
WHERE id = %(cover_id)s AND removed_at IS NULL AND ends_at > %(now)s;
