-- name: add
-- why: none of a Thing that is not there or belongs to another domain
INSERT INTO annotation (domain, thing_id, text, starts_at, ends_at, author, written_at)
SELECT %(domain)s, %(thing_id)s::text, %(text)s, %(starts_at)s, %(ends_at)s::timestamptz, %(author)s, %(now)s
WHERE %(thing_id)s::text IS NULL OR EXISTS (SELECT FROM thing WHERE id = %(thing_id)s AND domain = %(domain)s)
RETURNING id;

-- name: withdraw
-- why: of two who withdraw at the same moment one does; one of another domain is not meant
INSERT INTO annotation_withdrawal (annotation_id, withdrawn_by, withdrawn_at)
SELECT id, %(actor)s, %(now)s FROM annotation WHERE id = %(annotation_id)s AND domain = ANY (%(domains)s)
ON CONFLICT (annotation_id) DO NOTHING;

-- name: of_domains
-- why: those withdrawn too; the newest of the span first
SELECT a.id, a.domain, a.thing_id, a.text, a.starts_at, a.ends_at, a.author, a.written_at, w.withdrawn_by, w.withdrawn_at
FROM annotation a LEFT JOIN annotation_withdrawal w ON w.annotation_id = a.id
WHERE a.domain = ANY (%(domains)s) AND a.starts_at < %(end)s AND coalesce(a.ends_at, a.starts_at) >= %(start)s
ORDER BY a.starts_at DESC, a.id DESC
LIMIT %(limit)s;

-- name: withdrawn_from
SELECT domain, thing_id FROM annotation WHERE id = %(annotation_id)s;
