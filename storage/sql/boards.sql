-- name: add
-- why: nobody fills the lists of all: past so many of one owner there is no row
INSERT INTO board (owner, title, shared, panels, created_at, changed_at, changed_by)
SELECT %(actor)s, %(title)s, %(shared)s, %(panels)s, %(now)s, %(now)s, %(actor)s
WHERE (SELECT count(*) FROM board WHERE owner = %(actor)s AND retired_at IS NULL) < %(most)s
RETURNING id;

-- name: one
SELECT id, owner, title, shared, panels, version, created_at, changed_at, changed_by
FROM board WHERE id = %(board_id)s AND retired_at IS NULL;

-- name: one_held
-- why: of two who change it at the same moment one waits
SELECT id, owner, title, shared, panels, version, created_at, changed_at, changed_by
FROM board WHERE id = %(board_id)s AND retired_at IS NULL FOR UPDATE;

-- name: listed
-- why: one's own, and what others share, the last changed first
SELECT id, owner, title, shared, panels, version, created_at, changed_at, changed_by
FROM board WHERE retired_at IS NULL AND (owner = %(owner)s OR shared)
ORDER BY owner = %(owner)s DESC, changed_at DESC, id DESC
LIMIT %(limit)s;

-- name: save
UPDATE board SET (title, shared, panels, version, changed_at, changed_by)
    = (%(title)s, %(shared)s, %(panels)s, version + 1, %(now)s, %(actor)s)
WHERE id = %(board_id)s
RETURNING version;

-- name: retire
UPDATE board SET (retired_at, retired_by) = (%(now)s, %(actor)s) WHERE id = %(board_id)s;
