-- name: lock
-- why: waits for every transaction that began with `require`
SELECT term FROM alert_leader FOR UPDATE;

-- name: take_over
INSERT INTO alert_leader (term, holder, heartbeat_at) VALUES (1, %(holder)s, clock_timestamp())
ON CONFLICT (only_one) DO UPDATE
SET (term, holder, heartbeat_at) = (alert_leader.term + 1, EXCLUDED.holder, clock_timestamp())
RETURNING term;

-- name: require
-- why: fences; the weakest lock, which only `lock` waits for: the heartbeat and other transactions of the leader go on
SELECT term FROM alert_leader WHERE term = %(term)s FOR KEY SHARE;

-- name: beat
UPDATE alert_leader SET heartbeat_at = clock_timestamp() WHERE term = %(term)s;

-- name: current
SELECT term, holder, heartbeat_at, extract(epoch FROM clock_timestamp() - heartbeat_at)::float8 AS silent_s
FROM alert_leader;

-- name: depose
SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
WHERE application_name = %(session)s AND pid <> pg_backend_pid() AND datname = current_database();
