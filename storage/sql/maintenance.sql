-- name: add
-- why: none of a Thing that is not there
INSERT INTO maintenance_note (thing_id, kind, text, starts_at, ends_at, author, written_at)
SELECT id, %(kind)s, %(text)s, %(starts_at)s, %(ends_at)s::timestamptz, %(author)s, %(now)s
FROM thing WHERE id = %(thing_id)s
RETURNING id;

-- name: withdraw
-- why: of two who withdraw at the same moment one does; a note of another Thing is not meant
INSERT INTO maintenance_withdrawal (note_id, withdrawn_by, withdrawn_at)
SELECT id, %(actor)s, %(now)s FROM maintenance_note WHERE id = %(note_id)s AND thing_id = %(thing_id)s
ON CONFLICT (note_id) DO NOTHING;

-- name: of_thing
SELECT n.id, n.thing_id, n.kind, n.text, n.starts_at, n.ends_at, n.author, n.written_at, w.withdrawn_by, w.withdrawn_at
FROM maintenance_note n LEFT JOIN maintenance_withdrawal w ON w.note_id = n.id
WHERE n.thing_id = %(thing_id)s
ORDER BY n.starts_at DESC, n.id DESC
LIMIT %(limit)s;

-- name: between
-- why: the marks of a chart; what was withdrawn did not happen
SELECT n.id, n.thing_id, n.kind, n.text, n.starts_at, n.ends_at, n.author, n.written_at,
       NULL AS withdrawn_by, NULL AS withdrawn_at
FROM maintenance_note n
WHERE n.thing_id = %(thing_id)s AND n.starts_at < %(end)s AND coalesce(n.ends_at, n.starts_at) >= %(start)s
  AND NOT EXISTS (SELECT FROM maintenance_withdrawal w WHERE w.note_id = n.id)
ORDER BY n.starts_at, n.id;
