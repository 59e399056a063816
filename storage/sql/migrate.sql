-- name: timescaledb_available
-- why: a plain PostgreSQL must fail here, with a message, and not at the first hypertable
SELECT default_version FROM pg_available_extensions WHERE name = 'timescaledb';

-- name: create_ledger
CREATE TABLE IF NOT EXISTS schema_migration (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: read_ledger
SELECT version, checksum, applied_at FROM schema_migration ORDER BY version;

-- name: write_ledger
INSERT INTO schema_migration (version, name, checksum) VALUES (%s, %s, %s);
