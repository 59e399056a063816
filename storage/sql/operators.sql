-- name: save_operator
-- why: adds an account or sets its password and role anew; a disabled one is enabled again
INSERT INTO operator (name, role, password_hash, created_at, password_changed_at)
VALUES (%(name)s, %(role)s, %(password_hash)s, %(now)s, %(now)s)
ON CONFLICT (name) DO UPDATE SET
    (role, password_hash, password_changed_at, disabled_at) = (EXCLUDED.role, EXCLUDED.password_hash,
     EXCLUDED.password_changed_at, NULL);

-- name: save_from_elsewhere
INSERT INTO operator (name, role, issuer, subject, created_at)
VALUES (%(name)s, %(role)s, %(issuer)s, %(subject)s, %(now)s)
ON CONFLICT (issuer, subject) DO UPDATE SET (name, role) = (EXCLUDED.name, EXCLUDED.role);

-- name: find_from_elsewhere
SELECT id, name, role, password_hash, created_at, password_changed_at, disabled_at, issuer, subject
FROM operator WHERE issuer = %(issuer)s AND subject = %(subject)s;

-- name: lock_accounts
LOCK TABLE operator IN SHARE ROW EXCLUSIVE MODE;

-- name: change_role
UPDATE operator SET role = %(role)s WHERE name = %(name)s;

-- name: enable_operator
UPDATE operator SET disabled_at = NULL WHERE name = %(name)s AND disabled_at IS NOT NULL;

-- name: find_operator
SELECT id, name, role, password_hash, created_at, password_changed_at, disabled_at, issuer, subject
FROM operator WHERE name = %(name)s;

-- name: all_operators
SELECT id, name, role, password_hash, created_at, password_changed_at, disabled_at, issuer, subject
FROM operator ORDER BY name;

-- name: disable_operator
UPDATE operator SET disabled_at = %(now)s WHERE name = %(name)s AND disabled_at IS NULL;

-- name: open_session
INSERT INTO operator_session (token_hash, operator_id, created_at, last_seen_at, expires_at, address)
VALUES (%(token_hash)s, %(operator_id)s, %(now)s, %(now)s, %(expires_at)s, %(address)s);

-- name: open_sessions
SELECT s.id, s.token_hash, o.name AS operator, s.created_at, s.last_seen_at, s.expires_at, s.address
FROM operator_session s JOIN operator o ON o.id = s.operator_id
WHERE s.revoked_at IS NULL AND o.disabled_at IS NULL AND s.expires_at > %(now)s AND s.last_seen_at > %(idle_since)s
  AND (%(name)s::text IS NULL OR o.name = %(name)s)
ORDER BY s.created_at DESC, s.id DESC;

-- name: end_session
UPDATE operator_session s SET revoked_at = %(now)s
FROM operator o WHERE o.id = s.operator_id AND s.id = %(session_id)s AND o.name = %(name)s AND s.revoked_at IS NULL;

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
SELECT id, at, actor, action, subject, detail, source FROM operator_audit ORDER BY id DESC LIMIT %(limit)s;

-- name: find_audited
-- why: the newest first, whatever is asked for; each page goes on before the last that was shown
SELECT id, at, actor, action, subject, detail, source FROM operator_audit
WHERE (%(actor)s::text IS NULL OR actor = %(actor)s)
  AND (%(action)s::text IS NULL OR action = %(action)s)
  AND (%(subject)s::text IS NULL OR subject = %(subject)s)
  AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
  AND (%(before_id)s::bigint IS NULL OR id < %(before_id)s)
ORDER BY id DESC LIMIT %(limit)s;
