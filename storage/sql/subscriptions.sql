-- name: ask
-- why: the public role's one way in
SELECT public_view.ask_subscription(
    %(channel)s, %(address)s, %(p256dh)s, %(auth)s, %(language)s, %(thing_id)s, %(property)s, %(at_least)s,
    %(token_hash)s) AS answer;

-- name: held
SELECT id, channel, address, language, thing_id, property, at_least, asked_at, confirmed_at, told_at, own
FROM public_view.subscriptions_held(%(token_hash)s);

-- name: confirm
SELECT public_view.confirm_subscription(%(token_hash)s) AS confirmed;

-- name: delete
SELECT public_view.delete_subscriptions(%(token_hash)s, %(one)s) AS deleted;

-- name: watched
-- why: those that want to be told
SELECT s.id, s.thing_id, s.property, s.at_least, s.holds, s.told_at
FROM subscription s
WHERE s.confirmed_at IS NOT NULL
ORDER BY s.id;

-- name: readings
-- why: the newest value of each Datastream that somebody wants to be told of
SELECT d.thing_id, d.property, d.interval_s, t.domain, o.phenomenon_time, o.result, o.quality,
       o.provenance::text AS provenance, o.input_provenance::text AS input_provenance, h.expires_at
FROM (SELECT DISTINCT thing_id, property FROM subscription WHERE confirmed_at IS NOT NULL) w
JOIN datastream d ON (d.thing_id, d.property) = (w.thing_id, w.property)
JOIN thing t ON t.id = d.thing_id AND t.is_public AND t.retired_from IS NULL
CROSS JOIN LATERAL (
    SELECT phenomenon_time, result, quality, provenance, input_provenance
    FROM observation o WHERE o.datastream_id = d.id
    ORDER BY phenomenon_time DESC LIMIT 1
) o
LEFT JOIN manual_hold h ON (h.thing_id, h.property, h.phenomenon_time) = (d.thing_id, d.property, o.phenomenon_time);

-- name: mark
UPDATE subscription s SET (holds, told_at) = (m.holds, m.told_at)
FROM unnest(%(ids)s::bigint[], %(holds)s::boolean[], %(told_at)s::timestamptz[]) AS m (id, holds, told_at)
WHERE s.id = m.id;

-- name: put_news
-- why: an older one that nobody could send is replaced: what was so then is of no use
INSERT INTO subscription_message (subscription_id, kind, facts, created_at, next_attempt_at)
SELECT s.id, 'news', %(facts)s::jsonb, %(now)s, %(now)s FROM subscription s WHERE s.id = %(id)s
ON CONFLICT (subscription_id, kind) DO UPDATE
SET (key, facts, created_at, next_attempt_at, attempts, claimed_term)
    = (gen_random_uuid(), EXCLUDED.facts, EXCLUDED.created_at, EXCLUDED.next_attempt_at, 0, NULL);

-- name: claim
-- why: what is due, put off for as long as an attempt may take
WITH due AS (
    SELECT m.key FROM subscription_message m JOIN subscription s ON s.id = m.subscription_id
    WHERE m.next_attempt_at <= %(now)s AND s.channel = %(channel)s AND m.key <> ALL (%(under_way)s)
    ORDER BY m.kind = 'news' DESC, m.next_attempt_at
    LIMIT %(limit)s
    FOR UPDATE OF m
)
UPDATE subscription_message m
SET attempts = m.attempts + 1, next_attempt_at = %(retry_at)s, claimed_term = %(term)s
FROM due, subscription s LEFT JOIN thing t ON t.id = s.thing_id
WHERE m.key = due.key AND s.id = m.subscription_id
RETURNING m.key, m.kind, m.facts, m.attempts, m.created_at, s.id AS subscription_id, s.channel, s.address, s.p256dh,
          s.auth, s.language, s.thing_id, s.property, s.at_least, s.confirmed_at IS NOT NULL AS confirmed,
          COALESCE(t.domain, '') AS domain, COALESCE(t.name_vi, s.thing_id) AS name_vi,
          COALESCE(t.name_en, s.thing_id) AS name_en;

-- name: add_token
INSERT INTO subscription_token (token_hash, subscription_id, made_at)
SELECT %(token_hash)s, s.id, %(now)s FROM subscription s WHERE s.id = %(id)s;

-- name: take_over
-- why: who was sending these does not lead any more; whether they arrived nobody knows, and their key stays the same
UPDATE subscription_message SET next_attempt_at = %(now)s, claimed_term = NULL WHERE claimed_term < %(term)s;

-- name: finish
-- why: it was sent, or never will be
DELETE FROM subscription_message WHERE key = %(key)s;

-- name: put_off
UPDATE subscription_message SET next_attempt_at = %(retry_at)s, claimed_term = NULL WHERE key = %(key)s;

-- name: end
-- why: its address is no more
DELETE FROM subscription WHERE id = %(id)s;

-- name: forget_unconfirmed
DELETE FROM subscription WHERE confirmed_at IS NULL AND asked_at < %(before)s;

-- name: forget_old_messages
DELETE FROM subscription_message m USING subscription s
WHERE s.id = m.subscription_id
  AND m.created_at < CASE m.kind WHEN 'news' THEN %(news_before)s::timestamptz ELSE %(welcomes_before)s::timestamptz END
RETURNING s.channel;

-- name: forget_asked
DELETE FROM subscription_mail_asked WHERE asked_at < %(before)s;

-- name: forget_tokens
-- why: links of messages work for half a year, the newest as long as the subscription is there
DELETE FROM subscription_token k
WHERE k.made_at < %(before)s
  AND EXISTS (SELECT FROM subscription_token newer
              WHERE newer.subscription_id = k.subscription_id AND newer.made_at > k.made_at);
