-- name: save_operator
-- why: adds an account or sets its password and role anew; a disabled one is enabled again
INSERT INTO operator (name, role, password_hash, created_at, password_changed_at)
VALUES (%(name)s, %(role)s, %(password_hash)s, %(now)s, %(now)s)
ON CONFLICT (name) DO UPDATE SET
    (role, password_hash, password_changed_at, disabled_at) = (EXCLUDED.role, EXCLUDED.password_hash,
     EXCLUDED.password_changed_at, NULL);

-- name: find_operator
SELECT id, name, role, password_hash, created_at, password_changed_at, disabled_at
FROM operator WHERE name = %(name)s;

-- name: all_operators
SELECT id, name, role, password_hash, created_at, password_changed_at, disabled_at FROM operator ORDER BY name;

-- name: disable_operator
UPDATE operator SET disabled_at = %(now)s WHERE name = %(name)s AND disabled_at IS NULL;

-- name: open_session
INSERT INTO operator_session (token_hash, operator_id, created_at, last_seen_at, expires_at)
VALUES (%(token_hash)s, %(operator_id)s, %(now)s, %(now)s, %(expires_at)s);

-- name: find_session
-- why: a session counts until it is revoked, too old, idle for too long, or its operator is disabled
SELECT s.token_hash, s.created_at, s.last_seen_at, s.expires_at, o.name, o.role
FROM operator_session s JOIN operator o ON o.id = s.operator_id
WHERE s.token_hash = %(token_hash)s AND s.revoked_at IS NULL AND o.disabled_at IS NULL
  AND s.expires_at > %(now)s AND s.last_seen_at > %(idle_since)s;

-- name: touch_session
UPDATE operator_session SET last_seen_at = %(now)s WHERE token_hash = %(token_hash)s;

-- name: revoke_session
UPDATE operator_session SET revoked_at = %(now)s WHERE token_hash = %(token_hash)s AND revoked_at IS NULL;

-- name: revoke_sessions_of
UPDATE operator_session s SET revoked_at = %(now)s
FROM operator o WHERE o.id = s.operator_id AND o.name = %(name)s AND s.revoked_at IS NULL;

-- name: forget_sessions
-- why: ended sessions are of no use, the audit says who was in; called at each login
DELETE FROM operator_session WHERE expires_at < %(before)s OR revoked_at < %(before)s;

-- name: record
INSERT INTO operator_audit (at, actor, action, subject, detail, source)
VALUES (%(at)s, %(actor)s, %(action)s, %(subject)s, %(detail)s, %(source)s);

-- name: audit_trail
SELECT at, actor, action, subject, detail, source FROM operator_audit ORDER BY id DESC LIMIT %(limit)s;
