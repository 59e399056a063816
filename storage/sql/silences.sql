-- name: add
INSERT INTO silence (kind, matchers, starts_at, ends_at, author, reason, created_at)
VALUES (%(kind)s, %(matchers)s, %(starts_at)s, %(ends_at)s, %(author)s, %(reason)s, %(now)s)
RETURNING id;

-- name: end
-- why: one that is over already, by time or by somebody, is left as it is
UPDATE silence SET (ended_at, ended_by) = (%(now)s, %(actor)s)
WHERE id = %(silence_id)s AND ended_at IS NULL AND ends_at > %(now)s;

-- name: active
SELECT id, kind, matchers, starts_at, ends_at, author, reason, created_at, ended_at, ended_by
FROM silence WHERE ended_at IS NULL AND ends_at > %(now)s AND starts_at <= %(now)s
ORDER BY id;

-- name: coming
-- why: what mutes or will
SELECT id, kind, matchers, starts_at, ends_at, author, reason, created_at, ended_at, ended_by
FROM silence WHERE ended_at IS NULL AND ends_at > %(now)s
ORDER BY starts_at, id;

-- name: all_silences
SELECT id, kind, matchers, starts_at, ends_at, author, reason, created_at, ended_at, ended_by
FROM silence ORDER BY id DESC LIMIT %(limit)s;

-- name: firing_labels
-- why: which alerts a new silence mutes
SELECT id, labels FROM alert WHERE state = 'firing';

-- name: note_on_alert
INSERT INTO alert_event (alert_id, at, kind, actor, detail)
VALUES (%(alert_id)s, %(now)s, 'silenced', %(author)s, %(detail)s);
