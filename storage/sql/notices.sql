-- name: publish
INSERT INTO notice (kind, text_vi, text_en, wards, starts_at, ends_at, author, published_at, replaces)
VALUES (%(kind)s, %(text_vi)s, %(text_en)s, %(wards)s, %(starts_at)s, %(ends_at)s, %(author)s, %(now)s, %(replaces)s)
RETURNING id;

-- name: withdraw
-- why: one that is over already, by time or by somebody, is left as it is
UPDATE notice SET (withdrawn_at, withdrawn_by) = (%(now)s, %(actor)s)
WHERE id = %(notice_id)s AND withdrawn_at IS NULL AND ends_at > %(now)s;

-- name: shown
-- why: what citizens see now, the newest first
SELECT id, kind, text_vi, text_en, wards, starts_at, ends_at, published_at
FROM public_view.notice ORDER BY published_at DESC, id DESC;

-- name: open_notices
-- why: what holds now or will
SELECT id, kind, text_vi, text_en, wards, starts_at, ends_at, published_at, author, replaces, withdrawn_at, withdrawn_by
FROM notice WHERE withdrawn_at IS NULL AND ends_at > %(now)s ORDER BY starts_at, id;

-- name: past_notices
-- why: what is over, by time or by somebody, the newest first
SELECT id, kind, text_vi, text_en, wards, starts_at, ends_at, published_at, author, replaces, withdrawn_at, withdrawn_by
FROM notice WHERE withdrawn_at IS NOT NULL OR ends_at <= %(now)s
ORDER BY COALESCE(withdrawn_at, ends_at) DESC, id DESC LIMIT %(limit)s;
