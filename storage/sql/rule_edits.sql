-- name: edits_made
-- why: asked once a second: whether anything was edited since. Not the newest id: one that commits late may be smaller
SELECT count(*) AS made FROM rule_edit;

-- name: newest_edits
-- why: the last versions of every rule, so that one that does not load leaves the one before in force
SELECT e.id, e.key, e.version, e.document, e.enabled, e.reason, e.author, e.made_at
FROM (SELECT r.*, row_number() OVER (PARTITION BY r.key ORDER BY r.version DESC) AS place FROM rule_edit r) e
WHERE e.place <= %(kept)s
ORDER BY e.key, e.version DESC;

-- name: edits_of
SELECT id, key, version, document, enabled, reason, author, made_at
FROM rule_edit WHERE key = %(key)s ORDER BY version DESC LIMIT %(limit)s;

-- name: lock_key
-- why: two who save the same rule do it one after the other, also where there is no version yet
SELECT pg_advisory_xact_lock(hashtextextended('rule_edit ' || %(key)s, 0));

-- name: version_of
SELECT coalesce(max(version), 0) AS version FROM rule_edit WHERE key = %(key)s;

-- name: insert_edit
INSERT INTO rule_edit (key, version, document, enabled, reason, author, made_at)
VALUES (%(key)s, %(version)s, %(document)s, %(enabled)s, %(reason)s, %(author)s, %(now)s);

-- name: in_force
-- why: what the engine has put in force, for pages
SELECT key, digest, version, since FROM alert_rule;

-- name: fired_since
-- why: how often each rule fired; alerts that later values said never were are not counted
SELECT rule, count(*) AS fired, max(firing_since) AS last_at
FROM alert WHERE firing_since >= %(since)s AND withdrawn_at IS NULL
GROUP BY rule;
