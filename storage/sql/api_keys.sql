-- name: add
-- why: a name is taken for ever, also by a revoked key, so that its numbers stay whose they were
INSERT INTO api_key (name, key_hash, contact, per_minute, per_day, created_at, created_by, expires_at)
VALUES (%(name)s, %(key_hash)s, %(contact)s, %(per_minute)s, %(per_day)s, %(now)s, %(actor)s, %(expires_at)s)
ON CONFLICT (name) DO NOTHING;

-- name: revoke
UPDATE api_key SET (revoked_at, revoked_by) = (%(now)s, %(actor)s) WHERE name = %(name)s AND revoked_at IS NULL;

-- name: find
SELECT name, contact, per_minute, per_day, created_at, created_by, expires_at, revoked_at, revoked_by,
       0::bigint AS today, 0::bigint AS in_30_days, 0::bigint AS refused_in_30_days
FROM api_key WHERE name = %(name)s;

-- name: all_keys
SELECT k.name, k.contact, k.per_minute, k.per_day, k.created_at, k.created_by, k.expires_at, k.revoked_at, k.revoked_by,
       COALESCE(sum(u.requests) FILTER (WHERE u.day = %(day)s), 0)::bigint AS today,
       COALESCE(sum(u.requests), 0)::bigint AS in_30_days, COALESCE(sum(u.refused), 0)::bigint AS refused_in_30_days
FROM api_key k LEFT JOIN api_key_use u ON u.api_key_id = k.id AND u.day > %(day)s::date - 30
GROUP BY k.id ORDER BY k.name;

-- name: valid
-- why: what the public process keeps in memory, with what was counted of today by any process before
SELECT id, key_hash, per_minute, per_day, expires_at, day, requests FROM public_view.api_key;

-- name: count_use
SELECT public_view.count_api_use(%(key_id)s, %(day)s, %(requests)s, %(refused)s);
