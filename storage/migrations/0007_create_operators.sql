-- Operators of the control room: their accounts, their sessions, and a record that only grows.

CREATE TABLE operator (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    role                text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    password_hash       text NOT NULL,
    created_at          timestamptz NOT NULL,
    password_changed_at timestamptz NOT NULL,
    disabled_at         timestamptz
);

-- The cookie's token is not here, only its SHA-256: who reads this table can't enter.
CREATE TABLE operator_session (
    token_hash   bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    operator_id  bigint NOT NULL REFERENCES operator,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz
);
CREATE INDEX operator_session_operator ON operator_session (operator_id) WHERE revoked_at IS NULL;

-- Who did what to whom, when and from where. `actor` is a name and no reference: it outlives the account.
CREATE TABLE operator_audit (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    action  text NOT NULL,
    subject text NOT NULL,
    detail  jsonb NOT NULL DEFAULT '{}',
    source  text NOT NULL
);
CREATE INDEX operator_audit_at ON operator_audit (at DESC);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER operator_audit_only_grows BEFORE UPDATE OR DELETE ON operator_audit
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER operator_audit_is_not_emptied BEFORE TRUNCATE ON operator_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
